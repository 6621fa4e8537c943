//! The page of a case while it is proven: the list of steps, the open one unfolded.

use jiff::Timestamp;
use maud::{Markup, html};

use super::live::{heading, part};
use super::standing::{Stand, State, Step, Steps};
use super::{ends, events, step, texts};
use crate::desk::views::CaseView;
use crate::limits;
use crate::pages::parts::{Tone, Wrong, notice, time};
use crate::pages::shell;
use crate::web::{Page, Visit};

/// What happened to what the person has just sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// The step that it is about.
    pub(super) factor: String,
    /// What was wrong with what was typed.
    pub(super) error: String,
    /// In which of two fields.
    pub(super) second: bool,
    /// What else to know, where no field is to blame.
    pub(super) notice: String,
}

/// What the page is drawn from.
pub(super) struct Look<'a> {
    pub(super) visit: &'a Visit,
    pub(super) case: &'a CaseView,
    pub(super) state: State,
    pub(super) steps: Steps<'a>,
    pub(super) unfolded: Option<Step<'a>>,
    pub(super) told: &'a Told,
    pub(super) now: u64,
}

/// Draws the case as it stands. `chosen` is the way that the person picked, `told` what became of what they sent.
pub(super) fn page(visit: &Visit, case: &CaseView, chosen: Option<&str>, told: &Told) -> Page {
    let steps = Steps::of(case);
    let state = State::of(case);
    let unfolded = steps.unfolded(chosen).filter(|_| state == State::Proving);
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    let look = Look { visit, case, state, steps, unfolded, told, now };
    let content = match state {
        State::Proving => proving(&look),
        _ => ends::draw(&look),
    };
    let (title, content) = (title(&look), around(&look, &content));
    if !told.error.is_empty() {
        let field = match unfolded.filter(step::takes_proof) {
            Some(_) if told.second => "next",
            Some(_) => "proof",
            None => "",
        };
        return visit.page_with_errors(&title, &[Wrong { field, message: &told.error }], &content);
    }
    let is_calling = unfolded.is_some_and(|step| step.is_calling());
    let head = if is_calling { shell::go_on("/case", limits::CALL_LOOK) } else { Markup::default() };
    visit.page_with(&title, &head, &content)
}

/// What is around the parts that change: where the script hears of changes, and what it says when it does not.
fn around(look: &Look<'_>, content: &Markup) -> Markup {
    let visit = look.visit;
    let events = (!look.state.is_over())
        .then(|| format!("/case/events?seen={}", events::seen(look.case, &visit.browser)));
    let is_choice = look.steps.now.len() > 1;
    let page = match look.unfolded.filter(|_| is_choice) {
        Some(step) => format!("/case?way={}", step.factor),
        None => "/case".to_owned(),
    };
    html! {
        div id="live" role="status" aria-atomic="false" data-away=(visit.say("case-away"))
            data-back=(visit.say("case-back")) {
            p id="connection" class="notice info" hidden {}
            p id="said" class="visually-hidden" {}
        }
        div id="case" data-page=(page) data-events=[events] data-now=(look.now) { (content) }
    }
}

fn title(look: &Look<'_>) -> String {
    let visit = look.visit;
    match (look.state, look.unfolded) {
        (State::Proving, Some(step)) => texts::of_factor(visit, "title", &step),
        (State::Proving, None) => visit.say("case-title"),
        (state, _) => visit.say(&format!("case-{}-title", state.key())),
    }
}

fn proving(look: &Look<'_>) -> Markup {
    let visit = look.visit;
    let Steps { done, now, later, number, .. } = &look.steps;
    html! {
        h1 { (visit.say("case-title")) }
        @if let Some(account) = &look.case.account {
            p class="quiet" { (visit.say_with("case-account", &[("account", account)])) }
        }
        (told(look))
        ol class="steps" {
            @for (step, number) in done.iter().zip(1..) { (closed(look, step, number)) }
            @if !now.is_empty() { (open(look)) }
            @for (step, number) in later.iter().zip(number + 1..) { (closed(look, step, number)) }
        }
        @if now.is_empty() { (part("waiting", "", &html! { p { (visit.say("case-waiting")) } })) }
        (step::ways_out(look))
    }
}

/// What became of what the person did, where no field is to blame.
pub(super) fn told(look: &Look<'_>) -> Markup {
    let text = &look.told.notice;
    html! { @if !text.is_empty() { (notice(Tone::Warning, &html! { p { (text) } })) } }
}

/// A step that is done, or comes later: one line.
fn closed(look: &Look<'_>, step: &Step<'_>, number: usize) -> Markup {
    let (stand, class) = match step.stand {
        Stand::Proven => ("done", "step proven"),
        Stand::Open | Stand::Sent | Stand::Failed | Stand::Later => ("later", "step waiting"),
    };
    let badge = look.visit.say(&format!("case-{stand}"));
    let say = match step.stand {
        Stand::Proven => format!("{}: {badge}", texts::of_factor(look.visit, "title", step)),
        Stand::Open | Stand::Sent | Stand::Failed | Stand::Later => String::new(),
    };
    let content = html! { (name(look, step, number)) " " span class="badge" { (badge) } };
    html! { li class=(class) { (heading(&format!("{}-{stand}", step.factor), &say, &content)) } }
}

/// The open step, or the choice between several.
fn open(look: &Look<'_>) -> Markup {
    let (visit, number) = (look.visit, look.steps.number);
    let now = html! { " " span class="badge" { (visit.say("case-now")) } };
    let Some(step) = look.unfolded else {
        let content = html! { p { (visit.say("case-choose-text")) } (ways(look)) };
        return html! {
            li class="step open" aria-current="step" {
                (heading("choice-now", "", &html! {
                    (number_of(look, number)) " " (visit.say("case-choose")) (now)
                }))
                div class="step-body" { (part("choice", "", &content)) }
            }
        };
    };
    let class = match step.stand {
        Stand::Sent => "step sent",
        Stand::Failed => "step failed",
        Stand::Open | Stand::Proven | Stand::Later => "step open",
    };
    html! {
        li id="now" class=(class) aria-current="step" {
            (heading(&format!("{}-now", step.factor), "", &html! { (name(look, &step, number)) (now) }))
            div class="step-body" { (step::draw(look, &step)) }
        }
    }
}

/// The ways that can be gone beside the unfolded one. While the telephone rings there is none: nobody is to be led away
/// from it.
pub(super) fn ways(look: &Look<'_>) -> Markup {
    let calling = look.unfolded.is_some_and(|step| step.is_calling());
    let others: Vec<Step<'_>> = look.steps.others(look.unfolded).filter(|_| !calling).collect();
    html! {
        @if !others.is_empty() {
            ul class="ways" {
                @for step in others {
                    li {
                        a href={ "/case?way=" (step.factor) } { (texts::of_factor(look.visit, "title", &step)) }
                        @if let Some(hint) = &step.view.hint { " " span class="hint" { (hint) } }
                    }
                }
            }
        }
    }
}

fn name(look: &Look<'_>, step: &Step<'_>, number: usize) -> Markup {
    html! { (number_of(look, number)) " " (texts::of_factor(look.visit, "title", step)) }
}

/// "Step 2 of 3", for those who cannot see how the list is numbered.
fn number_of(look: &Look<'_>, number: usize) -> Markup {
    let (step, steps) = (number.to_string(), look.steps.total.max(number).to_string());
    html! { span class="visually-hidden" { (look.visit.say_with("case-step", &[("step", &step), ("steps", &steps)])) } }
}

/// Until when, in the reader's words.
pub(super) fn until(visit: &Visit, key: &str, unix: u64) -> Markup {
    html! { p { (texts::say_around(visit, key, "time", &time(unix))) } }
}
