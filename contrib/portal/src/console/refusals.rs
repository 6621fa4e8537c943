//! What the daemon does not do for whoever works here, in words that say what is missing and whom to ask.

use axum::http::StatusCode;
use maud::html;

use super::{Console, frame};
use crate::desk::DeskError;
use crate::web::{Page, Problem, Visit};

/// The page that answers a call that was not done.
///
/// # Errors
/// What is no matter of this user's rights, as any page of the portal says it.
pub(super) fn page(
    visit: &Visit,
    console: &Console,
    error: DeskError,
    right: &'static str,
) -> Result<Page, Problem> {
    match error {
        DeskError::NotAuthorized(_) => Ok(not_allowed(visit, console, right)),
        DeskError::NotFound(_) => Ok(no_case(visit, console)),
        other => Err(other.into()),
    }
}

/// The user's rights do not reach so far.
fn not_allowed(visit: &Visit, console: &Console, right: &'static str) -> Page {
    let officer = console.officer.to_string();
    let title = visit.say("console-not-allowed");
    let content = html! {
        h1 { (title) }
        p { (visit.say_with("console-not-allowed-why", &[("officer", &officer), ("right", right)])) }
        p { (visit.say("console-not-allowed-next")) }
    };
    frame::page(visit, console, &title, &content).status(StatusCode::FORBIDDEN)
}

fn no_case(visit: &Visit, console: &Console) -> Page {
    let title = visit.say("console-no-case");
    let content = html! {
        h1 { (title) }
        p { (visit.say("console-no-case-next")) }
        p { a class="button" href="/" { (visit.say("console-to-queue")) } }
    };
    frame::page(visit, console, &title, &content).status(StatusCode::NOT_FOUND)
}
