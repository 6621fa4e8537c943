//! The steps that a test takes: the methods of a case, as actions.

use std::time::Duration;

use mlua::Value;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::Resolution;
use readmit_recovery::factor::Factor;
use thiserror::Error;

use super::machine::strange;
use crate::limits::{MAX_SPAN, MAX_TO_BYTES};
use crate::misuse::kind;
use crate::parts::{number, whole};
use crate::spelling::nearest;
use crate::vocabulary::Channels;
use crate::workbench::Action;

/// Every method of a case, with what it takes.
pub(crate) const METHODS: [(&str, &str); 14] = [
    ("prove", "a factor, as in case:prove(\"email\")"),
    ("mistake", "a factor, as in case:mistake(\"email\")"),
    ("fail", "a factor and a disposition, as in case:fail(\"voice\", \"no_answer\")"),
    ("send", "a factor, as in case:send(\"email\")"),
    ("wait", "a time, as in case:wait(minutes(1))"),
    ("approve", "a name, as in case:approve(\"ann\")"),
    ("deny", "a name, as in case:deny(\"ann\")"),
    ("resolve", "\"pass\", \"reset\" or \"deny\", as in case:resolve(\"pass\")"),
    ("ask_support", "nothing"),
    ("veto", "nothing"),
    ("cancel", "nothing"),
    ("sign_in", "nothing"),
    ("change_password", "nothing"),
    ("enroll", "nothing"),
];

/// Why a step is none.
#[derive(Debug, Error)]
pub(super) enum Misstep {
    #[error("{0}")]
    Unknown(String),
    #[error("case:{word}(…) takes {takes}")]
    Arguments { word: &'static str, takes: &'static str },
    #[error("case:{word}(…): {why}")]
    Factor { word: &'static str, why: String },
    #[error("`{word}` is no disposition{}", suggestion(.word))]
    Disposition { word: String },
    #[error("case:wait(…) takes whole seconds from 0 to {MAX_SPAN}; use minutes(n), hours(n) or days(n)")]
    Wait,
    #[error("case:{word}(…) takes a name of 1 to {MAX_TO_BYTES} bytes in one line, and this is {got}")]
    Name { word: &'static str, got: &'static str },
}

fn suggestion(word: &str) -> String {
    let known = Disposition::ALL.iter().map(|disposition| disposition.as_str());
    match nearest(word, known.clone()) {
        Some(meant) => format!(": did you mean `{meant}`?"),
        None => format!(": use {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// The action that a method of this name means.
pub(super) fn action(word: &Value, given: &[Value], channels: &Channels) -> Result<Action, Misstep> {
    let name = word.as_string().map(|word| word.to_string_lossy()).unwrap_or_default();
    let known = METHODS.iter().find(|(known, _)| *known == name);
    let Some((word, takes)) = known.copied() else {
        let words = METHODS.iter().map(|(word, _)| *word);
        return Err(Misstep::Unknown(strange("there is no step", word, words)));
    };
    let arguments = || Misstep::Arguments { word, takes };
    let factor = |value: &Value| factor(word, value, channels).ok_or_else(arguments)?;
    match (word, given) {
        ("prove", [value]) => factor(value).map(Action::Prove),
        ("mistake", [value]) => factor(value).map(Action::Mistake),
        ("send", [value]) => factor(value).map(Action::Send),
        ("fail", [value, how]) => {
            let how = how.as_string().ok_or_else(arguments)?.to_string_lossy();
            let disposition = how.parse().map_err(|_| Misstep::Disposition { word: short(&how) })?;
            Ok(Action::Fail(factor(value)?, disposition))
        }
        ("wait", [span]) => {
            let seconds = number(span).and_then(|span| whole(span, f64::from(MAX_SPAN)));
            seconds.map(|seconds| Action::Wait(Duration::from_secs(seconds))).ok_or(Misstep::Wait)
        }
        ("approve", [who]) => name_of(word, who).map(Action::Approve),
        ("deny", [who]) => name_of(word, who).map(Action::Deny),
        ("resolve", [how]) => match how.as_string().map(|how| how.to_string_lossy()).as_deref() {
            Some("pass") => Ok(Action::Resolve(Resolution::Pass)),
            Some("reset") => Ok(Action::Resolve(Resolution::Reset)),
            Some("deny") => Ok(Action::Resolve(Resolution::Deny)),
            _ => Err(arguments()),
        },
        ("ask_support", []) => Ok(Action::AskSupport),
        ("veto", []) => Ok(Action::Veto),
        ("cancel", []) => Ok(Action::Cancel),
        ("sign_in", []) => Ok(Action::SignIn),
        ("change_password", []) => Ok(Action::ChangePassword),
        ("enroll", []) => Ok(Action::Enroll),
        _ => Err(arguments()),
    }
}

/// The factor of this name; nothing if the value is no name at all.
fn factor(word: &'static str, value: &Value, channels: &Channels) -> Option<Result<Factor, Misstep>> {
    let name = value.as_string()?.to_string_lossy();
    Some(channels.factor(&name).map_err(|why| Misstep::Factor { word, why }))
}

fn name_of(word: &'static str, value: &Value) -> Result<String, Misstep> {
    let name = value.as_string().map(|name| name.to_string_lossy());
    name.filter(|name| (1..=MAX_TO_BYTES).contains(&name.len()) && !name.contains(char::is_control))
        .ok_or_else(|| Misstep::Name { word, got: kind(value) })
}

fn short(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(40).collect()
}
