//! What stands before the pages: which requests are let through, how many, and for how long.
//!
//! It protects the portal alone. What counts against guessing is the daemon's, and outlives restarts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONNECTION, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::rates::Rates;
use super::{ClientAddress, Problem};
use crate::config::Config;
use crate::limits;

/// What all requests share.
pub(super) struct Guard {
    pages: Rates,
    forms: Rates,
    at_once: Semaphore,
    patience: Duration,
}

impl Guard {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            pages: Rates::new(config.limits.pages),
            forms: Rates::new(config.limits.forms),
            at_once: Semaphore::new(config.limits.at_once),
            patience: config.connections.request,
        }
    }
}

/// Lets a request through to the pages, or has its problem drawn. The form is read before a place is taken, so that
/// those who send slowly keep nobody waiting.
pub(super) async fn admit(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    if ![Method::GET, Method::HEAD, Method::POST].contains(request.method()) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD, POST")]).into_response();
    }
    let path = request.uri().path();
    if !is_clean(path) {
        return refuse(Problem::NoPage, None, request, next).await;
    }
    if path.starts_with("/assets/") || path.starts_with("/healthz") {
        return next.run(request).await;
    }
    let rates = if request.method() == Method::POST { &guard.forms } else { &guard.pages };
    if let Some(ClientAddress(Some(client))) = request.extensions().get::<ClientAddress>()
        && let Err(wait) = rates.take(*client, Instant::now())
    {
        return refuse(Problem::TooMany, Some(wait), request, next).await;
    }
    let request = match read(request, guard.patience).await {
        Ok(request) => request,
        Err(Unread::TooLarge(request)) => return refuse(Problem::TooLarge, None, *request, next).await,
        Err(Unread::Slow) => return (StatusCode::REQUEST_TIMEOUT, [(CONNECTION, "close")]).into_response(),
    };
    let Ok(Ok(_place)) = timeout(limits::QUEUE, guard.at_once.acquire()).await else {
        return refuse(Problem::Unavailable, Some(limits::QUEUE), request, next).await;
    };
    next.run(request).await
}

/// Answers what was refused before, and what takes too long.
pub(super) async fn answer(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    if let Some(problem) = request.extensions().get::<Problem>() {
        return problem.into_response();
    }
    let answered = timeout(guard.patience, next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::Unavailable.into_response())
}

/// Sends the request on, marked, so that the problem is drawn in the visitor's language.
async fn refuse(problem: Problem, wait: Option<Duration>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(problem);
    let mut response = next.run(request).await;
    if let Some(wait) = wait {
        // At least as long: who comes back earlier is refused again.
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        let value = HeaderValue::from_str(&seconds.to_string());
        response.headers_mut().extend(value.map(|value| (RETRY_AFTER, value)));
    }
    response
}

/// Why a form was not read.
enum Unread {
    TooLarge(Box<Request>),
    Slow,
}

/// Reads the body, where there may be a form. Of one that is too large the rest is read, within reason, and thrown
/// away: a browser that is still sending would not see the answer.
async fn read(request: Request, patience: Duration) -> Result<Request, Unread> {
    if request.method() != Method::POST {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let reading = async {
        let (mut form, mut length) = (Vec::new(), 0);
        let mut body = body.into_data_stream();
        while let Some(Ok(part)) = body.next().await {
            length += part.len();
            if length <= limits::BODY_BYTES {
                form.extend_from_slice(&part);
            } else if length > limits::THROWN_AWAY {
                break;
            }
        }
        (form, length)
    };
    let (form, length) = timeout(patience, reading).await.map_err(|_| Unread::Slow)?;
    if length > limits::BODY_BYTES {
        return Err(Unread::TooLarge(Box::new(Request::from_parts(parts, Body::empty()))));
    }
    Ok(Request::from_parts(parts, Body::from(Bytes::from(form))))
}

/// Whether every percent sign of a path means a byte, and all bytes together a text without control characters.
fn is_clean(path: &str) -> bool {
    let Some(bytes) = super::form::decoded(path.as_bytes()) else { return false };
    std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_text() {
        for clean in ["/", "/case", "/case/start/email", "/link/abc-_9", "/d%C3%A9j%C3%A0", "/a%20b", "/a+b"]
        {
            assert!(is_clean(clean), "{clean}");
        }
        for wrong in
            ["/%", "/%2", "/%zz", "/%00", "/case/start/%0d%0aX:%20y", "/%ff", "/%c3", "/%7f", "/%C2%85"]
        {
            assert!(!is_clean(wrong), "{wrong}");
        }
    }
}
