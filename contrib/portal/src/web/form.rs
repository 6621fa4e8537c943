//! A form that was sent: by this browser, from a page of the portal, and no larger than a form is.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Portal, Problem, Visit};
use crate::secret::Secret;

/// The fields of a form, after the checks that every form passes.
pub(crate) struct Form<T>(pub(crate) T);

/// What every form carries beside its fields.
#[derive(Deserialize)]
struct Bound {
    #[serde(default)]
    form_token: Secret,
}

impl<T: DeserializeOwned> FromRequest<Arc<Portal>> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, portal: &Arc<Portal>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, portal).await?;
        check_origin(&parts.headers, &portal.config.public_url)?;
        let request = Request::from_parts(parts, body);
        let body = Bytes::from_request(request, &()).await.map_err(|_| Problem::TooLarge)?;
        let bound: Bound = serde_urlencoded::from_bytes(&body).map_err(|_| Problem::Malformed)?;
        // A browser that has just got its secret has no page of ours open.
        if visit.is_new || bound.form_token != visit.form_token() {
            return Err(Problem::Stale);
        }
        serde_urlencoded::from_bytes(&body).map(Self).map_err(|_| Problem::Malformed)
    }
}

/// Refuses what another site sends. Browsers without these headers are left to the form's own token; a page without
/// referrer sends `Origin: null`.
fn check_origin(headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let ours = |origin: &str| origin == "null" || public_url.trim_end_matches('/') == origin;
    let origin = text(ORIGIN.as_str()).is_none_or(ours);
    if site && origin { Ok(()) } else { Err(Problem::Stale) }
}
