//! `/recover`: for which account, and why.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use maud::html;
use serde::Deserialize;
use zbus::Variant;

use super::shell;
use crate::desk::Dict;
use crate::web::{Cookie, Form, Page, Portal, Problem, Visit};

/// Why a device is of no use any more.
const REASONS: [&str; 5] = ["lost", "stolen", "damaged", "not_working", "out_of_sync"];

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/recover", get(ask).post(open))
}

async fn ask(visit: Visit) -> Page {
    let title = visit.say("recover-title");
    let content = html! {
        h1 { (title) }
        (shell::form(&visit, "/recover", &html! {
            label { (visit.say("recover-account")) input name="account" autocomplete="username" required; }
            fieldset {
                legend { (visit.say("recover-reason")) }
                @for reason in REASONS {
                    label { input type="radio" name="reason" value=(reason) required; (visit.say(&format!("reason-{}", reason.replace('_', "-")))) }
                }
            }
            button { (visit.say("continue")) }
        }))
    };
    visit.page(&title, &content)
}

#[derive(Deserialize)]
struct Opening {
    account: String,
    reason: String,
}

async fn open(visit: Visit, Form(opening): Form<Opening>) -> Result<Page, Problem> {
    let mut context = Dict::from([
        ("browser", Variant::from(visit.browser.expose().to_owned())),
        ("locale", Variant::from(visit.language.tag.clone())),
    ]);
    if let Some(address) = visit.client.0 {
        context.insert("address", Variant::from(address.to_string()));
    }
    if let Some(agent) = &visit.user_agent {
        context.insert("user_agent", Variant::from(agent.chars().take(256).collect::<String>()));
    }
    let case = visit.portal.desk.open(opening.account.trim(), &opening.reason, context).await?;
    Ok(visit.go_to("/case").set(&visit, Cookie::Case, &case))
}
