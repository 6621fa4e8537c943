//! `/case`: the steps of a recovery, and how they stand.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;

use super::shell;
use crate::desk::views::StepView;
use crate::secret::Secret;
use crate::web::{Form, Page, Portal, Problem, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/case", get(show))
        .route("/case/start/{factor}", post(start))
        .route("/case/submit/{factor}", post(submit))
}

async fn show(visit: Visit) -> Result<Page, Problem> {
    let case = visit.portal.desk.show(visit.case()?).await?;
    let title = visit.say("case-title");
    let content = html! {
        h1 { (title) }
        p { (case.state.as_deref().unwrap_or_default()) }
        ol {
            @for step in case.steps.iter().flatten() { li { (draw(&visit, step)) } }
        }
    };
    Ok(visit.page(&title, &content))
}

fn draw(visit: &Visit, step: &StepView) -> Markup {
    let factor = step.factor.as_deref().unwrap_or_default();
    html! {
        h2 { (factor) " " (step.state.as_deref().unwrap_or_default()) }
        @if let Some(code) = &step.code { p class="digits" { (code) } }
        (shell::form(visit, &format!("/case/start/{factor}"), &html! { button { "start" } }))
        (shell::form(visit, &format!("/case/submit/{factor}"), &html! {
            label { "proof" input name="proof"; }
            button { (visit.say("continue")) }
        }))
    }
}

#[derive(Deserialize)]
struct Empty {}

async fn start(
    visit: Visit,
    Path(factor): Path<String>,
    Form(Empty {}): Form<Empty>,
) -> Result<Page, Problem> {
    visit.portal.desk.start(visit.case()?, &factor).await?;
    Ok(visit.go_to("/case"))
}

#[derive(Deserialize)]
struct Proof {
    proof: Secret,
}

async fn submit(visit: Visit, Path(factor): Path<String>, Form(given): Form<Proof>) -> Result<Page, Problem> {
    visit.portal.desk.submit(visit.case()?, &factor, &[given.proof]).await?;
    Ok(visit.go_to("/case"))
}
