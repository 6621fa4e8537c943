//! What went wrong with a request, as a page with a way on.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::{LocalPath, Page, Portal, Visit};
use crate::desk::DeskError;
use crate::limits;
use crate::pages::shell;

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

    /// Whether the person's own recovery is where to go on.
    const fn leads_to_case(self) -> bool {
        match self {
            Self::Stale
            | Self::Malformed
            | Self::TooLarge
            | Self::Over
            | Self::TooMany
            | Self::Unavailable
            | Self::NoPage => true,
            Self::NoCase | Self::Away | Self::NotLetIn => false,
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
    let back = way_back(&parts);
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(problem) = response.extensions().get::<Problem>().copied() else { return response };
    page(&visit, problem, &back).into_response()
}

/// The page of a problem. `back` is the page to go on with where the service is only away.
fn page(visit: &Visit, problem: Problem, back: &LocalPath) -> Page {
    let key = problem.key();
    let title = visit.say(&format!("problem-{key}"));
    let back = back.as_str();
    let (head, retry) = match problem {
        Problem::Away => (shell::go_on(back, limits::AWAY_LOAD), Some(back)),
        _ => (Markup::default(), None),
    };
    let in_case = problem.leads_to_case() && visit.case().is_ok();
    let content = html! {
        h1 { (title) }
        p role=[retry.map(|_| "status")] data-retry=[retry] { (visit.say(&format!("problem-{key}-next"))) }
        p class="actions" {
            @if let Some(back) = retry {
                a class="button" href=(back) { (visit.say("problem-look-again")) }
            } @else {
                @if in_case { a class="button" href="/case" { (visit.say("problem-to-case")) } }
                a class={ "button" @if in_case { " secondary" } } href="/" { (visit.say("problem-start-over")) }
            }
        }
    };
    visit.page_with(&title, &head, &content).status(problem.status())
}

/// The page to go on with after a request that met no daemon. A form is not sent again by itself: nobody knows whether
/// it was done, and the page that it came from shows that.
fn way_back(request: &Parts) -> LocalPath {
    let path = request.uri.path();
    let asked = request.uri.path_and_query().map_or(path, PathAndQuery::as_str);
    LocalPath::from(match (&request.method, path) {
        (&Method::GET, _) => asked.to_owned(),
        (_, "/case/support") => path.to_owned(),
        (_, path) if path.starts_with("/case") => "/case".to_owned(),
        (_, path) if path.starts_with("/sign-in") => "/".to_owned(),
        (_, path) => path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn a_form_that_met_no_daemon_is_not_sent_again() {
        for (method, path, back) in [
            ("GET", "/case?way=email", "/case?way=email"),
            ("GET", "/link/abc", "/link/abc"),
            ("POST", "/case/submit/email", "/case"),
            ("POST", "/case/cancel", "/case"),
            ("POST", "/case/support", "/case/support"),
            ("POST", "/link/abc", "/link/abc"),
            ("POST", "/recover", "/recover"),
            ("POST", "/sign-in/code", "/"),
            ("GET", "//evil.example/x", "/"),
            ("POST", "//evil.example/x", "/"),
        ] {
            let request = Request::builder().method(method).uri(path).body(()).unwrap();
            assert_eq!(way_back(&request.into_parts().0).as_str(), back, "{method} {path}");
        }
    }
}
