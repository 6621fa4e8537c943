//! `/enter/…`, and the guard before every other page.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::http::header::{HOST, HeaderMap};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use maud::html;

use super::Console;
use super::door::{Peer, Stranger};
use crate::secret::Secret;
use crate::web::{Cookie, Page, Portal, Problem, Visit};

/// The place of the tokens.
const ENTER: &str = "/enter/";

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/enter/{token}", get(enter))
}

/// Takes the token from whoever opens the address that was printed: the one change that a visit makes here, since
/// there is no page before it that a click could come from. What only looks ahead takes nothing.
async fn enter(
    visit: Visit,
    Extension(console): Extension<Arc<Console>>,
    method: Method,
    headers: HeaderMap,
    Path(token): Path<Secret>,
) -> Page {
    let ahead =
        method != Method::GET || headers.contains_key("sec-purpose") || headers.contains_key("purpose");
    let session = if ahead { None } else { console.door.enter(&token, Instant::now()) };
    match session {
        Some(session) => visit.go_to("/").set(&visit, Cookie::Console, &session),
        None => refused(&visit, &console, Stranger::NoSession),
    }
}

/// Lets nobody else in.
pub(super) async fn guard(
    State((portal, console)): State<(Arc<Portal>, Arc<Console>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = match Visit::from_request_parts(&mut parts, &portal).await {
        Ok(visit) => visit,
        Err(problem) => return problem.into_response(),
    };
    let Some(peer) = parts.extensions.get::<Peer>().copied() else {
        return Problem::Unavailable.into_response();
    };
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let mut admitted = console.door.check(peer, host);
    if admitted.is_ok() && !parts.uri.path().starts_with(ENTER) {
        let session = Cookie::Console.read(&parts.headers, portal.config.is_secure());
        admitted = console.door.admits(session.as_ref(), Instant::now());
    }
    match admitted {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(stranger) => {
            tracing::warn!(?stranger, ?peer, "somebody was not let in");
            refused(&visit, &console, stranger).into_response()
        }
    }
}

fn refused(visit: &Visit, console: &Console, stranger: Stranger) -> Page {
    let key = match stranger {
        Stranger::OtherUser => "console-other-user",
        Stranger::OtherHost => "console-other-host",
        Stranger::NoSession => "console-no-session",
    };
    let title = visit.say(key);
    let user = console.officer.to_string();
    let content = html! {
        h1 { (title) }
        p { (visit.say_with(&format!("{key}-next"), &[("user", &user)])) }
    };
    visit.page(&title, &content).status(StatusCode::FORBIDDEN)
}
