//! What is around every page of the console, and the words for what the daemon names.

use std::time::{SystemTime, UNIX_EPOCH};

use maud::{Markup, html};

use super::Console;
use super::plain::{Lines, plain};
use crate::pages::parts::Wrong;
use crate::web::{Page, Visit};
use crate::words::FluentArgs;

/// A page with the way to the queue and the name of whoever works here.
pub(super) fn page(visit: &Visit, console: &Console, title: &str, content: &Markup) -> Page {
    visit.page(title, &html! { (bar(visit, console)) (content) })
}

/// A page whose form was not filled in right.
pub(super) fn page_with_errors(
    visit: &Visit,
    console: &Console,
    title: &str,
    wrong: &[Wrong<'_>],
    content: &Markup,
) -> Page {
    visit.page_with_errors(title, wrong, &html! { (bar(visit, console)) (content) })
}

fn bar(visit: &Visit, console: &Console) -> Markup {
    let officer = console.officer.to_string();
    html! {
        nav class="console no-print" aria-label=(visit.say("console-name")) {
            a href="/" { (visit.say("console-to-queue")) }
            " "
            span class="officer" { (visit.say_with("console-officer", &[("officer", &officer)])) }
        }
    }
}

/// What a stranger wrote, on one line: apart from the text around it, whatever its direction.
pub(super) fn foreign(text: &str) -> Markup {
    html! { bdi { (plain(text, Lines::One)) } }
}

/// The words for one of the daemon's own words: the word itself, made harmless, where there are none.
pub(super) fn word(visit: &Visit, kind: &str, word: &str) -> String {
    let known = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let key = format!("console-{kind}-{}", word.replace('_', "-"));
    let found = if known && !word.is_empty() { visit.language.find(&key, &FluentArgs::new()) } else { None };
    found.unwrap_or_else(|| plain(word, Lines::One))
}

/// How a case stands, as a badge.
pub(super) fn badge(visit: &Visit, state: &str) -> Markup {
    let class = match state {
        "recovered" | "completed" => "badge good",
        "escalated" | "held" => "badge care",
        "denied" | "vetoed" => "badge bad",
        _ => "badge",
    };
    html! { span class=(class) { (word(visit, "state", state)) } }
}

/// How long ago that was, roughly.
pub(super) fn ago(visit: &Visit, at: u64) -> String {
    span(visit, now().saturating_sub(at))
}

fn span(visit: &Visit, seconds: u64) -> String {
    let minutes = seconds / 60;
    let (key, count) = match minutes {
        0..60 => ("console-minutes", minutes),
        60..1440 => ("console-hours", minutes / 60),
        _ => ("console-days", minutes / 1440),
    };
    let mut args = FluentArgs::new();
    args.set("count", count);
    visit.language.say_with(key, &args)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
