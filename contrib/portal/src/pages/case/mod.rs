//! `/case`: the steps of a recovery, and how they stand.
//!
//! Reading is in [`standing`], drawing in [`draw`], [`step`] and [`ends`]; [`events`] tells pages that something has
//! changed.

mod draw;
mod ends;
mod events;
mod live;
mod standing;
mod step;
mod texts;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::Deserialize;

use self::draw::Told;
use self::standing::State;
use self::texts::Kind;
use crate::desk::DeskError;
use crate::desk::views::Submitted;
use crate::secret::Secret;
use crate::web::{Form, Page, Portal, Problem, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/case", get(show))
        .route("/case/events", get(events::listen))
        .route("/case/start/{factor}", post(start))
        .route("/case/submit/{factor}", post(submit))
        .route("/case/cancel", post(cancel))
}

/// Whether the form for support can be sent in a case in this state.
pub(super) fn takes_support(case: &crate::desk::views::CaseView) -> bool {
    State::of(case).takes_support()
}

/// Which way the person picked where there are several.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Chosen {
    way: String,
}

async fn show(visit: Visit, asked: Result<Query<Chosen>, QueryRejection>) -> Result<Page, Problem> {
    let chosen = asked.map(|Query(chosen)| chosen).unwrap_or_default();
    standing_now(&visit, Some(&chosen.way), &Told::default()).await
}

/// The page of the case as it stands now.
async fn standing_now(visit: &Visit, chosen: Option<&str>, told: &Told) -> Result<Page, Problem> {
    let case = visit.portal.desk.show(visit.case()?).await?;
    Ok(match State::of(&case) {
        State::Recovered | State::Completed => visit.go_to("/case/finish"),
        _ => draw::page(visit, &case, chosen, told),
    })
}

#[derive(Deserialize)]
struct Empty {}

async fn start(
    visit: Visit,
    Path(factor): Path<String>,
    Form(Empty {}): Form<Empty>,
) -> Result<Page, Problem> {
    match visit.portal.desk.start(visit.case()?, &factor).await {
        Ok(_) => Ok(visit.go_to("/case")),
        Err(error) => refused(&visit, &factor, error).await,
    }
}

#[derive(Deserialize)]
struct Proof {
    #[serde(default)]
    proof: Secret,
    /// The second of two codes.
    #[serde(default)]
    next: Secret,
}

async fn submit(visit: Visit, Path(factor): Path<String>, Form(given): Form<Proof>) -> Result<Page, Problem> {
    let kind = Kind::of(&factor);
    if !kind.is_typed() {
        return Ok(visit.go_to("/case"));
    }
    let mut proof = vec![cleaned(kind, &given.proof)];
    proof.extend((kind == Kind::Resync).then(|| cleaned(kind, &given.next)));
    if let Some(told) = unusable(&visit, kind, &factor, &proof) {
        // No try is spent on what cannot be right.
        let page = standing_now(&visit, Some(&factor), &told).await?;
        return Ok(page.status_unless_moved(StatusCode::UNPROCESSABLE_ENTITY));
    }
    match visit.portal.desk.submit(visit.case()?, &factor, &proof).await {
        Ok(Submitted { accepted: Some(true), .. }) => Ok(visit.go_to("/case")),
        Ok(answer) => wrong(&visit, kind, &factor, &answer).await,
        Err(error) => refused(&visit, &factor, error).await,
    }
}

/// A proof that was not right: the same page, with the error at its field and how many tries are left.
async fn wrong(visit: &Visit, kind: Kind, factor: &str, answer: &Submitted) -> Result<Page, Problem> {
    let mut error = visit.say_with(&format!("case-wrong-{}", kind.key()), &[("channel", factor)]);
    if let Some(tries) = answer.tries_left.filter(|tries| *tries > 0) {
        error = format!("{error} {}", texts::say_number(visit, "case-tries", "tries", tries));
    }
    let told = Told { factor: factor.to_owned(), error, ..Told::default() };
    let page = standing_now(visit, Some(factor), &told).await?;
    Ok(page.status_unless_moved(StatusCode::UNPROCESSABLE_ENTITY))
}

/// What the daemon did not do: how things stand now, and why.
async fn refused(visit: &Visit, factor: &str, error: DeskError) -> Result<Page, Problem> {
    let until = error.until();
    match error {
        // Done already, by a double click, in another tab, or because the plan has changed.
        DeskError::WrongState(_) | DeskError::InvalidArgument(_) => Ok(visit.go_to("/case")),
        DeskError::RateLimited(_) => {
            let notice = match until {
                Some(until) => {
                    let time = until.strftime("%H:%M:%S UTC").to_string();
                    visit.say_with("case-too-soon", &[("time", &time)])
                }
                None => visit.say("case-too-often"),
            };
            let told = Told { factor: factor.to_owned(), notice, ..Told::default() };
            let page = standing_now(visit, Some(factor), &told).await?;
            Ok(page.status_unless_moved(StatusCode::TOO_MANY_REQUESTS))
        }
        other => Err(other.into()),
    }
}

async fn cancel(visit: Visit, Form(Empty {}): Form<Empty>) -> Result<Page, Problem> {
    match visit.portal.desk.cancel(visit.case()?).await {
        Ok(()) | Err(DeskError::WrongState(_)) => Ok(visit.go_to("/case")),
        Err(error) => Err(error.into()),
    }
}

/// A proof without what people type for their own eyes: spaces around it, and within digits also between them.
fn cleaned(kind: Kind, typed: &Secret) -> Secret {
    match kind {
        Kind::Password => typed.clone(),
        kind if kind.is_digits() => {
            let kept = typed.expose().chars().filter(|c| !c.is_whitespace() && *c != '-');
            Secret::new(kept.collect::<String>())
        }
        _ => Secret::new(typed.expose().trim()),
    }
}

/// What is wrong with a proof that cannot be right.
fn unusable(visit: &Visit, kind: Kind, factor: &str, proof: &[Secret]) -> Option<Told> {
    let about = [("channel", factor)];
    let wrong = proof.iter().enumerate().find_map(|(at, proof)| {
        let digits = proof.expose().bytes().all(|byte| byte.is_ascii_digit());
        let what = match proof.expose().len() {
            0 => "empty",
            6..=8 if digits => return None,
            _ if kind.is_digits() => "digits",
            _ => return None,
        };
        Some((at, visit.say_with(&format!("case-{what}-{}", kind.key()), &about)))
    });
    let same = kind == Kind::Resync && proof.first() == proof.get(1);
    let (at, error) = wrong.or_else(|| same.then(|| (1, visit.say("case-same-resync"))))?;
    Some(Told { factor: factor.to_owned(), error, second: at > 0, ..Told::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_cleaned_as_its_kind_is() {
        for (kind, typed, cleaned_up) in [
            (Kind::Password, " two words ", " two words "),
            (Kind::Email, " 123 456 ", "123456"),
            (Kind::Totp, "123-456", "123456"),
            (Kind::RecoveryCode, " abcd-efgh ", "abcd-efgh"),
            (Kind::Pass, "a b", "a b"),
        ] {
            assert_eq!(cleaned(kind, &Secret::new(typed)).expose(), cleaned_up, "{kind:?}");
        }
    }
}
