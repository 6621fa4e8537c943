//! What is around every page.

use std::time::Duration;

use maud::{DOCTYPE, Markup, html};

use crate::web::Visit;

/// A whole document. `head` is what this page alone has in its head.
pub(crate) fn document(visit: &Visit, title: &str, head: &Markup, content: &Markup) -> Markup {
    let assets = &visit.portal.assets;
    let organization = &visit.portal.config.organization;
    html! {
        (DOCTYPE)
        html lang=(visit.language.tag) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) @if !organization.is_empty() { " – " (organization) } }
                link rel="stylesheet" href=(assets.path("portal.css"));
                script src=(assets.path("portal.js")) defer {}
                (head)
            }
            body {
                a class="skip" href="#main" { (visit.say("skip-to-content")) }
                header { span class="organization" { (organization) } }
                main id="main" tabindex="-1" { (content) }
            }
        }
    }
}

/// For a head: without script, the page goes to this path of the portal by itself after a few seconds. Only for pages
/// on which nothing is typed.
pub(crate) fn go_on(path: &str, after: Duration) -> Markup {
    html! { noscript { meta http-equiv="refresh" content=(format!("{};url={path}", after.as_secs())); } }
}

/// A form that this browser may send. `action` is a path of the portal.
pub(crate) fn form(visit: &Visit, action: &str, content: &Markup) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="form_token" value=(visit.form_token().expose());
            (content)
        }
    }
}
