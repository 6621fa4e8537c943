//! The open step: what to do, what to type, what to do if it does not work.

use maud::{Markup, html};

use super::draw::{Look, ways};
use super::live::part;
use super::standing::{Stand, Step};
use super::texts::{self, Kind};
use crate::pages::parts::{self, Field, Tone, field, notice};
use crate::pages::shell;

/// Draws the open step, in parts that change for themselves, so that what is typed into one is not touched.
pub(super) fn draw(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let id = |what: &str| format!("{}-{what}", step.factor);
    html! {
        (part(&id("told"), &said(look, step), &told(look, step)))
        @if step.is_calling() { (part(&id("digits"), "", &digits(look, step))) }
        @if takes_proof(step) { (part(&id("form"), "", &form(look, step))) }
        (part(&id("more"), "", &more(look, step)))
    }
}

/// Whether a proof can be typed now.
pub(super) fn takes_proof(step: &Step<'_>) -> bool {
    let kind = Kind::of(step.factor);
    // A code that was sent may be typed even though sending it once more failed.
    let sent = step.stand == Stand::Sent || step.view.expires_at.is_some();
    kind.is_typed() && step.is_possible() && (!kind.is_delivered() || sent)
}

/// What is read out when the step changes.
fn said(look: &Look<'_>, step: &Step<'_>) -> String {
    if step.is_calling() {
        return texts::phase(look.visit, step);
    }
    match texts::failure(look.visit, step) {
        Some(failure) => format!("{} {}", failure.why, failure.fix),
        None if step.stand == Stand::Sent => texts::of_factor(look.visit, "sent", step),
        None => String::new(),
    }
}

/// What happened, and what to do.
fn told(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let (visit, kind) = (look.visit, Kind::of(step.factor));
    if step.is_calling() {
        return html! {
            (notice(Tone::Info, &html! { p { strong { (texts::phase(visit, step)) } } }))
            (phases(look, step))
        };
    }
    if !step.is_possible() {
        return notice(
            Tone::Warning,
            &html! {
                p { strong { (visit.say("case-why-spent")) } }
                p { (visit.say("case-fix-spent")) " " (support_link(look, step)) }
            },
        );
    }
    if let Some(failure) = texts::failure(visit, step) {
        return html! {
            (notice(Tone::Warning, &html! { p { strong { (failure.why) } } p { (failure.fix) } }))
            @if kind.is_delivered() && takes_proof(step) { p { (visit.say("case-still-good")) } }
        };
    }
    let what = if step.stand == Stand::Sent { "sent" } else { "open" };
    html! {
        p { (texts::of_factor(visit, what, step)) }
        @if step.stand == Stand::Sent && kind == Kind::Email { (about_mail(look, step)) }
        @if step.factor == "voice" { (how_to_answer(look)) }
        @if let (Kind::Approval, Some(contact)) = (kind, contact(look)) { (contact) }
    }
}

/// Where to look for the message (J5).
fn about_mail(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let visit = look.visit;
    html! {
        ul {
            @if let Some(sender) = &step.view.sender {
                li { (texts::say_around(visit, "case-mail-sender", "sender", &html! { strong { (sender) } })) }
            }
            li { (visit.say("case-mail-spam")) }
            li { (visit.say("case-mail-link")) }
        }
        noscript { p { a href="/case" { (visit.say("case-check-again")) } } }
    }
}

/// How far the call is, at a glance; in words it is told above.
fn phases(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let at = texts::phase_number(step);
    html! {
        ol class="phases" aria-hidden="true" {
            @for (number, key) in texts::PHASES.iter().enumerate() {
                @let class = if number < at { "done" } else if number == at { "now" } else { "next" };
                li class=(class) { (look.visit.say(&format!("case-phase-{key}-short"))) }
            }
        }
    }
}

/// What a call is like, before it comes (J7).
fn how_to_answer(look: &Look<'_>) -> Markup {
    html! {
        ol class="how" {
            @for key in ["case-call-first", "case-call-then", "case-call-last"] { li { (look.visit.say(key)) } }
        }
        p class="hint" { (look.visit.say("case-call-never")) }
    }
}

/// The six digits of the call.
fn digits(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let Some(code) = step.view.code.as_deref() else { return Markup::default() };
    html! {
        p { (look.visit.say("case-digits")) }
        (parts::digits(code))
        p class="hint" { (look.visit.say("case-digits-hint")) }
    }
}

/// The field, or the two fields, for the proof.
fn form(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let (visit, kind) = (look.visit, Kind::of(step.factor));
    let is_told = look.told.factor == step.factor;
    let error = |second| if is_told && look.told.second == second { look.told.error.as_str() } else { "" };
    let (label, hint) = (texts::of_factor(visit, "label", step), texts::of_factor(visit, "field-hint", step));
    let base = Field {
        name: "proof",
        label: &label,
        hint: &hint,
        error: error(false),
        kind: match kind {
            Kind::Password => parts::Kind::Password,
            kind if kind.is_digits() => parts::Kind::Digits,
            _ => parts::Kind::Text,
        },
        autocomplete: match kind {
            Kind::Password => "current-password",
            Kind::Totp | Kind::Channel => "one-time-code",
            _ => "off",
        },
        value: "",
    };
    let (next, next_hint) = (visit.say("case-label-resync-next"), visit.say("case-field-hint-resync-next"));
    let tries = step.view.tries_left.filter(|tries| (1..5).contains(tries) && look.told.error.is_empty());
    shell::form(
        visit,
        &format!("/case/submit/{}", step.factor),
        &html! {
            (field(base))
            @if kind == Kind::Resync {
                (field(Field { name: "next", label: &next, hint: &next_hint, error: error(true), ..base }))
            }
            @if let Some(tries) = tries { p class="tries" { (texts::say_number(visit, "case-tries", "tries", tries)) } }
            (parts::primary(&texts::of_factor(visit, "button", step)))
        },
    )
}

/// The button that sends or calls, the other ways, and what to do if nothing comes.
fn more(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let (visit, kind) = (look.visit, Kind::of(step.factor));
    if step.is_calling() {
        return html! {
            details { summary { (visit.say("case-no-ring")) } (no_call(look, step)) }
        };
    }
    let others = ways(look);
    html! {
        @if kind.is_delivered() && step.is_possible() { (start(look, step)) }
        @if kind == Kind::Voice && step.stand == Stand::Failed {
            h3 { (visit.say("case-no-call")) }
            (no_call(look, step))
        }
        @if !others.0.is_empty() && look.steps.now.len() > 1 {
            h3 { (visit.say("case-other-ways")) }
            (others)
        }
        @if !(kind == Kind::Voice && step.stand == Stand::Failed) { p { (support_link(look, step)) } }
    }
}

/// The button that sends or calls, or how long until it may be pressed.
fn start(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let visit = look.visit;
    let again = step.stand != Stand::Open || step.view.disposition.is_some();
    let at = step.view.resend_after.unwrap_or_default();
    if at > look.now {
        let wait = texts::countdown(visit, at, look.now);
        let key = format!("case-wait-{}", Kind::of(step.factor).key());
        return html! {
            p class="wait" { (texts::say_around(visit, &key, "time", &wait)) }
            noscript { p { a href="/case" { (visit.say("case-check-again")) } } }
        };
    }
    let text = texts::of_factor(visit, if again { "again" } else { "start" }, step);
    // Where a code is typed, that is what the step is for.
    let button = if takes_proof(step) { parts::secondary(&text) } else { parts::primary(&text) };
    shell::form(visit, &format!("/case/start/{}", step.factor), &button)
}

/// What to look at when no call comes (J8).
fn no_call(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let visit = look.visit;
    html! {
        ul {
            @if let Some(hint) = &step.view.hint {
                li { (visit.say_with("case-no-call-number", &[("hint", hint)])) }
            }
            @for key in ["case-no-call-silent", "case-no-call-signal", "case-no-call-blocked"] {
                li { (visit.say(key)) }
            }
        }
        p { (support_link(look, step)) }
    }
}

/// The way to support, with the problem chosen already.
fn support_link(look: &Look<'_>, step: &Step<'_>) -> Markup {
    let (problem, key) = match Kind::of(step.factor) {
        Kind::Voice => ("?problem=no_call", "case-support-voice"),
        Kind::Email => ("?problem=no_email", "case-support-email"),
        _ => ("", "case-support-other"),
    };
    html! { a href={ "/case/support" (problem) } { (look.visit.say(key)) } }
}

/// How to reach support, as the administrator wrote it.
pub(super) fn contact(look: &Look<'_>) -> Option<Markup> {
    let contact = look.case.support.as_ref()?.contact.as_deref().filter(|contact| !contact.is_empty())?;
    let contact = html! { strong { (parts::contact(contact)) } };
    Some(html! { p { (texts::say_around(look.visit, "case-contact", "contact", &contact)) } })
}

/// Until when the case is open, and how to stop it.
pub(super) fn ways_out(look: &Look<'_>) -> Markup {
    let visit = look.visit;
    html! {
        div class="ways-out" {
            @if let Some(expires) = look.case.expires_at { (super::draw::until(visit, "case-expires", expires)) }
            details {
                summary { (visit.say("case-cancel")) }
                p { (visit.say("case-cancel-text")) }
                (shell::form(visit, "/case/cancel", &parts::secondary(&visit.say("case-cancel-button"))))
            }
        }
    }
}
