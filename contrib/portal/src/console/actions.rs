//! `/case/…/approve`, `pass`, `reset`, `deny`: each on a page that says what it does, and why it is done.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};
use serde::Deserialize;

use super::frame::{self, foreign};
use super::plain::{Lines, plain};
use super::views::{Case, Entry};
use super::{Console, case, refusals};
use crate::desk::DeskError;
use crate::limits::REASON_BYTES;
use crate::pages::parts::{self, Field, Kind, Tone, Wrong};
use crate::pages::shell;
use crate::web::{Form, LocalPath, Page, Portal, Problem, Visit};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/case/{handle}/{action}", get(ask).post(act))
}

/// What staff decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Vouch for the person, where the plan asks for it.
    Approve,
    /// Send a pass to the address on file.
    Pass,
    /// Recover the account now.
    Reset,
    /// Refuse the recovery.
    Deny,
}

impl Action {
    pub(super) const ALL: [Self; 4] = [Self::Approve, Self::Pass, Self::Reset, Self::Deny];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Pass => "pass",
            Self::Reset => "reset",
            Self::Deny => "deny",
        }
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// The right that it takes.
    const fn right(self) -> &'static str {
        match self {
            Self::Approve => "Cases1.Approve",
            Self::Pass | Self::Reset => "Cases1.Resolve",
            Self::Deny => "Cases1.Deny",
        }
    }

    /// Whether this entry of the journal tells of it.
    pub(super) fn is_told_by(self, entry: &Entry) -> bool {
        let detail = entry.detail.as_deref().unwrap_or_default();
        let resolution = || serde_json::from_str::<serde_json::Value>(detail).unwrap_or_default();
        match self {
            Self::Approve => entry.kind() == "approved",
            Self::Deny => entry.kind() == "denied",
            Self::Pass | Self::Reset => {
                entry.kind() == "resolved" && resolution()["resolution"] == self.word()
            }
        }
    }
}

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Decision {
    because: String,
    /// The name of the account, where it is to be typed.
    account: String,
    /// The last turn of the case that the page told of.
    turn: u64,
}

/// What is wrong with it; empty if nothing.
#[derive(Default)]
struct Mistakes {
    because: String,
    account: String,
}

async fn ask(
    visit: Visit,
    Extension(console): Extension<Arc<Console>>,
    Path((handle, action)): Path<(String, String)>,
) -> Result<Page, Problem> {
    let action = Action::named(&action).ok_or(Problem::NoPage)?;
    let case = match case::look(&console, &handle).await {
        Ok(case) => case,
        Err(error) => return refusals::page(&visit, &console, error, "Cases1.Show"),
    };
    if !console.possible(&case).contains(&action) {
        return Ok(over(&visit, &console, &handle, &case));
    }
    let decision = Decision { turn: case.turn(), ..Decision::default() };
    Ok(draw(&visit, &console, (&handle, &case), action, &decision, &Mistakes::default(), &html! {}))
}

async fn act(
    visit: Visit,
    Extension(console): Extension<Arc<Console>>,
    Path((handle, action)): Path<(String, String)>,
    Form(mut decision): Form<Decision>,
) -> Result<Page, Problem> {
    let action = Action::named(&action).ok_or(Problem::NoPage)?;
    let case = match console.staff.show(&handle).await {
        Ok(case) => case,
        Err(error) => return refusals::page(&visit, &console, error, "Cases1.Show"),
    };
    if !console.possible(&case).contains(&action) {
        return Ok(over(&visit, &console, &handle, &case));
    }
    if decision.turn != case.turn() {
        // What was decided was decided about something else.
        decision.turn = case.turn();
        let notice = parts::notice(Tone::Warning, &html! { p { (visit.say("console-turned")) } });
        let page = draw(&visit, &console, (&handle, &case), action, &decision, &Mistakes::default(), &notice);
        return Ok(page.status(StatusCode::CONFLICT));
    }
    let mistakes = check(&visit, action, &decision, &case);
    if !mistakes.because.is_empty() || !mistakes.account.is_empty() {
        return Ok(draw(&visit, &console, (&handle, &case), action, &decision, &mistakes, &html! {}));
    }
    // One line: the journal and its readers have lines of their own.
    let because = decision.because.split_whitespace().collect::<Vec<_>>().join(" ");
    let because = because.as_str();
    let done = match action {
        Action::Approve => console.staff.approve(&handle, because).await,
        Action::Deny => console.staff.deny(&handle, because).await,
        Action::Pass | Action::Reset => console.staff.resolve(&handle, action.word(), because).await,
    };
    match done {
        Ok(()) => {
            let to = LocalPath::from(format!("/case/{handle}?done={}", action.word()));
            Ok(visit.go_back_to(&to))
        }
        Err(DeskError::WrongState(_)) => {
            let case = console.staff.show(&handle).await?;
            Ok(over(&visit, &console, &handle, &case))
        }
        Err(DeskError::RateLimited(_) | DeskError::Refused(_)) => {
            let said = visit.say(&format!("console-cannot-{}", action.word()));
            let notice = parts::notice(Tone::Error, &html! { p { (said) } });
            let mistakes = Mistakes::default();
            let page = draw(&visit, &console, (&handle, &case), action, &decision, &mistakes, &notice);
            Ok(page.status(StatusCode::CONFLICT))
        }
        Err(error) => refusals::page(&visit, &console, error, action.right()),
    }
}

fn check(visit: &Visit, action: Action, decision: &Decision, case: &Case) -> Mistakes {
    let because = match decision.because.trim() {
        "" => visit.say("console-because-missing"),
        long if long.len() > REASON_BYTES => visit.say("console-because-long"),
        _ => String::new(),
    };
    let named = case.account.as_deref().map(str::trim) == Some(decision.account.trim());
    let account = match action {
        Action::Reset if !named => visit.say("console-account-differs"),
        Action::Approve | Action::Pass | Action::Reset | Action::Deny => String::new(),
    };
    Mistakes { because, account }
}

/// It was done already, or is not possible any more: how things stand now.
fn over(visit: &Visit, console: &Console, handle: &str, case: &Case) -> Page {
    let notice = parts::notice(Tone::Warning, &html! { p role="status" { (visit.say("console-over")) } });
    case::draw(visit, console, handle, case, &notice).status(StatusCode::CONFLICT)
}

fn draw(
    visit: &Visit,
    console: &Console,
    (handle, case): (&str, &Case),
    action: Action,
    decision: &Decision,
    mistakes: &Mistakes,
    notice: &Markup,
) -> Page {
    let say = |part: &str| visit.say(&format!("console-{part}-{}", action.word()));
    let account = case.account.as_deref().unwrap_or_default();
    let title = say("ask");
    let address = case.facts.as_ref().and_then(|facts| facts.email.as_deref());
    let content = html! {
        h1 { (title) }
        (notice)
        dl class="facts" {
            dt { (visit.say("console-fact-account")) }
            dd { (foreign(account)) }
            @if let Some(address) = address.filter(|_| action == Action::Pass) {
                dt { (visit.say("console-fact-email")) }
                dd { (foreign(address)) }
            }
        }
        p { (say("does")) }
        (shell::form(visit, &format!("/case/{handle}/{}", action.word()), &html! {
            input type="hidden" name="turn" value=(decision.turn);
            @if action == Action::Reset {
                (parts::field(Field {
                    name: "account",
                    label: &visit.say_with("console-type-account", &[("account", &plain(account, Lines::One))]),
                    error: &mistakes.account,
                    autocomplete: "off",
                    value: &decision.account,
                    ..Field::default()
                }))
            }
            (parts::field(Field {
                name: "because",
                label: &visit.say("console-because-label"),
                hint: &visit.say("console-because-hint"),
                error: &mistakes.because,
                kind: Kind::Lines,
                value: &decision.because,
                ..Field::default()
            }))
            (parts::primary(&say("do")))
        }))
        p { a href={ "/case/" (handle) } { (visit.say("console-back")) } }
    };
    let wrong: Vec<Wrong<'_>> = [("account", &mistakes.account), ("because", &mistakes.because)]
        .into_iter()
        .filter(|(_, message)| !message.is_empty())
        .map(|(field, message)| Wrong { field, message })
        .collect();
    if wrong.is_empty() {
        return frame::page(visit, console, &title, &content);
    }
    frame::page_with_errors(visit, console, &title, &wrong, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_known_by_its_entry() {
        let entry = |kind: &str, detail: &str| Entry {
            kind: Some(kind.to_owned()),
            detail: Some(detail.to_owned()),
            ..Entry::default()
        };
        let told = |entry: &Entry| {
            Action::ALL.into_iter().filter(|action| action.is_told_by(entry)).collect::<Vec<_>>()
        };
        assert_eq!(told(&entry("approved", "{}")), [Action::Approve]);
        assert_eq!(told(&entry("denied", "{}")), [Action::Deny]);
        assert_eq!(told(&entry("resolved", r#"{"resolution":"pass"}"#)), [Action::Pass]);
        assert_eq!(told(&entry("resolved", r#"{"resolution":"reset"}"#)), [Action::Reset]);
        assert_eq!(told(&entry("resolved", "")), []);
        assert_eq!(Action::ALL.map(|action| Action::named(action.word())), Action::ALL.map(Some));
        assert_eq!(Action::named("state"), None);
    }
}
