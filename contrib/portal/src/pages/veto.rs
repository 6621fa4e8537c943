//! `/veto/…`: "this was not me", from any message about a recovery.
//!
//! Looking at it does nothing, and neither does sending its form without a choice: programs that check mail do both,
//! and a recovery that they stop is a person who is locked out.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::link::token_of;
use super::parts::{Choices, Tone, Wrong, choices, notice, primary};
use super::shell;
use crate::desk::DeskError;
use crate::secret::Secret;
use crate::web::{Form, Page, Portal, Problem, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/veto", get(ask).post(decide))
        .route("/veto/", get(ask))
        .route("/veto/{*token}", get(ask))
}

#[derive(Deserialize)]
struct Decision {
    #[serde(default)]
    token: Secret,
    #[serde(default)]
    who: String,
}

/// The same page for every token there is or is not. The daemon is not asked.
async fn ask(visit: Visit, token: Result<Path<String>, PathRejection>) -> Page {
    visit.page(&visit.say("veto-title"), &draw(&visit, &token_of(token), ""))
}

async fn decide(visit: Visit, Form(decision): Form<Decision>) -> Result<Page, Problem> {
    match decision.who.as_str() {
        "not_me" => {}
        "me" => return Ok(left_alone(&visit)),
        _ => {
            let message = visit.say("veto-choice-missing");
            let wrong = [Wrong { field: "who", message: &message }];
            let content = draw(&visit, decision.token.expose(), &message);
            return Ok(visit.page_with_errors(&visit.say("veto-title"), &wrong, &content));
        }
    }
    match visit.portal.desk.veto(&decision.token).await {
        Ok(()) => Ok(stopped(&visit)),
        Err(DeskError::WrongState(_)) => Ok(over(&visit)),
        Err(DeskError::NotFound(_) | DeskError::InvalidArgument(_)) => Ok(unknown(&visit)),
        Err(error) => Err(error.into()),
    }
}

fn draw(visit: &Visit, token: &str, error: &str) -> Markup {
    let answers = [("not_me", visit.say("veto-not-me")), ("me", visit.say("veto-me"))];
    let explanations = [visit.say("veto-not-me-hint"), visit.say("veto-me-hint")];
    html! {
        h1 { (visit.say("veto-title")) }
        p { (visit.say("veto-lead")) }
        (shell::form(visit, "/veto", &html! {
            input type="hidden" name="token" value=(token);
            (choices(Choices {
                name: "who",
                legend: &visit.say("veto-choice"),
                error,
                answers: &answers,
                explanations: &explanations,
                ..Choices::default()
            }))
            (primary(&visit.say("veto-button")))
        }))
    }
}

fn stopped(visit: &Visit) -> Page {
    let title = visit.say("veto-stopped-title");
    let content = html! {
        h1 { (title) }
        (notice(Tone::Success, &html! { p { (visit.say("veto-stopped-what")) } }))
        (what_now(visit))
    };
    visit.page(&title, &content)
}

/// It was stopped before, or is over: which of them only the daemon's journal knows, and what to do is the same.
fn over(visit: &Visit) -> Page {
    let title = visit.say("veto-over-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("veto-over-what")) }
        (notice(Tone::Warning, &html! { p { (visit.say("veto-over-support")) } }))
        (what_now(visit))
    };
    visit.page(&title, &content).status(StatusCode::CONFLICT)
}

fn unknown(visit: &Visit) -> Page {
    let title = visit.say("veto-unknown-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("veto-unknown-what")) }
        (what_now(visit))
    };
    visit.page(&title, &content).status(StatusCode::NOT_FOUND)
}

fn left_alone(visit: &Visit) -> Page {
    let title = visit.say("veto-left-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("veto-left-what")) }
        @if visit.case().is_ok() {
            p { a class="button" href="/case" { (visit.say("recovery-go-on")) } }
        }
    };
    visit.page(&title, &content)
}

/// What to do for an account that somebody else is after.
fn what_now(visit: &Visit) -> Markup {
    html! {
        h2 { (visit.say("veto-what-now")) }
        ul {
            li { (visit.say("veto-now-password")) }
            li { (visit.say("veto-now-mailbox")) }
            li { (visit.say("veto-now-tell-nobody")) }
            li { (visit.say("veto-now-support")) }
        }
    }
}
