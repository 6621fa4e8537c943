//! What a policy can do wrong with the words it has, and how that is put.

use mlua::Value;
use readmit_recovery::limits::{MAX_APPROVALS, MAX_PLAN_DEPTH, MAX_PLAN_NODES};
use readmit_recovery::verdict::Verdict;
use thiserror::Error;

use crate::decode::Made;
use crate::limits::MAX_MADE;

/// Why something could not be built. The text follows `file:line:`.
#[derive(Debug, Error)]
pub(crate) enum Misuse {
    #[error("{0} takes a list of factors, as in {0} {{ \"password\", \"email\" }}, and this is {1}")]
    NoList(&'static str, &'static str),
    #[error("{0} takes one argument, and this call has two; are braces missing?")]
    Surplus(&'static str),
    #[error("any(n, list) wants a whole number of choices first, and this is {0}")]
    NoNumber(&'static str),
    #[error("{path} must be a factor's name or a part made by all, any or approvals, and is {got}")]
    NoPart { path: String, got: &'static str },
    #[error("{path} is {what}, which is a verdict and no part of a plan")]
    VerdictInPlan { path: String, what: &'static str },
    #[error("{path}: {why}")]
    Factor { path: String, why: String },
    #[error("{path} has the key {key}; a list of factors has none")]
    KeyInList { path: String, key: String },
    #[error("{path} has a hole: an entry before its end is nil")]
    Hole { path: String },
    #[error("{path} is nested deeper than {MAX_PLAN_DEPTH} levels, or within itself")]
    TooDeep { path: String },
    #[error("{path}: the plan has more than {MAX_PLAN_NODES} parts")]
    TooMany { path: String },
    #[error("approvals(n) wants a whole number from 1 to {MAX_APPROVALS}")]
    Approvals,
    #[error("{0}")]
    Plan(#[from] readmit_recovery::plan::PlanError),
    #[error("{word} takes a table, as in {example}, and this is {got}")]
    NoTable { word: &'static str, example: &'static str, got: &'static str },
    #[error("{word} does not know the key {key}{}", suggestion(.meant))]
    UnknownKey { word: &'static str, key: String, meant: Option<String> },
    #[error("{word} needs `{key}`")]
    Missing { word: &'static str, key: &'static str },
    #[error("{word}: `{key}` must be {wanted}, and is {got}")]
    Kind { word: &'static str, key: &'static str, wanted: &'static str, got: &'static str },
    #[error(
        "{word}: `{key}` must be whole seconds from {least} to {most}; use minutes(n), hours(n) or days(n)"
    )]
    Span { word: &'static str, key: &'static str, least: u64, most: u64 },
    #[error("{word}: `{key}` must be a text of 1 to {most} bytes without control characters")]
    Text { word: &'static str, key: &'static str, most: usize },
    #[error("more than {MAX_MADE} parts and verdicts were built in one decision")]
    TooManyMade,
    #[error("Lua could not go on: {0}")]
    Lua(#[from] mlua::Error),
}

impl Misuse {
    /// Whether the text of the policy is at fault whatever the case it is asked about.
    pub const fn is_unknown_word(&self) -> bool {
        matches!(
            self,
            Self::Factor { .. } | Self::UnknownKey { .. } | Self::VerdictInPlan { .. } | Self::Surplus(_)
        )
    }
}

fn suggestion(word: &Option<String>) -> String {
    word.as_ref().map(|word| format!(": did you mean `{word}`?")).unwrap_or_default()
}

/// What something is, in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nothing",
        Value::Boolean(_) => "a truth value",
        Value::Integer(_) | Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Table(_) => "a table",
        Value::Function(_) => "a function",
        Value::UserData(made) => match made.borrow::<Made>().as_deref() {
            Ok(Made::Part(_)) => "a part of a plan",
            Ok(Made::Verdict(verdict)) => word_of(verdict),
            Err(_) => "a foreign object",
        },
        _ => "a foreign object",
    }
}

/// The word that makes a verdict.
pub(crate) const fn word_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Prove { .. } => "prove",
        Verdict::Escalate { .. } => "escalate",
        Verdict::Deny { .. } => "deny",
        Verdict::Retry { .. } => "retry",
        Verdict::Outcome(_) => "outcome",
        Verdict::Nothing => "nothing",
        Verdict::Unable { .. } => "unable",
    }
}

/// A key for a message: short and printable.
pub(crate) fn shown(key: &Value) -> String {
    match key {
        Value::String(name) => {
            let name: String = name.to_string_lossy().chars().filter(|c| !c.is_control()).take(40).collect();
            format!("`{name}`")
        }
        Value::Integer(number) => format!("`{number}`"),
        Value::Number(number) => format!("`{number}`"),
        other => format!("({})", kind(other)),
    }
}
