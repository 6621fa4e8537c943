//! `/` and `/sign-in…`: the built-in sign-in page, for small sites and the demonstration. Elsewhere `/` only leads to a
//! recovery.
//!
//! An account and its password, then a code of the device ([`code`]), with two ways on for who has trouble with it: to
//! put the device right ([`resync`]), or to recover.

mod code;
mod resync;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::parts::{Field, Kind, Tone, Wrong, field, notice, primary, secondary};
use super::{opening, shell};
use crate::desk::DeskError;
use crate::secret::Secret;
use crate::web::{Form, Page, Portal, Problem, Session, Stage, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/", get(first))
        .route("/sign-in", get(first).post(sign_in))
        .route("/sign-in/code", get(code::ask).post(code::read))
        .route("/sign-in/resync", get(resync::ask).post(resync::put_right))
        .route("/sign-out", get(first).post(sign_out))
}

/// The account whose password this browser has given, or that is signed in.
pub(super) fn account_of(visit: &Visit) -> Option<String> {
    built_in(visit).then(|| visit.portal.sessions.of(visit)).flatten().map(|session| session.account)
}

fn built_in(visit: &Visit) -> bool {
    visit.portal.config.sign_in.built_in
}

/// The session of a browser that has given a password and owes a code. Any other, also one that is signed in already,
/// belongs on the first page.
fn owes_code(visit: &Visit) -> Option<Session> {
    let session = built_in(visit).then(|| visit.portal.sessions.of(visit)).flatten();
    session.filter(|session| session.stage != Stage::SignedIn)
}

async fn first(visit: Visit) -> Page {
    if !built_in(&visit) {
        return landing(&visit);
    }
    match visit.portal.sessions.of(&visit) {
        Some(Session { account, stage: Stage::SignedIn }) => signed_in(&visit, &account),
        Some(_) | None => visit.page(&visit.say("sign-in-title"), &ask(&visit, "", &[])),
    }
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    account: String,
    #[serde(default)]
    password: Secret,
}

async fn sign_in(visit: Visit, Form(given): Form<Given>) -> Result<Page, Problem> {
    if !built_in(&visit) {
        return Err(Problem::NoPage);
    }
    let account = given.account.trim();
    let again = |wrong: &[Wrong<'_>]| {
        visit.page_with_errors(&visit.say("sign-in-title"), wrong, &ask(&visit, account, wrong))
    };
    let (no_account, no_password) =
        (visit.say("sign-in-account-missing"), visit.say("sign-in-password-missing"));
    let missing =
        [("account", account.is_empty(), &no_account), ("password", given.password.is_empty(), &no_password)];
    let missing: Vec<Wrong<'_>> = missing
        .into_iter()
        .filter(|(_, missing, _)| *missing)
        .map(|(field, _, message)| Wrong { field, message })
        .collect();
    if !missing.is_empty() {
        return Ok(again(&missing));
    }
    let verified = match visit.portal.desk.verify_password(account, &given.password).await {
        // What cannot be an account is none: it gets the same answer.
        Err(DeskError::InvalidArgument(_)) => "rejected".to_owned(),
        verified => verified?,
    };
    match verified.as_str() {
        "accepted" => visit.portal.sessions.owe_code(&visit, account, visit.go_to("/sign-in/code")),
        "throttled" => Ok(throttled(&visit, account, "sign-in-throttled-passwords")),
        _ => Ok(again(&[Wrong { field: "", message: &visit.say("sign-in-rejected") }])),
    }
}

async fn sign_out(visit: Visit, Form(Nothing {}): Form<Nothing>) -> Page {
    visit.portal.sessions.end(&visit, visit.go_to("/"))
}

#[derive(Deserialize)]
struct Nothing {}

fn ask(visit: &Visit, account: &str, wrong: &[Wrong<'_>]) -> Markup {
    let error = |name| wrong.iter().find(|one| one.field == name).map_or("", |one| one.message);
    html! {
        h1 { (visit.say("sign-in-title")) }
        (under_way(visit))
        (shell::form(visit, "/sign-in", &html! {
            (field(Field {
                name: "account",
                label: &visit.say("recover-account"),
                error: error("account"),
                autocomplete: "username",
                value: account,
                ..Field::default()
            }))
            (field(Field {
                name: "password",
                label: &visit.say("sign-in-password"),
                error: error("password"),
                kind: Kind::Password,
                autocomplete: "current-password",
                ..Field::default()
            }))
            (primary(&visit.say("sign-in-button")))
        }))
        h2 { (visit.say("sign-in-trouble")) }
        p { (visit.say("sign-in-trouble-hint")) }
        (opening::ask_for(visit, account))
    }
}

/// A recovery that this browser works on, so that who has lost the page finds back.
fn under_way(visit: &Visit) -> Markup {
    html! {
        @if visit.case().is_ok() {
            (notice(Tone::Info, &html! {
                p { (visit.say("recovery-under-way")) " " a href="/case" { (visit.say("recovery-go-on")) } }
            }))
        }
    }
}

fn landing(visit: &Visit) -> Page {
    let title = visit.say("landing-title");
    let content = html! {
        h1 { (title) }
        (under_way(visit))
        p class="lead" { (visit.say("landing-lead")) }
        p { (visit.say("landing-have-ready")) }
        p { a class="button" href="/recover" { (visit.say("landing-begin")) } }
    };
    visit.page(&title, &content)
}

fn signed_in(visit: &Visit, account: &str) -> Page {
    let title = visit.say("signed-in-title");
    let content = html! {
        h1 { (title) }
        (under_way(visit))
        dl class="facts" {
            dt { (visit.say("signed-in-account")) }
            dd { (account) }
        }
        (shell::form(visit, "/sign-out", &secondary(&visit.say("sign-out"))))
    };
    visit.page(&title, &content)
}

/// Too many tries: when to come back, and that nobody has to wait to recover. `why` is the key of what was tried.
fn throttled(visit: &Visit, account: &str, why: &str) -> Page {
    let title = visit.say("sign-in-throttled-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say(why)) }
        p { (visit.say("sign-in-throttled-next")) }
        h2 { (visit.say("sign-in-throttled-no-wait")) }
        p { (visit.say("sign-in-throttled-recover")) }
        (opening::ask_for(visit, account))
        p { a href="/" { (visit.say("sign-in-back")) } }
    };
    visit.page(&title, &content).status(StatusCode::TOO_MANY_REQUESTS)
}
