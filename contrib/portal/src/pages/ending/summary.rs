//! `/case/summary`: what happened, to be read, printed and kept. It shows no secret.

use maud::{Markup, html};

use super::stand::{Stand, Task, Way};
use super::{Elsewhere, say_around, say_time};
use crate::pages::parts::{self, Tone};
use crate::web::{Page, Visit};

pub(super) async fn show(visit: Visit) -> Result<Page, Elsewhere> {
    let stand = Stand::of(visit).await?;
    let visit = &stand.visit;
    let next = stand.next();
    let title = visit.say(if next.is_none() { "summary-title" } else { "summary-title-more" });
    let content = html! {
        h1 { (title) }
        @if next.is_none() {
            (parts::notice(Tone::Success, &html! { p { (visit.say("summary-done")) } }))
        }
        (facts(&stand))
        h2 { (visit.say("summary-next")) }
        ul { @for point in what_comes(&stand) { li { (point) } } }
        p class="no-print" { button type="button" class="secondary" data-print hidden { (visit.say("summary-print")) } }
        (way_on(&stand, next))
    };
    Ok(visit.page(&title, &content))
}

/// What happened.
fn facts(stand: &Stand) -> Markup {
    let visit = &stand.visit;
    let (outcome, ending) = (stand.outcome(), stand.ending());
    let reason = stand.case.reason.as_deref().unwrap_or_default().replace('_', "-");
    let row = |key: &str, what: Markup| html! { dt { (visit.say(key)) } dd { (what) } };
    let said = |key: &str| html! { (visit.say(key)) };
    let label = ending.device_label.clone().unwrap_or_default();
    let old = match (ending.device_form.is_some(), stand.is_deactivated(), ending.enrolled.is_some()) {
        (false, _, _) => None,
        (true, _, true) => Some("summary-old-deleted"),
        (true, true, false) => Some("summary-old-deactivated"),
        (true, false, false) => Some("summary-old-kept"),
    };
    html! {
        dl class="facts" {
            (row("summary-account", html! { (stand.account()) }))
            @if let Some(at) = stand.case.opened_at { (row("summary-opened", parts::time(at))) }
            @if let Some(at) = ending.recovered_at { (row("summary-recovered", parts::time(at))) }
            (row("summary-reason", said(&format!("summary-reason-{reason}"))))
            (row("summary-proven", proven(stand)))
            @if let Some(key) = old { (row("summary-old", html! { (visit.say_with(key, &[("label", &label)])) })) }
            @if let Some(new) = &ending.enrolled { (row("summary-new", html! { (new) })) }
            @if outcome.force_password_change.unwrap_or_default() {
                (row("summary-password", said(if stand.is_left("change_password") { "summary-password-open" } else { "summary-password-changed" })))
            }
            @if outcome.revoke_sessions.unwrap_or_default() { (row("summary-sessions", said("summary-sessions-ended"))) }
        }
    }
}

/// By what the person has shown that it is them.
fn proven(stand: &Stand) -> Markup {
    let visit = &stand.visit;
    let steps = stand.case.steps.iter().flatten().filter(|step| step.state.as_deref() == Some("proven"));
    let mut names: Vec<String> = steps
        .map(|step| {
            let factor = step.factor.as_deref().unwrap_or_default();
            let key = match factor {
                "password" | "email" | "voice" | "recovery_code" | "totp" | "resync" | "approval"
                | "pass" | "contact" => format!("summary-factor-{}", factor.replace('_', "-")),
                _ => "summary-factor-channel".to_owned(),
            };
            let name = visit.say_with(&key, &[("channel", factor)]);
            match step.hint.as_deref() {
                Some(hint) => format!("{name} ({hint})"),
                None => name,
            }
        })
        .collect();
    if names.is_empty() {
        names.push(visit.say("summary-factor-support"));
    }
    html! { ul { @for name in names { li { (name) } } } }
}

/// What comes next, in the order in which it matters.
fn what_comes(stand: &Stand) -> Vec<Markup> {
    let visit = &stand.visit;
    let ending = stand.ending();
    let said = |key: &str| html! { (visit.say(key)) };
    let mut points = Vec::new();
    if stand.is_left("enroll") {
        if let Some(until) = stand.case.expires_at {
            points.push(say_time(visit, "summary-next-device", until));
        }
    } else if ending.enrolled.is_some() {
        points.push(said("summary-next-enrolled"));
    }
    if ending.device_form.as_deref() == Some("virtual") && stand.is_deactivated() {
        points.push(said("summary-next-app"));
    }
    if !stand.is_deactivated() && ending.enrolled.is_none() && ending.device_form.is_some() {
        points.push(said("summary-next-kept"));
    }
    let used = |step: &&crate::desk::views::StepView| {
        step.factor.as_deref() == Some("recovery_code") && step.state.as_deref() == Some("proven")
    };
    if stand.case.steps.iter().flatten().any(|step| used(&step)) && !stand.is_left("sign_in") {
        points.push(said("summary-next-codes"));
    }
    points.push(said("summary-next-told"));
    let contact = stand.case.support.clone().and_then(|support| support.contact).unwrap_or_default();
    if !contact.is_empty() {
        points.push(say_around(
            visit,
            "summary-next-support",
            &[],
            &html! { strong { (parts::contact(&contact)) } },
        ));
    }
    points
}

/// Where the person goes from here.
fn way_on(stand: &Stand, next: Option<Task>) -> Markup {
    let visit = &stand.visit;
    let button = |path: &str, text: &str| html! { p class="no-print" { a class="button primary" href=(path) { (text) } } };
    match (next, &stand.way) {
        (Some(_), _) => button("/case/finish", &visit.say("summary-go-on")),
        (None, Way::Here) => button("/", &visit.say("summary-home")),
        (None, Way::There(from)) => {
            button("/case/continue", &visit.say_with("hand-over-continue", &[("name", &from.name)]))
        }
        (None, Way::AsUsual) => html! { p { (visit.say("summary-as-usual")) } },
    }
}
