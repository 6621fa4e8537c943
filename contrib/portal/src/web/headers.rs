//! What every answer says to the browser: run nothing but ours, tell nobody, keep nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

use super::Portal;
use crate::limits;

/// A page may name further places that its forms go to (the organization's own sign-in).
#[derive(Clone)]
pub(crate) struct FormsGoTo(pub(crate) String);

const ALWAYS: [(HeaderName, &str); 5] = [
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    ),
];

/// Adds the headers that every answer has.
pub(super) async fn add(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let further = response.extensions().get::<FormsGoTo>().map_or("", |to| to.0.as_str());
    let framed_by = match portal.config.framed_by.join(" ") {
        none if none.is_empty() => "'none'".to_owned(),
        some => some,
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self' {further}; base-uri 'none'; frame-ancestors {framed_by}"
    );
    let wait = match response.status() {
        StatusCode::TOO_MANY_REQUESTS => Some(limits::WAIT_AFTER_TOO_MANY),
        StatusCode::SERVICE_UNAVAILABLE => Some(limits::WAIT_FOR_DAEMON),
        _ => None,
    };
    let headers = response.headers_mut();
    if let Some(wait) = wait {
        // Who knows better has said so.
        headers.entry(RETRY_AFTER).or_insert(HeaderValue::from(wait.as_secs()));
    }
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        // What is no page of ours allows itself less.
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    if portal.config.framed_by.is_empty() {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    if portal.config.is_secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    // What is the same for everybody says so itself.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
