//! `/case/…` after everything is proven: sign-in, password, new device, recovery codes, summary.
//!
//! The daemon takes the tasks in any order and each once; the pages suggest a good one, and whoever comes late or twice
//! is shown how things stand. What is shown once is kept for a while (`web/keepsakes.rs`), so that an answer that was
//! lost on its way, a reload and a second tab are no loss.

mod codes;
mod device;
mod finish;
mod password;
mod sign_in;
mod stand;
mod summary;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;

use super::parts::{self, Wrong};
use crate::desk::DeskError;
use crate::web::{Page, Portal, Problem, Visit};
use crate::words::{FluentArgs, FluentValue};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/case/finish", get(finish::show))
        .route("/case/claim", post(sign_in::claim))
        .route("/case/continue", get(sign_in::show).post(sign_in::hand_over))
        .route("/case/codes", get(codes::show))
        .route("/case/codes/saved", post(codes::saved))
        .route("/case/password", get(password::ask).post(password::change))
        .route("/case/device", get(device::show).post(device::begin))
        .route("/case/device/confirm", post(device::confirm))
        .route("/case/summary", get(summary::show))
}

/// Why a page of the ending is not the one to show.
enum Elsewhere {
    Problem(Problem),
    /// This is.
    Page(Box<Page>),
}

impl From<Problem> for Elsewhere {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<DeskError> for Elsewhere {
    fn from(error: DeskError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Page> for Elsewhere {
    fn from(page: Page) -> Self {
        Self::Page(Box::new(page))
    }
}

impl IntoResponse for Elsewhere {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Page(page) => page.into_response(),
        }
    }
}

/// A form that is a button alone.
#[derive(Deserialize)]
struct Nothing {}

/// What was done, unless it was done before: then how things stand is to be shown.
fn done<T>(visit: &Visit, result: Result<T, DeskError>) -> Result<T, Elsewhere> {
    match result {
        Ok(done) => Ok(done),
        Err(DeskError::WrongState(_)) => Err(visit.go_to("/case/finish").into()),
        Err(error) => Err(error.into()),
    }
}

/// The text of this key, with a point in time where it says `{ $time }`.
fn say_time(visit: &Visit, key: &str, unix: u64) -> Markup {
    say_around(visit, key, &[], &parts::time(unix))
}

/// The text of this key, with what is put in, and this where it says `{ $time }`.
fn say_around(visit: &Visit, key: &str, put_in: &[(&str, &str)], what: &Markup) -> Markup {
    // No text holds the character: it stands where the rest goes.
    const HERE: &str = "\u{fffc}";
    let put_in = [put_in, &[("time", HERE)]].concat();
    let text = visit.say_with(key, &put_in);
    let (before, behind) = text.split_once(HERE).unwrap_or((&text, ""));
    html! { (before) (what) (behind) }
}

/// The text of this key, for so many of what it is about.
fn say_count(visit: &Visit, key: &str, count: u32) -> String {
    let mut args = FluentArgs::new();
    args.set("count", FluentValue::from(count));
    visit.language.say_with(key, &args)
}

/// The page of a form, with what was wrong with what was typed.
fn form_page(visit: &Visit, title: &str, wrong: &[Wrong<'_>], content: &Markup) -> Page {
    if wrong.is_empty() { visit.page(title, content) } else { visit.page_with_errors(title, wrong, content) }
}
