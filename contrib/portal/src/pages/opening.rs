//! `/recover`: for which account, and why. A recovery that this browser is working on is never silently replaced.

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use zbus::Variant;

use super::hand_over::{Asked, HandOver};
use super::parts::{Choices, Field, Wrong, choices, field, primary, secondary, time};
use super::{shell, sign_in};
use crate::desk::views::CaseView;
use crate::desk::{DeskError, Dict};
use crate::limits;
use crate::secret::Secret;
use crate::web::{Cookie, Form, Page, Portal, Problem, Visit};

/// Why a device is of no use any more.
const REASONS: [&str; 5] = ["lost", "stolen", "damaged", "not_working", "out_of_sync"];
/// The states of a case that can be gone on with.
const UNDER_WAY: [&str; 4] = ["proving", "held", "escalated", "recovered"];

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/recover", get(ask).post(open))
        .route("/recover/again", post(start_over))
        .route("/recover/go-on", post(go_on))
}

/// The way to a recovery from another page; the account is filled in where it was typed there.
pub(super) fn ask_for(visit: &Visit, account: &str) -> Markup {
    let text = visit.say("recover-begin");
    html! {
        @if account.is_empty() {
            p { a class="button secondary" href="/recover" { (text) } }
        } @else {
            // By a form, since an account's name does not belong into an address.
            (shell::form(visit, "/recover", &html! {
                input type="hidden" name="account" value=(account);
                input type="hidden" name="ask" value="yes";
                (secondary(&text))
            }))
        }
    }
}

async fn ask(visit: Visit, RawQuery(query): RawQuery) -> Result<Page, Problem> {
    let asked = match Asked::read(&visit.portal.config.clients, query.as_deref().unwrap_or_default()) {
        Ok(asked) => asked,
        Err(wrong) => return Ok(wrong.page(&visit)),
    };
    let from = asked.hand_over.as_ref();
    if let Some(case) = under_way(&visit).await? {
        return Ok(offer(&visit, &case, from));
    }
    let account = match asked.login_hint.trim() {
        "" => sign_in::account_of(&visit).unwrap_or_default(),
        hint => hint.to_owned(),
    };
    Ok(visit.page(&visit.say("recover-title"), &draw(&visit, (&account, ""), &[], from)))
}

#[derive(Deserialize)]
struct Opening {
    #[serde(default)]
    account: String,
    #[serde(default)]
    reason: String,
    /// Given if the form is yet to be filled in.
    #[serde(default)]
    ask: String,
    /// Where the person comes from.
    #[serde(default)]
    hand_over: Secret,
}

async fn open(visit: Visit, Form(opening): Form<Opening>) -> Result<Page, Problem> {
    // Another tab may have begun one meanwhile.
    let from = HandOver::brought(&visit.portal.config.clients, &opening.hand_over);
    let from = from.as_ref();
    if let Some(case) = under_way(&visit).await? {
        return Ok(offer(&visit, &case, from));
    }
    let (account, reason) = (opening.account.trim(), opening.reason.as_str());
    let title = visit.say("recover-title");
    if !opening.ask.is_empty() {
        return Ok(visit.page(&title, &draw(&visit, (account, ""), &[], from)));
    }
    let again = |wrong: &[Wrong<'_>]| {
        visit.page_with_errors(&title, wrong, &draw(&visit, (account, reason), wrong, from))
    };
    let (no_account, no_reason) = (visit.say("recover-account-missing"), visit.say("recover-reason-missing"));
    let missing =
        [("account", account.is_empty(), &no_account), ("reason", !REASONS.contains(&reason), &no_reason)];
    let missing: Vec<Wrong<'_>> = missing
        .into_iter()
        .filter(|(_, missing, _)| *missing)
        .map(|(field, _, message)| Wrong { field, message })
        .collect();
    if !missing.is_empty() {
        return Ok(again(&missing));
    }
    match visit.portal.desk.open(account, reason, context(&visit)).await {
        Ok(case) => {
            let page = visit.go_to("/case").set(&visit, Cookie::Case, &case);
            Ok(HandOver::keep(from, page, &visit, &case))
        }
        Err(DeskError::InvalidArgument(_)) => {
            Ok(again(&[Wrong { field: "account", message: &visit.say("recover-account-malformed") }]))
        }
        Err(DeskError::RateLimited(_)) => Ok(too_many(&visit)),
        Err(error) => Err(error.into()),
    }
}

/// A form that is a button alone, and where the person comes from.
#[derive(Deserialize)]
struct From {
    #[serde(default)]
    hand_over: Secret,
}

/// Goes on with the recovery that this browser works on; at its end the person gets back to where they now come from.
async fn go_on(visit: Visit, Form(from): Form<From>) -> Result<Page, Problem> {
    let from = HandOver::brought(&visit.portal.config.clients, &from.hand_over);
    let page = visit.go_to("/case");
    Ok(match (&from, visit.case()) {
        (Some(_), Ok(case)) => HandOver::keep(from.as_ref(), page, &visit, case),
        _ => page,
    })
}

/// Forgets the recovery that this browser works on. What nobody but this browser can go on with ends; what support
/// has, or what only waits, is left to its own end.
async fn start_over(visit: Visit, Form(from): Form<From>) -> Result<Page, Problem> {
    if let Ok(case) = visit.case() {
        let is_proving =
            under_way(&visit).await?.is_some_and(|case| case.state.as_deref() == Some("proving"));
        if is_proving {
            match visit.portal.desk.cancel(case).await {
                // It is over by itself meanwhile.
                Ok(()) | Err(DeskError::NotFound(_) | DeskError::WrongState(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let from = HandOver::brought(&visit.portal.config.clients, &from.hand_over);
    let page = match &from {
        // Whoever sent the person here is not forgotten by it.
        Some(_) => visit.page(&visit.say("recover-title"), &draw(&visit, ("", ""), &[], from.as_ref())),
        None => visit.go_to("/recover"),
    };
    Ok(page.remove(&visit, Cookie::Case).remove(&visit, Cookie::HandOver))
}

/// The recovery that this browser is working on, if it can be gone on with.
async fn under_way(visit: &Visit) -> Result<Option<CaseView>, Problem> {
    let Ok(case) = visit.case() else { return Ok(None) };
    match visit.portal.desk.show(case).await {
        Ok(case) => Ok(Some(case).filter(is_under_way)),
        Err(DeskError::NotFound(_) | DeskError::InvalidArgument(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_under_way(case: &CaseView) -> bool {
    case.state.as_deref().is_some_and(|state| UNDER_WAY.contains(&state))
}

/// Who asks, for the policy and for the messages.
fn context(visit: &Visit) -> Dict {
    let mut context = Dict::from([
        ("browser", Variant::from(visit.browser.expose().to_owned())),
        ("locale", Variant::from(visit.language.tag.clone())),
    ]);
    if let Some(address) = visit.client.0 {
        context.insert("address", Variant::from(address.to_string()));
    }
    if let Some(agent) = &visit.user_agent {
        let agent: String = agent.chars().take(limits::USER_AGENT_CHARS).collect();
        context.insert("user_agent", Variant::from(agent));
    }
    context
}

fn draw(visit: &Visit, given: (&str, &str), wrong: &[Wrong<'_>], from: Option<&HandOver>) -> Markup {
    let (account, reason) = given;
    let error = |name| wrong.iter().find(|one| one.field == name).map_or("", |one| one.message);
    let key = |reason: &str| format!("reason-{}", reason.replace('_', "-"));
    let answers = REASONS.map(|reason| (reason, visit.say(&key(reason))));
    let explanations = REASONS.map(|reason| visit.say(&format!("{}-hint", key(reason))));
    html! {
        h1 { (visit.say("recover-title")) }
        p class="lead" { (visit.say("recover-lead")) }
        (shell::form(visit, "/recover", &html! {
            (field(Field {
                name: "account",
                label: &visit.say("recover-account"),
                hint: &visit.say("recover-account-hint"),
                error: error("account"),
                autocomplete: "username",
                value: account,
                ..Field::default()
            }))
            (choices(Choices {
                name: "reason",
                legend: &visit.say("recover-reason"),
                error: error("reason"),
                chosen: reason,
                answers: &answers,
                explanations: &explanations,
                ..Choices::default()
            }))
            (carried(from))
            (primary(&visit.say("continue")))
        }))
        p class="quiet" { (visit.say("recover-told")) }
    }
}

/// What a form carries along of where the person comes from.
fn carried(from: Option<&HandOver>) -> Markup {
    html! { @if let Some(from) = from { input type="hidden" name="hand_over" value=(from.carried().expose()); } }
}

fn offer(visit: &Visit, case: &CaseView, from: Option<&HandOver>) -> Page {
    let title = visit.say("recover-offer-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("recovery-under-way")) }
        dl class="facts" {
            @if let Some(account) = &case.account {
                dt { (visit.say("recover-offer-account")) }
                dd { (account) }
            }
            @if let Some(at) = case.opened_at {
                dt { (visit.say("recover-offer-since")) }
                dd { (time(at)) }
            }
        }
        @if from.is_some() {
            (shell::form(visit, "/recover/go-on", &html! { (carried(from)) (primary(&visit.say("recovery-go-on"))) }))
        } @else {
            p { a class="button" href="/case" { (visit.say("recovery-go-on")) } }
        }
        h2 { (visit.say("recover-offer-again")) }
        p { (visit.say("recover-offer-again-hint")) }
        (shell::form(visit, "/recover/again", &html! { (carried(from)) (secondary(&visit.say("recover-offer-again-button"))) }))
    };
    visit.page(&title, &content)
}

/// Too many were opened for the account, or from here.
fn too_many(visit: &Visit) -> Page {
    let title = visit.say("recover-too-many-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("recover-too-many-why")) }
        h2 { (visit.say("recover-too-many-what-now")) }
        ul {
            li { (visit.say("recover-too-many-running")) }
            li { (visit.say("recover-too-many-wait")) }
            li { (visit.say("recover-too-many-support")) }
        }
        p { a href="/" { (visit.say("recover-too-many-back")) } }
    };
    visit.page(&title, &content).status(StatusCode::TOO_MANY_REQUESTS)
}
