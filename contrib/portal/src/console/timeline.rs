//! The whole history of a recovery: who did what, when, and why.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::facts::who;
use super::frame::{foreign, word};
use super::people::Person;
use super::plain::{Lines, plain};
use super::views::{Case, Entry};
use crate::pages::parts;
use crate::web::Visit;
use crate::words::FluentArgs;

/// What an entry says beside its kind: texts by their names.
type Detail = BTreeMap<String, String>;

/// Names of details that are words of the daemon's, and the words for them.
const WORDS: [(&str, &str); 4] =
    [("factor", "factor"), ("disposition", "disposition"), ("resolution", "resolution"), ("while", "state")];

/// Details that are said in the text of an entry, or say nothing to people.
const SAID: [&str; 19] = [
    "because",
    "by",
    "cause",
    "challenge",
    "count",
    "delivery",
    "device",
    "disposition",
    "factor",
    "kind",
    "policy",
    "problem",
    "reason",
    "resolution",
    "standing",
    "ticket",
    "to",
    "tries_left",
    "while",
];

pub(super) fn draw(visit: &Visit, case: &Case) -> Markup {
    html! {
        section aria-labelledby="history" {
            h2 id="history" { (visit.say("console-history")) }
            ol class="timeline" {
                // The latest first: that is what decides what to do now.
                @for entry in case.history().iter().rev() { (line(visit, entry)) }
            }
        }
    }
}

/// What happened last, in words.
pub(super) fn latest(visit: &Visit, case: &Case) -> String {
    let entry = case.history().last();
    entry.map_or_else(String::new, |entry| {
        what(visit, entry, &read(entry.detail.as_deref().unwrap_or_default()))
    })
}

fn line(visit: &Visit, entry: &Entry) -> Markup {
    let detail = read(entry.detail.as_deref().unwrap_or_default());
    let actor = entry.actor.as_deref().unwrap_or_default();
    let why = detail.get("because").or_else(|| detail.get("cause"));
    let rest = detail.iter().filter(|(name, value)| !SAID.contains(&name.as_str()) && !value.is_empty());
    html! {
        li class={ "event " (class_of(entry.kind())) } {
            (parts::time(entry.at.unwrap_or_default()))
            p class="what" { bdi { (what(visit, entry, &detail)) } }
            @if let Some(why) = why.filter(|why| !why.is_empty()) { p class="why" { q { (foreign(why)) } } }
            p class="who" { (actor_in_words(visit, actor)) }
            @for (name, value) in rest {
                p class="detail" { (plain(name, Lines::One)) ": " (foreign(value)) }
            }
        }
    }
}

/// What happened, in the reader's language; what the console does not know, in the daemon's words.
fn what(visit: &Visit, entry: &Entry, detail: &Detail) -> String {
    let kind = entry.kind();
    let mut args = FluentArgs::new();
    for (name, value) in detail.iter().filter(|(_, value)| !value.is_empty()) {
        let of = WORDS.iter().find(|(known, _)| known == name).map(|(_, of)| *of);
        let value = of.map_or_else(|| plain(value, Lines::One), |of| word(visit, of, value));
        args.set(name.clone(), value);
    }
    for name in ["factor", "disposition", "resolution", "tries_left", "to", "kind"] {
        if detail.get(name).is_none_or(String::is_empty) {
            args.set(name, "–");
        }
    }
    // Notices and passes are sent for no factor.
    if kind == "delivery_ended" && detail.get("factor").is_none_or(String::is_empty) {
        args.set("factor", visit.say("console-a-message"));
    }
    let key = format!("console-event-{}", kind.replace('_', "-"));
    match visit.language.find(&key, &args) {
        Some(text) if class_of(kind) == kind => text,
        _ => plain(kind, Lines::One),
    }
}

fn actor_in_words(visit: &Visit, actor: &str) -> Markup {
    match actor {
        "daemon" | "timer" | "plugin" => html! { (visit.say(&format!("console-actor-{actor}"))) },
        _ if Person::of_actor(actor).is_some() => html! { (who(actor)) },
        other => foreign(other),
    }
}

/// A kind as a class: only what kinds are made of.
fn class_of(kind: &str) -> &str {
    if kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') { kind } else { "" }
}

/// An entry's detail. What is not a text is shown as it is.
fn read(detail: &str) -> Detail {
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str(detail) else { return Detail::new() };
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    object.into_iter().map(|(name, value)| (name, text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_read_whatever_they_are() {
        let detail = read(r#"{"a":"x","b":3,"c":{"d":null}}"#);
        let read_as: Vec<(&str, &str)> = detail.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(read_as, [("a", "x"), ("b", "3"), ("c", r#"{"d":null}"#)]);
        for odd in ["", "[]", "null", "{", "\"x\""] {
            assert!(read(odd).is_empty(), "{odd}");
        }
        assert_eq!(class_of("case_opened"), "case_opened");
        assert_eq!(class_of("a\" onclick=\"x"), "");
    }
}
