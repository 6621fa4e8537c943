//! `/case/…`: one recovery with everything that happened in it, and what can be decided about it.

use std::sync::Arc;

use axum::extract::{Path, Query};
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};
use serde::Deserialize;

use super::actions::Action;
use super::frame::{self, badge, foreign};
use super::people::Person;
use super::views::Case;
use super::{Console, facts, live, refusals, timeline};
use crate::pages::parts::{self, Tone};
use crate::web::{Page, Portal, Problem, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/case/{handle}", get(show))
}

/// What has just been done, where the address says so.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

async fn show(
    visit: Visit,
    Extension(console): Extension<Arc<Console>>,
    Path(handle): Path<String>,
    Query(done): Query<Done>,
) -> Result<Page, Problem> {
    let case = match look(&console, &handle).await {
        Ok(case) => case,
        Err(error) => return refusals::page(&visit, &console, error, "Cases1.Show"),
    };
    let said = Action::named(&done.done).filter(|action| console.has_decided(&case, *action));
    let notice = said.map(|action| {
        let text = visit.say(&format!("console-done-{}", action.word()));
        parts::notice(Tone::Success, &html! { p role="status" { (text) } })
    });
    Ok(draw(&visit, &console, &handle, &case, &notice.unwrap_or_default()))
}

/// The case of a handle.
pub(super) async fn look(console: &Console, handle: &str) -> Result<Case, crate::desk::DeskError> {
    console.staff.show(handle).await
}

/// The page of a case, with something to know at its head.
pub(super) fn draw(visit: &Visit, console: &Console, handle: &str, case: &Case, notice: &Markup) -> Page {
    let account = super::plain::plain(case.account.as_deref().unwrap_or_default(), super::plain::Lines::One);
    let title = visit.say_with("console-case", &[("account", &account)]);
    let here = format!("/case/{handle}");
    let part = live::Part {
        here: &here,
        events: &format!("{here}/events?"),
        version: &version_of(case),
        say: &timeline::latest(visit, case),
    };
    let content = html! {
        h1 { (visit.say("console-case-of")) " " bdi { (account) } }
        (notice)
        (part.draw(visit, &html! {
            (standing(visit, case))
            (actions(visit, console, handle, case))
            (facts::draw(visit, console, case))
            (timeline::draw(visit, case))
        }))
    };
    frame::page(visit, console, &title, &content)
}

/// What the page of a case is known by.
pub(super) fn version_of(case: &Case) -> String {
    live::version((case.version(), case.state()))
}

fn standing(visit: &Visit, case: &Case) -> Markup {
    let to = case.support.as_ref().and_then(|support| support.to.as_deref());
    html! {
        p class="standing" {
            (badge(visit, case.state()))
            @if let Some(to) = to { " " (visit.say("console-with")) " " (foreign(to)) }
        }
        @if let Some(because) = &case.because {
            p class="why" { (visit.say("console-because")) " " (foreign(because)) }
        }
    }
}

/// What can be decided now: each on a page of its own, which says what it does.
fn actions(visit: &Visit, console: &Console, handle: &str, case: &Case) -> Markup {
    let possible = console.possible(case);
    html! {
        section class="no-print" aria-labelledby="actions" {
            h2 id="actions" { (visit.say("console-actions")) }
            @if case.own == Some(true) {
                (parts::notice(Tone::Warning, &html! { p { (visit.say("console-own")) } }))
            } @else if possible.is_empty() {
                p { (visit.say("console-nothing-to-do")) }
            }
            @if console.has_approved(case) && case.own != Some(true) {
                p { (visit.say("console-approved-already")) }
            }
            @if !possible.is_empty() {
                ul class="decisions" {
                    @for action in possible {
                        li {
                            a class="button" href={ "/case/" (handle) "/" (action.word()) } {
                                (visit.say(&format!("console-do-{}", action.word())))
                            }
                            " "
                            span class="hint" { (visit.say(&format!("console-hint-{}", action.word()))) }
                        }
                    }
                }
            }
        }
    }
}

impl Console {
    /// What whoever works here can decide about this case. The daemon has the last word.
    pub(super) fn possible(&self, case: &Case) -> Vec<Action> {
        let is_known = case.facts.as_ref().and_then(|facts| facts.known) != Some(false);
        let has_address = case.facts.as_ref().is_some_and(|facts| facts.email.is_some());
        let asks = |step: &super::views::Step| {
            step.factor.as_deref() == Some("approval")
                && matches!(step.state.as_deref(), Some("open" | "failed"))
        };
        let waits = case.steps.iter().flatten().any(asks);
        let state = case.state();
        let fits = |action: &Action| match action {
            Action::Approve => state == "proving" && is_known && waits && !self.has_approved(case),
            Action::Pass => state == "escalated" && is_known && has_address,
            Action::Reset => state == "escalated" && is_known,
            Action::Deny => matches!(state, "proving" | "held" | "recovered" | "escalated"),
        };
        if case.own == Some(true) {
            return Vec::new();
        }
        Action::ALL.into_iter().filter(fits).collect()
    }

    /// Whether whoever works here has approved this case.
    pub(super) fn has_approved(&self, case: &Case) -> bool {
        case.approvals.iter().flatten().any(|actor| *actor == self.officer.actor())
    }

    /// Whether the last decision about this case is this one, by whoever works here.
    fn has_decided(&self, case: &Case, action: Action) -> bool {
        let decided = |kind: &str| matches!(kind, "approved" | "resolved" | "denied");
        let last = case.history().iter().rev().find(|entry| decided(entry.kind()));
        last.is_some_and(|entry| {
            let mine = entry.actor.as_deref().and_then(Person::of_actor).as_ref() == Some(&self.officer);
            mine && action.is_told_by(entry)
        })
    }
}
