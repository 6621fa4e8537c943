//! Pages that tell the truth while they are open: a stream of events tells the script to look again. The daemon tells
//! changes of a case only to its own front end, so the console looks every few seconds. Without script there is a link
//! that does the same.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::header::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::{Stream, stream};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::time::{Instant, sleep, sleep_until};

use super::Console;
use super::case;
use super::queue::{self, Asked};
use crate::desk::DeskError;
use crate::limits;
use crate::web::{Portal, Problem, Ticket, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/events", get(of_queue)).route("/case/{handle}/events", get(of_case))
}

/// A part of a page that is kept true.
pub(super) struct Part<'a> {
    /// The page.
    pub(super) here: &'a str,
    /// Where its events come from; `&seen=` is added.
    pub(super) events: &'a str,
    /// What it says now is known by this.
    pub(super) version: &'a str,
    /// What is read out when it changes.
    pub(super) say: &'a str,
}

impl Part<'_> {
    pub(super) fn draw(&self, visit: &Visit, content: &Markup) -> Markup {
        html! {
            p class="no-print" { a href=(self.here) { (visit.say("console-refresh")) } }
            div id="live" role="status" aria-atomic="false" data-away=(visit.say("case-away"))
                data-back=(visit.say("case-back")) {
                p id="connection" class="notice info" hidden {}
                p id="said" class="visually-hidden" {}
            }
            div id="board" data-page=(self.here) data-events={ (self.events) "&seen=" (self.version) } {
                div id="shown" data-live=(self.version) data-say=(self.say) { (content) }
            }
        }
    }
}

/// A short text that differs when what it was made of differs.
pub(super) fn version(of: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What the page shows already.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Seen {
    seen: String,
}

async fn of_queue(
    visit: Visit,
    Extension(console): Extension<Arc<Console>>,
    asked: Result<Query<Asked>, QueryRejection>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    let Query(asked) = asked.unwrap_or_default();
    listen(&visit, console, Watched::Queue(asked), seen)
}

async fn of_case(
    visit: Visit,
    Extension(console): Extension<Arc<Console>>,
    Path(handle): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    listen(&visit, console, Watched::Case(handle), seen)
}

/// What a page shows.
enum Watched {
    Queue(Asked),
    Case(String),
}

impl Watched {
    async fn version(&self, console: &Console) -> Result<String, DeskError> {
        match self {
            Self::Queue(asked) => Ok(queue::version_of(&queue::rows(console, asked).await?)),
            Self::Case(handle) => Ok(case::version_of(&console.staff.show(handle).await?)),
        }
    }
}

/// An open page.
struct Live {
    portal: Arc<Portal>,
    console: Arc<Console>,
    watched: Watched,
    shown: String,
    ends: Instant,
    _ticket: Ticket,
}

fn listen(visit: &Visit, console: Arc<Console>, watched: Watched, seen: Seen) -> Result<Response, Problem> {
    let ticket = visit.portal.streams.open(&visit.browser, visit.client).ok_or(Problem::TooMany)?;
    let live = Live {
        portal: visit.portal.clone(),
        console,
        watched,
        shown: seen.seen,
        ends: Instant::now() + limits::LIVE_LIFE,
        _ticket: ticket,
    };
    let keep_alive = KeepAlive::new().interval(limits::LIVE_LOOK);
    let mut response = Sse::new(told(live)).keep_alive(keep_alive).into_response();
    // Proxies that gather an answer before they pass it on do not gather this one.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response.headers_mut().extend([unbuffered]);
    Ok(response)
}

fn told(live: Live) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(live, |mut live| async move {
        let stop = live.portal.stop.clone();
        let ends = live.ends;
        tokio::select! {
            () = stop.cancelled() => None,
            () = sleep_until(ends) => None,
            () = live.changed() => {
                Some((Ok(Event::default().retry(limits::LIVE_RETRY).data("look")), live))
            }
        }
    })
}

impl Live {
    /// Waits until the page has to look again. What fails is for the page's own look to tell.
    async fn changed(&mut self) {
        loop {
            let now = self.watched.version(&self.console).await.unwrap_or_default();
            if now != self.shown {
                self.shown = now;
                return;
            }
            sleep(limits::CONSOLE_LOOK).await;
        }
    }
}
