//! What went wrong with a request, as a page with a way on.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::html;

use super::{Portal, Visit};
use crate::desk::DeskError;

/// Why a page is not what was asked for. It says nothing that an attacker could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// There is no such page.
    NoPage,
    /// This browser works on no case, or it is over and gone.
    NoCase,
    /// The form was not sent from a page that this browser has open.
    Stale,
    /// The form is no form of ours.
    Malformed,
    /// More than any form here holds.
    TooLarge,
    /// What was asked for is not possible now: done already, or no longer.
    Over,
    /// Too much, too fast.
    TooMany,
    /// The portal cannot do it now.
    Unavailable,
    /// The daemon is not there: it is being restarted.
    Away,
    /// The portal may not: the bus configuration does not let it.
    NotLetIn,
}

impl Problem {
    /// The end of the texts' keys.
    const fn key(self) -> &'static str {
        match self {
            Self::NoPage => "no-page",
            Self::NoCase => "no-case",
            Self::Stale => "stale",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Over => "over",
            Self::TooMany => "too-many",
            Self::Unavailable => "unavailable",
            Self::Away => "away",
            Self::NotLetIn => "not-let-in",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::NoPage | Self::NoCase => StatusCode::NOT_FOUND,
            Self::Stale => StatusCode::FORBIDDEN,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Over => StatusCode::CONFLICT,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::Away | Self::NotLetIn => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::NotFound(_) => Self::NoCase,
            DeskError::WrongState(_) | DeskError::Refused(_) => Self::Over,
            DeskError::InvalidArgument(_) => Self::Malformed,
            DeskError::RateLimited(_) => Self::TooMany,
            DeskError::Unavailable(_) => Self::Unavailable,
            DeskError::NotAuthorized(text) => {
                tracing::error!(%text, "the daemon does not let the portal in: look at the bus configuration");
                Self::NotLetIn
            }
            DeskError::Gone(text) => {
                tracing::warn!(%text, "the daemon cannot be reached");
                Self::Away
            }
        }
    }
}

/// Only marks the answer; [`draw`] knows the visitor's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Draws the page of a problem that a handler has met.
pub(super) async fn draw(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = match Visit::from_request_parts(&mut parts, &portal).await {
        Ok(visit) => visit,
        Err(problem) => return problem.status().into_response(),
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(problem) = response.extensions().get::<Problem>().copied() else { return response };
    let key = problem.key();
    let title = visit.say(&format!("problem-{key}"));
    let content = html! {
        h1 { (title) }
        p { (visit.say(&format!("problem-{key}-next"))) }
        p { a class="button" href="/" { (visit.say("problem-start-over")) } }
    };
    visit.page(&title, &content).status(problem.status()).into_response()
}
