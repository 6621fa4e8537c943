//! The page of a case that nothing is proven in: it waits, people have it, or it is over.

use maud::{Markup, html};

use super::draw::{Look, told};
use super::live::part;
use super::standing::{State, Step};
use super::{step, texts};
use crate::pages::hand_over;
use crate::pages::parts::{Tone, notice};

/// Draws such a case.
pub(super) fn draw(look: &Look<'_>) -> Markup {
    let visit = look.visit;
    let title = title(look);
    let tone = match look.state {
        State::Held => Tone::Success,
        State::Denied | State::Vetoed => Tone::Warning,
        _ => Tone::Info,
    };
    let content = html! {
        h1 id="now" tabindex="-1" { (title) }
        (notice(tone, &html! { p { (text(look)) } }))
        @match look.state {
            State::Held => (held(look)),
            State::Escalated => (escalated(look)),
            _ => {}
        }
        @if look.state != State::Held && look.state != State::Cancelled {
            @if let Some(contact) = step::contact(look) { (contact) }
        }
        @if look.state.is_over() {
            p { a class="button" href="/recover" { (visit.say("case-start-over")) } }
            (hand_over::way_back(visit, look.state.key()))
        }
    };
    html! {
        (told(look))
        (part(&format!("state-{}", look.state.key()), &title, &content))
        @if matches!(look.state, State::Held | State::Escalated) { (step::ways_out(look)) }
    }
}

fn is_for_administrator(look: &Look<'_>) -> bool {
    let to = look.case.support.as_ref().and_then(|support| support.to.as_deref());
    look.state == State::Escalated && to == Some("administrator")
}

fn title(look: &Look<'_>) -> String {
    let key = if is_for_administrator(look) { "administrator" } else { look.state.key() };
    look.visit.say(&format!("case-{key}-title"))
}

fn text(look: &Look<'_>) -> String {
    let key = if is_for_administrator(look) { "administrator" } else { look.state.key() };
    look.visit.say(&format!("case-{key}-text"))
}

/// When the waiting is over, who was told, and what can stop it (J16).
fn held(look: &Look<'_>) -> Markup {
    let visit = look.visit;
    html! {
        @if let Some(end) = look.case.held_until {
            p class="held-until" { (texts::say_around(visit, "case-held-until", "time", &html! {
                strong { (crate::pages::parts::time(end)) }
            })) }
            p { (texts::say_around(visit, "case-held-left", "time", &texts::countdown(visit, end, look.now))) }
        }
        ul {
            @for key in ["case-held-told", "case-held-stop", "case-held-back"] { li { (visit.say(key)) } }
        }
    }
}

/// Why people have it, and how they are reached (J3, J8).
fn escalated(look: &Look<'_>) -> Markup {
    let visit = look.visit;
    let steps = look.case.steps.iter().flatten().map(Step::of);
    let failures: Vec<_> =
        steps.filter_map(|step| texts::failure(visit, &step).map(|told| (step, told))).collect();
    let ticket = look.case.support.as_ref().and_then(|support| support.ticket.as_deref());
    html! {
        @for (step, failure) in failures {
            p { strong { (texts::of_factor(visit, "title", &step)) ": " } (failure.why) }
        }
        @match ticket {
            Some(ticket) => {
                p { (visit.say("case-ticket")) }
                p class="short-code" { (ticket) }
                p { (visit.say("case-ticket-next")) }
            }
            None if is_for_administrator(look) => {
                p { a href="/case/support" { (visit.say("case-support-form")) } }
            }
            None => {
                p { a class="button" href="/case/support" { (visit.say("case-support-form")) } }
            }
        }
        p class="hint" { (visit.say("case-escalated-live")) }
        noscript { p { a href="/case" { (visit.say("case-check-again")) } } }
    }
}
