//! `/case/events`: tells a page that its case has changed, so that it looks again (server-sent events).
//!
//! Nothing of the case is in the events: what is shown is drawn by the page, in one place.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use super::standing::State;
use crate::desk::views::CaseView;
use crate::desk::{Change, DeskError};
use crate::limits;
use crate::secret::Secret;
use crate::web::{Portal, Problem, Ticket, Visit};

/// What the page shows already.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    seen: String,
}

/// The mark of a case as a page shows it. Whoever reads an address does not learn from it what the page said.
pub(super) fn seen(case: &CaseView, browser: &Secret) -> String {
    let mut hasher = DefaultHasher::new();
    case.hash(&mut hasher);
    browser.derive(&format!("seen {:x}", hasher.finish())).expose().chars().take(16).collect()
}

pub(super) async fn listen(
    visit: Visit,
    asked: Result<Query<Seen>, QueryRejection>,
) -> Result<Response, Problem> {
    let shown = asked.map(|Query(seen)| seen.seen).unwrap_or_default();
    let case = visit.case()?.clone();
    let changes = visit.portal.desk.changes();
    let view = visit.portal.desk.show(&case).await?;
    if State::of(&view).is_over() && seen(&view, &visit.browser) == shown {
        // The one answer after which a browser does not ask again (HTML §9.2.2).
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let ticket = visit.portal.streams.open(&visit.browser, visit.client).ok_or(Problem::TooMany)?;
    let now = Instant::now();
    let live = Live {
        portal: visit.portal.clone(),
        browser: visit.browser.clone(),
        case,
        changes,
        shown,
        away: false,
        next_look: now,
        ends: now + limits::LIVE_LIFE,
        over: false,
        _ticket: ticket,
    };
    let keep_alive = KeepAlive::new().interval(limits::LIVE_LOOK);
    let mut response = Sse::new(told(live)).keep_alive(keep_alive).into_response();
    // Proxies that gather an answer before they pass it on do not gather this one.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response.headers_mut().extend([unbuffered]);
    Ok(response)
}

/// A page that is shown live.
struct Live {
    portal: Arc<Portal>,
    browser: Secret,
    case: Secret,
    changes: Receiver<Change>,
    /// What the page shows.
    shown: String,
    /// Whether the page knows that the daemon is away.
    away: bool,
    next_look: Instant,
    ends: Instant,
    over: bool,
    _ticket: Ticket,
}

fn told(live: Live) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(live, |mut live| async move {
        let stop = live.portal.stop.clone();
        let changed = tokio::select! {
            () = stop.cancelled() => false,
            () = sleep_until(live.ends) => false,
            changed = live.changed() => changed,
        };
        // What is sent to the page as time to wait before it connects again is short: a restart is.
        changed.then(|| (Ok(Event::default().retry(limits::LIVE_RETRY).data("look")), live))
    })
}

impl Live {
    /// Waits until the page has to look again; false when there will be nothing more to see.
    async fn changed(&mut self) -> bool {
        while !self.over {
            self.wait().await;
            match self.portal.desk.show(&self.case).await {
                Ok(view) => {
                    self.next_look = Instant::now() + limits::LIVE_LOOK;
                    let now = seen(&view, &self.browser);
                    self.over = State::of(&view).is_over();
                    let was_away = std::mem::take(&mut self.away);
                    if now != self.shown || was_away {
                        self.shown = now;
                        return true;
                    }
                }
                Err(DeskError::Gone(_)) => {
                    self.next_look = Instant::now() + limits::AWAY_LOOK;
                    if !std::mem::replace(&mut self.away, true) {
                        return true;
                    }
                }
                Err(DeskError::NotFound(_)) => {
                    self.over = true;
                    return true;
                }
                // It passes, or the page's own look tells the person.
                Err(_) => self.next_look = Instant::now() + limits::LIVE_LOOK,
            }
        }
        false
    }

    /// Waits until there may be something new.
    async fn wait(&mut self) {
        loop {
            let change = tokio::select! {
                change = self.changes.recv() => change,
                () = sleep_until(self.next_look) => return,
            };
            match change {
                Ok(Change::Case(case)) if case != self.case => {}
                Ok(Change::Case(_) | Change::Daemon) | Err(RecvError::Lagged(_)) => return,
                // The desk lives as long as the portal.
                Err(RecvError::Closed) => return sleep_until(self.next_look).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_follows_the_case_and_the_browser() {
        let (one, other) = (Secret::new("one"), Secret::new("other"));
        let case = CaseView { state: Some("proving".to_owned()), ..CaseView::default() };
        let held = CaseView { state: Some("held".to_owned()), ..CaseView::default() };
        assert_eq!(seen(&case, &one), seen(&case.clone(), &one));
        assert_ne!(seen(&case, &one), seen(&held, &one));
        assert_ne!(seen(&case, &one), seen(&case, &other));
        assert_eq!(seen(&case, &one).len(), 16);
    }
}
