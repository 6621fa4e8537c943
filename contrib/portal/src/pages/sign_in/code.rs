//! `/sign-in/code`: a code of the device, and the two ways on for who has trouble with it.

use maud::{Markup, html};
use serde::Deserialize;

use super::super::parts::{Field, Kind, Tone, Wrong, field, notice, primary};
use super::super::shell;
use super::{owes_code, throttled};
use crate::secret::Secret;
use crate::web::{Device, Form, Page, Problem, Session, Stage, Visit};

pub(super) async fn ask(visit: Visit) -> Page {
    match owes_code(&visit) {
        None => visit.go_to("/"),
        Some(session) => visit.page(&visit.say("code-title"), &draw(&visit, &session, "")),
    }
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    code: Secret,
}

pub(super) async fn read(visit: Visit, Form(given): Form<Given>) -> Result<Page, Problem> {
    let session = match owes_code(&visit) {
        // Sent twice, or from another tab: who is signed in already sees so there.
        None => return Ok(visit.go_to("/")),
        Some(session) => session,
    };
    let code = given.code.without_spaces();
    let again = |key: &str| {
        let (title, message) = (visit.say("code-title"), visit.say(key));
        let wrong = [Wrong { field: "code", message: &message }];
        visit.page_with_errors(&title, &wrong, &draw(&visit, &session, &message))
    };
    if code.is_empty() {
        return Ok(again("code-missing"));
    }
    let sessions = &visit.portal.sessions;
    match visit.portal.desk.verify(&session.account, &code).await?.as_str() {
        "accepted" => {
            sessions.advance(&visit, Stage::SignedIn);
            Ok(visit.go_to("/"))
        }
        "resync_needed" => {
            sessions.advance(&visit, Stage::Password(Device::Drifting));
            Ok(visit.go_to("/sign-in/resync"))
        }
        "throttled" => Ok(throttled(&visit, &session.account, "sign-in-throttled-codes")),
        // A second request with the same code may have been overtaken by the first.
        _ => match owes_code(&visit) {
            None => Ok(visit.go_to("/")),
            Some(_) => {
                // Whatever was known of the device has not helped.
                sessions.advance(&visit, Stage::Password(Device::Unremarked));
                Ok(again("code-rejected"))
            }
        },
    }
}

fn draw(visit: &Visit, session: &Session, error: &str) -> Markup {
    html! {
        h1 { (visit.say("code-title")) }
        @if session.stage == Stage::Password(Device::PutRight) {
            (notice(Tone::Success, &html! { p { (visit.say("code-after-resync")) } }))
        }
        p { (visit.say("code-lead")) }
        (shell::form(visit, "/sign-in/code", &html! {
            (field(Field {
                name: "code",
                label: &visit.say("code-label"),
                hint: &visit.say("code-hint"),
                error,
                kind: Kind::Digits,
                autocomplete: "one-time-code",
                ..Field::default()
            }))
            (primary(&visit.say("sign-in-button")))
        }))
        h2 id="trouble" { (visit.say("code-trouble")) }
        ul {
            li {
                a href="/sign-in/resync" { (visit.say("code-trouble-resync")) }
                br;
                span class="hint" { (visit.say("code-trouble-resync-hint")) }
            }
            li {
                a href="/recover" { (visit.say("code-trouble-recover")) }
                br;
                span class="hint" { (visit.say("code-trouble-recover-hint")) }
            }
        }
        (shell::form(visit, "/sign-out", &html! {
            button class="plain" { (visit.say("code-other-account")) }
        }))
    }
}
