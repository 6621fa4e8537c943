//! `/healthz`: for those who watch over the portal or spread requests over several of them.
//!
//! It says whether the portal answers and whether there is a daemon, and nothing else: no version, no name.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::Portal;
use crate::limits;

/// What was found last, so that no crowd of watchers becomes a crowd on the bus.
type Seen = Arc<Mutex<Option<(Instant, bool)>>>;

/// `/healthz` is fine as long as the portal serves: without a daemon it still has a page to show, that goes on by
/// itself. `/healthz/daemon` is fine only with a daemon.
pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/healthz", get(portal))
        .route("/healthz/daemon", get(daemon))
        .layer(Extension(Seen::default()))
}

async fn portal(State(portal): State<Arc<Portal>>, Extension(seen): Extension<Seen>) -> Response {
    say(is_there(&portal, &seen).await, StatusCode::OK)
}

async fn daemon(State(portal): State<Arc<Portal>>, Extension(seen): Extension<Seen>) -> Response {
    say(is_there(&portal, &seen).await, StatusCode::SERVICE_UNAVAILABLE)
}

fn say(is_there: bool, without: StatusCode) -> Response {
    let (status, daemon) = if is_there { (StatusCode::OK, "ok") } else { (without, "away") };
    let content = format!("{{\"portal\":\"ok\",\"daemon\":\"{daemon}\"}}\n");
    (status, [(CONTENT_TYPE, "application/json")], content).into_response()
}

async fn is_there(portal: &Portal, seen: &Mutex<Option<(Instant, bool)>>) -> bool {
    let mut seen = seen.lock().await;
    if let Some((when, is_there)) = *seen
        && when.elapsed() < limits::HEALTH_LOOK
    {
        return is_there;
    }
    let is_there = timeout(limits::HEALTH_WAIT, portal.desk.is_there()).await.unwrap_or(false);
    *seen = Some((Instant::now(), is_there));
    is_there
}
