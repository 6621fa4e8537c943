//! `/link/…`: what an e-mailed link leads to.
//!
//! Looking at it does nothing, and says nothing about the link: programs that check mail follow links, run scripts and
//! send forms. A click counts only in the browser that opened the recovery. Anywhere else it shows a short code to type
//! there, which gives away nothing that the message itself does not say.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use super::parts::{Tone, digits, notice, primary};
use super::shell;
use crate::desk::DeskError;
use crate::desk::views::Link;
use crate::limits;
use crate::secret::Secret;
use crate::web::{Cookie, Form, Page, Portal, Problem, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/link", get(ask).post(open))
        .route("/link/", get(ask))
        .route("/link/{*token}", get(ask))
}

#[derive(Deserialize)]
struct Clicked {
    #[serde(default)]
    token: Secret,
}

/// The same page for every token there is or is not. The daemon is not asked.
async fn ask(visit: Visit, token: Result<Path<String>, PathRejection>) -> Page {
    let token = token_of(token);
    let title = visit.say("link-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("link-lead")) }
        (shell::form(&visit, "/link", &html! {
            input type="hidden" name="token" value=(token);
            (primary(&visit.say("link-button")))
        }))
        h2 { (visit.say("link-not-me")) }
        p { (visit.say("link-not-me-hint")) }
    };
    visit.page(&title, &content)
}

async fn open(visit: Visit, Form(clicked): Form<Clicked>) -> Result<Page, Problem> {
    let link = match visit.portal.desk.open_link(&clicked.token, &visit.browser).await {
        Ok(link) => link,
        Err(DeskError::NotFound(_) | DeskError::WrongState(_) | DeskError::InvalidArgument(_)) => {
            return Ok(if was_proven(&visit).await { visit.go_to("/case") } else { void(&visit) });
        }
        Err(error) => return Err(error.into()),
    };
    match (link.result.as_deref(), &link.case) {
        (Some("proven"), Some(case)) => {
            Ok(visit.go_to("/case").set(&visit, Cookie::Case, &Secret::new(case.as_str())))
        }
        _ => Ok(code_to_type(&visit, &link)),
    }
}

/// Whether the e-mail step of this browser's recovery is proven: the same click was sent twice, or the code was typed.
async fn was_proven(visit: &Visit) -> bool {
    let Ok(case) = visit.case() else { return false };
    let Ok(case) = visit.portal.desk.show(case).await else { return false };
    let is_proven = |factor: &Option<String>, state: &Option<String>| {
        factor.as_deref() == Some("email") && state.as_deref() == Some("proven")
    };
    case.steps.iter().flatten().any(|step| is_proven(&step.factor, &step.state))
}

fn code_to_type(visit: &Visit, link: &Link) -> Page {
    let title = visit.say("link-code-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("link-code-lead")) }
        (digits(link.code.as_deref().unwrap_or_default()))
        (notice(Tone::Warning, &html! {
            h2 { (visit.say("link-code-warning")) }
            p { (visit.say("link-code-warning-text")) }
        }))
        h2 { (visit.say("link-code-from")) }
        dl class="facts" {
            dt { (visit.say("link-code-account")) }
            dd { (link.account.as_deref().unwrap_or_default()) }
            dt { (visit.say("link-code-client")) }
            dd { (link.client.as_deref().unwrap_or_default()) }
        }
        h2 { (visit.say("link-not-me")) }
        p { (visit.say("link-not-me-hint")) }
    };
    visit.page(&title, &content)
}

/// Used, expired, of another recovery, mistyped: nobody learns which, and there is a way on.
fn void(visit: &Visit) -> Page {
    let title = visit.say("link-void-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("link-void-why")) }
        @if visit.case().is_ok() {
            p { (visit.say("link-void-next-here")) }
            p { a class="button" href="/case" { (visit.say("link-void-go-back")) } }
        } @else {
            p { (visit.say("link-void-next-elsewhere")) }
            p { a class="button" href="/recover" { (visit.say("link-void-start-over")) } }
        }
    };
    visit.page(&title, &content).status(StatusCode::CONFLICT)
}

/// The token in an address; nothing where there is none, or what cannot be one.
pub(super) fn token_of(path: Result<Path<String>, PathRejection>) -> String {
    path.map(|Path(token)| token).ok().filter(|token| token.len() <= limits::TOKEN_BYTES).unwrap_or_default()
}
