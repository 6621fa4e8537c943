//! Pages that tell the truth while they are open: the script asks every few seconds whether something has changed, and
//! draws the part anew if it has. Without script there is a link that does the same.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use axum::extract::{Path, Query};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};

use super::Console;
use super::queue::{self, Asked};
use super::{case, handles};
use crate::limits::CONSOLE_LOOK;
use crate::web::{Portal, Problem, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/state", get(of_queue)).route("/case/{handle}/state", get(of_case))
}

/// A part that is kept true: what it says now, and where to ask for what it would say.
pub(super) fn part(visit: &Visit, ask: &str, version: &str, here: &str, content: &Markup) -> Markup {
    html! {
        p { a href=(here) { (visit.say("console-refresh")) } }
        p class="visually-hidden" role="status" id="live-said" {}
        div id="live" data-watch=(ask) data-version=(version) data-every=(CONSOLE_LOOK.as_secs())
            data-said=(visit.say("console-refreshed")) { (content) }
    }
}

/// A short text that differs when what it was made of differs.
pub(super) fn version(of: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

async fn of_queue(
    Extension(console): Extension<Arc<Console>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let rows = queue::rows(&console, &asked).await?;
    Ok(text(queue::version_of(&rows)))
}

async fn of_case(
    Extension(console): Extension<Arc<Console>>,
    Path(handle): Path<String>,
) -> Result<Response, Problem> {
    let id = handles::find(&console, &handle).await?;
    Ok(text(case::version_of(&console.staff.show(&id).await?)))
}

fn text(version: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], version).into_response()
}
