//! What is around every page: landmarks, the organization's name, help, and the choice of a language.
//!
//! A page gives its own `h1`. Nothing takes the focus by itself but the summary of errors.

use std::time::Duration;

use maud::{DOCTYPE, Markup, html};

use super::parts;
use crate::web::{LocalPath, Visit};

/// A whole document. Its title is the page's name and whose page it is; `head` is what this page alone has in its head.
pub(crate) fn document(visit: &Visit, title: &str, head: &Markup, content: &Markup) -> Markup {
    let assets = &visit.portal.assets;
    let organization = visit.say_organization();
    html! {
        (DOCTYPE)
        html lang=(visit.language.tag) dir=(visit.say("text-direction")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="color-scheme" content="light dark";
                title { (title) " – " (organization) }
                @for path in assets.styles() { link rel="stylesheet" href=(path); }
                @if let Some(icon) = assets.logo() { link rel="icon" href=(icon); } @else { link rel="icon" href="data:,"; }
                script src=(assets.path("portal.js")) defer {}
                (head)
            }
            body {
                a class="skip" href="#main" { (visit.say("skip-to-content")) }
                header class="top" {
                    a class="home" href="/" {
                        @if let Some(logo) = assets.logo() { img class="logo" src=(logo) alt=(organization); }
                        @else { (organization) }
                    }
                }
                main id="main" tabindex="-1" { (content) }
                (foot(visit))
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
        form method="post" action=(action) novalidate {
            input type="hidden" name="form_token" value=(visit.form_token().expose());
            (content)
        }
    }
}

fn foot(visit: &Visit) -> Markup {
    let support = &visit.portal.config.support;
    html! {
        footer class="foot" {
            @if !support.is_empty() {
                p { (visit.say("help-before-contact")) " " (parts::contact(support)) }
            }
            // What answers a form may be shown only once: there is no coming back to it in another language.
            @if let Some(here) = &visit.here {
                (form(visit, "/language", &languages(visit, here)))
            }
        }
    }
}

/// Every language, by its own name and in its own pronunciation.
fn languages(visit: &Visit, here: &str) -> Markup {
    let current = &visit.language.tag;
    html! {
        input type="hidden" name="back" value=(LocalPath::from(here.to_owned()).as_str());
        div class="languages" role="group" aria-label=(visit.say("language")) {
            @for language in visit.portal.words.languages() {
                button class="plain" name="language" value=(language.tag) lang=(language.tag)
                    aria-current=[(language.tag == *current).then_some("true")] { (language.own_name()) }
            }
        }
    }
}
