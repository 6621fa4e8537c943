//! `/case/codes`: new recovery codes, to be saved.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::html;

use super::stand::{Stand, Way};
use super::{Elsewhere, Nothing};
use crate::pages::parts::{self, Tone};
use crate::pages::shell;
use crate::secret::Secret;
use crate::web::keepsakes::Kind;
use crate::web::{Form, Page, Visit};

pub(super) async fn show(visit: Visit) -> Result<Page, Elsewhere> {
    let stand = Stand::of(visit).await?;
    match stand.codes() {
        Some(codes) => Ok(page(&stand, &codes)),
        None => Ok(stand.visit.go_to("/case/finish")),
    }
}

/// The person has them: they are shown no more.
pub(super) async fn saved(visit: Visit, Form(Nothing {}): Form<Nothing>) -> Result<Page, Elsewhere> {
    let stand = Stand::of(visit).await?;
    stand.forget(Kind::Codes);
    Ok(stand.visit.go_to(if matches!(stand.way, Way::There(_)) { "/case/continue" } else { "/case/finish" }))
}

pub(super) fn page(stand: &Stand, codes: &[Secret]) -> Page {
    let visit = &stand.visit;
    let title = visit.say("codes-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("codes-why")) }
        (parts::notice(Tone::Warning, &html! { p { (visit.say("codes-once")) } }))
        ul class="codes" { @for code in codes { li { code { (code.expose()) } } } }
        p {
            a class="button" href=(file(stand, codes)) download=(visit.say("codes-file")) { (visit.say("codes-download")) }
            " "
            button type="button" class="secondary" data-print hidden { (visit.say("codes-print")) }
        }
        h2 { (visit.say("codes-where")) }
        p { (visit.say("codes-where-hint")) }
        (shell::form(visit, "/case/codes/saved", &parts::primary(&visit.say("codes-saved"))))
    };
    visit.page(&title, &content)
}

/// The codes as a text file within the link itself: nothing has to be asked for again, and no script is needed.
fn file(stand: &Stand, codes: &[Secret]) -> String {
    let visit = &stand.visit;
    let put_in = [("account", stand.account()), ("address", &visit.portal.config.public_url)];
    let mut text = visit.say_with("codes-file-text", &put_in);
    text.push_str("\r\n\r\n");
    for code in codes {
        text.push_str(code.expose());
        text.push_str("\r\n");
    }
    format!("data:text/plain;charset=utf-8;base64,{}", STANDARD.encode(text))
}
