//! The screen while factors are being proven.

use readmit_recovery::limits::TRIES_PER_CHALLENGE;

use super::case::{Case, Step, StepState};
use super::screen::{Action, Choice, Entry, Screen, Session, ways_out};
use super::{digits, words};
use crate::time::{span, until};

/// What a person reads and can do while `case` is proving.
pub fn screen(case: &Case, session: &Session, now: u64) -> Screen {
    let current = case.current(session.factor.as_deref());
    let factor = current.map(|step| step.factor.as_str());
    let mut text = vec![format!("Case {} of {}, open for {}", session.case, case.account, left(case, now))];
    text.extend(case.steps.iter().map(|step| words::step(step, Some(step.factor.as_str()) == factor)));
    text.push(String::new());
    let mut screen = match current {
        Some(step) => of_step(step, now),
        None => waiting(case),
    };
    text.append(&mut screen.text);
    screen.text = text;
    let others = case.steps.iter().filter(|step| step.is_at_hand() && Some(step.factor.as_str()) != factor);
    for (key, step) in ('1'..='9').zip(others) {
        let label = format!("another way: {}", words::title(&step.factor));
        screen.choices.push(Choice::new(key, label, Action::Choose(step.factor.clone())));
    }
    screen.choices.extend(ways_out(session));
    screen
}

fn left(case: &Case, now: u64) -> String {
    if case.expires_at > now { span(case.expires_at - now) } else { "a while".to_owned() }
}

/// The part of the screen that is about one step.
fn of_step(step: &Step, now: u64) -> Screen {
    let mut text = Vec::new();
    if let Some(cause) = step.cause().filter(|_| !step.is_calling()) {
        text.push(cause);
        if step.factor != "voice" {
            text.push(String::new());
        }
    }
    if step.is_calling() {
        if !step.code.is_empty() {
            text.extend(digits::large(&step.code));
            text.push(String::new());
        }
        text.push(words::phase(&step.phase, step.tries_left));
    } else if step.factor != "voice" || step.cause().is_none() {
        text.extend(words::explanation(step));
    }
    let entry = entry(step);
    // Tries are told once one is gone, so that nobody is frightened before.
    if let Some(tries) =
        step.tries_left.filter(|&tries| entry != Entry::Nothing && tries < TRIES_PER_CHALLENGE)
    {
        text.push(format!("Tries left: {tries}."));
    }
    Screen {
        topic: format!("{}:{}", step.factor, if step.is_calling() { "calling" } else { "idle" }),
        text,
        entry,
        choices: choices(step, now),
        is_elsewhere: step.is_calling(),
    }
}

fn entry(step: &Step) -> Entry {
    let is_typed = match step.factor.as_str() {
        "voice" | "approval" => false,
        _ if step.is_delivered() => step.state == StepState::Sent,
        _ => true,
    };
    if !is_typed {
        return Entry::Nothing;
    }
    let then =
        (step.factor == "resync").then_some("The next code, after it has changed (not shown while you type)");
    Entry::Proof { factor: step.factor.clone(), prompt: words::prompt(&step.factor), then }
}

fn choices(step: &Step, now: u64) -> Vec<Choice> {
    let start = |key: Option<char>, label: &str| {
        if step.resend_after > now {
            let label = format!("{label} ({})", until(step.resend_after, now).replace("in ", "possible in "));
            Choice::new(key, label, Action::StartLater(step.resend_after))
        } else {
            Choice::new(key, label, Action::Start(step.factor.clone()))
        }
    };
    let again = step.cause().is_some();
    match step.factor.as_str() {
        "voice" if step.is_calling() => vec![Choice::new(None, "look again", Action::Look)],
        "voice" if again => vec![start(None, "call me again")],
        "voice" => vec![start(None, "call me now")],
        "approval" => vec![Choice::new(None, "look again", Action::Look)],
        _ if step.is_delivered() && step.state == StepState::Sent => vec![start(Some('r'), "send it again")],
        _ if step.is_delivered() && again => vec![start(None, "send it again")],
        _ if step.is_delivered() => vec![start(None, "send it")],
        _ => Vec::new(),
    }
}

/// Nothing can be done here just now: everything is proven and being looked at, or the plan waits for others.
fn waiting(case: &Case) -> Screen {
    let text = match case.message.as_str() {
        "" => "Your proofs are being looked at. This page goes on by itself.".to_owned(),
        message => message.to_owned(),
    };
    Screen {
        topic: "waiting".to_owned(),
        text: vec![text],
        entry: Entry::Nothing,
        choices: vec![Choice::new(None, "look again", Action::Look)],
        is_elsewhere: false,
    }
}
