//! `/sign-in/resync`: two codes in a row put a device right whose clock is off, without a recovery.

use maud::{Markup, html};
use serde::Deserialize;

use super::super::parts::{Field, Kind, Tone, Wrong, field, notice, primary};
use super::super::shell;
use super::{owes_code, throttled};
use crate::desk::DeskError;
use crate::secret::Secret;
use crate::web::{Device, Form, Page, Problem, Session, Stage, Visit};

pub(super) async fn ask(visit: Visit) -> Page {
    match owes_code(&visit) {
        None => visit.go_to("/"),
        Some(session) => visit.page(&visit.say("resync-title"), &draw(&visit, &session, &[])),
    }
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    first: Secret,
    #[serde(default)]
    second: Secret,
}

pub(super) async fn put_right(visit: Visit, Form(given): Form<Given>) -> Result<Page, Problem> {
    let session = match owes_code(&visit) {
        None => return Ok(visit.go_to("/")),
        Some(session) => session,
    };
    // Sent twice: the first time has done it, and the codes are spent.
    if session.stage == Stage::Password(Device::PutRight) {
        return Ok(visit.go_to("/sign-in/code"));
    }
    let (first, second) = (given.first.without_spaces(), given.second.without_spaces());
    let again = |field, key: &str| {
        let (title, message) = (visit.say("resync-title"), visit.say(key));
        let wrong = [Wrong { field, message: &message }];
        visit.page_with_errors(&title, &wrong, &draw(&visit, &session, &wrong))
    };
    if first.is_empty() {
        return Ok(again("first", "resync-first-missing"));
    }
    if second.is_empty() {
        return Ok(again("second", "resync-second-missing"));
    }
    if first == second {
        return Ok(again("second", "resync-same-code"));
    }
    match visit.portal.desk.resync(&session.account, &first, &second).await {
        Ok(true) => {
            visit.portal.sessions.advance(&visit, Stage::Password(Device::PutRight));
            Ok(visit.go_to("/sign-in/code"))
        }
        Ok(false) => Ok(again("first", "resync-rejected")),
        Err(DeskError::RateLimited(_)) => Ok(throttled(&visit, &session.account, "sign-in-throttled-codes")),
        Err(error) => Err(error.into()),
    }
}

fn draw(visit: &Visit, session: &Session, wrong: &[Wrong<'_>]) -> Markup {
    let code = |name: &'static str, label: &str, hint: &str| {
        let error = wrong.iter().find(|one| one.field == name).map_or("", |one| one.message);
        field(Field {
            name,
            label: &visit.say(label),
            hint: &visit.say(hint),
            error,
            kind: Kind::Digits,
            autocomplete: "off",
            ..Field::default()
        })
    };
    html! {
        h1 { (visit.say("resync-title")) }
        @if session.stage == Stage::Password(Device::Drifting) {
            (notice(Tone::Info, &html! { p { (visit.say("resync-needed")) } }))
        }
        p { (visit.say("resync-lead")) }
        (shell::form(visit, "/sign-in/resync", &html! {
            (code("first", "resync-first", "resync-first-hint"))
            (code("second", "resync-second", "resync-second-hint"))
            (primary(&visit.say("resync-button")))
        }))
        p { a href="/sign-in/code" { (visit.say("resync-back")) } }
        h2 { (visit.say("resync-no-help")) }
        p { a href="/recover" { (visit.say("code-trouble-recover")) } }
    }
}
