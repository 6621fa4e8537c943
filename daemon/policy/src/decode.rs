//! The words with which a policy answers: `prove`, `all`, `any`, `approvals`, `escalate`, `deny`, `retry`,
//! `outcome`.
//!
//! Each of them checks what it is given on the spot, so that a fault is reported at the line that made it, and
//! returns an opaque value that holds the checked part. No table is ever taken for a verdict, nothing can be changed
//! once it is checked, and since a value is complete when it is made there are no circles. Tables are read without
//! their metatables, at most [`MAX_PLAN_NODES`] entries in all and [`MAX_PLAN_DEPTH`] deep: a list that stands in
//! many places, or in itself, costs no more than that.

use std::time::Duration;

use mlua::{Lua, MetaMethod, Table, UserData, UserDataFields, Value};
use readmit_recovery::limits::{
    LONGEST_ENROLLMENT, LONGEST_HOLD, LONGEST_RETRY_WAIT, MAX_APPROVALS, MAX_PLAN_DEPTH, MAX_PLAN_NODES,
};
use readmit_recovery::plan::Plan;
use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};
use thiserror::Error;

use crate::limits::{MAX_BECAUSE_BYTES, MAX_MADE, MAX_TO_BYTES};
use crate::meter::Meter;
use crate::spelling::nearest;
use crate::vocabulary::Channels;

/// What a policy has built: opaque in Lua, and a policy has no other way to make one.
#[derive(Clone)]
pub(crate) enum Made {
    /// A part of a plan, or a whole one.
    Part(Plan),
    /// A verdict.
    Verdict(Verdict),
}

impl UserData for Made {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        // The name by which Lua's own messages call it.
        fields.add_meta_field(MetaMethod::Type, "verdict");
    }
}

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
    #[error("{word}: `{key}` must be whole seconds from {least} to {most}; use minutes(n), hours(n) or days(n)")]
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
    const fn is_unknown_word(&self) -> bool {
        matches!(
            self,
            Self::Factor { .. } | Self::UnknownKey { .. } | Self::VerdictInPlan { .. } | Self::Surplus(_)
        )
    }
}

fn suggestion(word: &Option<String>) -> String {
    word.as_ref().map(|word| format!(": did you mean `{word}`?")).unwrap_or_default()
}

/// The words that a policy can use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Prove,
    All,
    Any,
    Approvals,
    Escalate,
    Deny,
    Retry,
    Outcome,
}

impl Word {
    pub const ALL: [Self; 8] = [
        Self::Prove,
        Self::All,
        Self::Any,
        Self::Approvals,
        Self::Escalate,
        Self::Deny,
        Self::Retry,
        Self::Outcome,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prove => "prove",
            Self::All => "all",
            Self::Any => "any",
            Self::Approvals => "approvals",
            Self::Escalate => "escalate",
            Self::Deny => "deny",
            Self::Retry => "retry",
            Self::Outcome => "outcome",
        }
    }

    const fn is_verdict(self) -> bool {
        matches!(self, Self::Prove | Self::Escalate | Self::Deny | Self::Retry | Self::Outcome)
    }

    /// Builds what the word stands for from its two arguments.
    pub fn make(self, channels: &Channels, meter: &Meter, first: &Value, second: &Value) -> Result<Made, Misuse> {
        if !meter.may_make(self.is_verdict()) {
            return Err(Misuse::TooManyMade);
        }
        if !matches!(self, Self::Any) && !second.is_nil() {
            return Err(Misuse::Surplus(self.as_str()));
        }
        match self {
            Self::Prove => {
                let plan = whole_plan(self, channels, first)?;
                Ok(Made::Verdict(Verdict::Prove { plan }))
            }
            Self::All => Ok(Made::Part(whole_plan(self, channels, first)?)),
            Self::Any => any(channels, first, second),
            Self::Approvals => approvals(first),
            Self::Escalate => escalate(first),
            Self::Deny => deny(first),
            Self::Retry => retry(first),
            Self::Outcome => outcome(first),
        }
    }
}

/// The plan of `prove`, `all` and, as the choices, `any`.
fn whole_plan(word: Word, channels: &Channels, value: &Value) -> Result<Plan, Misuse> {
    let plan = match value {
        Value::UserData(_) => Walk::new(channels).part(value, word.as_str(), 1)?,
        Value::Table(list) => single(Walk::new(channels).list(list, word.as_str(), 1)?),
        other => return Err(Misuse::NoList(word.as_str(), kind(other))),
    };
    plan.check()?;
    Ok(plan)
}

fn any(channels: &Channels, need: &Value, list: &Value) -> Result<Made, Misuse> {
    let need = number(need).ok_or(Misuse::NoNumber(kind(need)))?;
    let Value::Table(list) = list else {
        return Err(Misuse::NoList("any", kind(list)));
    };
    let of = Walk::new(channels).list(list, "any", 1)?;
    let need = whole(need, f64::from(u8::MAX)).and_then(|need| u8::try_from(need).ok());
    let plan = Plan::Any { need: need.ok_or(Misuse::NoNumber("none that a plan could mean"))?, of };
    plan.check()?;
    Ok(Made::Part(plan))
}

fn approvals(count: &Value) -> Result<Made, Misuse> {
    let count = number(count)
        .and_then(|count| whole(count, f64::from(MAX_APPROVALS)))
        .and_then(|count| u8::try_from(count).ok());
    match count {
        Some(count) if count >= 1 => Ok(Made::Part(Plan::Approvals(count))),
        Some(_) | None => Err(Misuse::Approvals),
    }
}

/// A list of one part means that part.
fn single(mut parts: Vec<Plan>) -> Plan {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            Plan::All(parts)
        }
        (None, _) => Plan::All(parts),
    }
}

/// A walk over the nested lists of one call, with a count of all parts met on the way, each as often as met.
struct Walk<'a> {
    channels: &'a Channels,
    nodes: usize,
}

impl<'a> Walk<'a> {
    const fn new(channels: &'a Channels) -> Self {
        Self { channels, nodes: 0 }
    }

    fn list(&mut self, list: &Table, path: &str, depth: usize) -> Result<Vec<Plan>, Misuse> {
        if depth >= MAX_PLAN_DEPTH {
            return Err(Misuse::TooDeep { path: path.to_owned() });
        }
        let length = list.raw_len();
        if length > MAX_PLAN_NODES {
            return Err(Misuse::TooMany { path: path.to_owned() });
        }
        let mut entries = 0;
        for entry in list.pairs::<Value, Value>() {
            let (key, _) = entry?;
            let in_list = number(&key).is_some_and(|at| at >= 1.0 && at.fract() == 0.0);
            if !in_list {
                return Err(Misuse::KeyInList { path: path.to_owned(), key: shown(&key) });
            }
            entries += 1;
            if entries > MAX_PLAN_NODES {
                return Err(Misuse::TooMany { path: path.to_owned() });
            }
        }
        if entries != length {
            return Err(Misuse::Hole { path: path.to_owned() });
        }
        (1..=length)
            .map(|at| {
                let part: Value = list.raw_get(at)?;
                self.part(&part, &format!("{path}[{at}]"), depth + 1)
            })
            .collect()
    }

    fn part(&mut self, value: &Value, path: &str, depth: usize) -> Result<Plan, Misuse> {
        self.count(1, path)?;
        match value {
            Value::String(name) => {
                let factor = self.channels.factor(&name.to_string_lossy());
                factor.map(Plan::Factor).map_err(|why| Misuse::Factor { path: path.to_owned(), why })
            }
            Value::Table(list) => self.list(list, path, depth).map(single),
            Value::UserData(made) => match made.borrow::<Made>().map(|made| made.clone()) {
                Ok(Made::Part(plan)) => {
                    self.count(nodes(&plan) - 1, path)?;
                    Ok(plan)
                }
                Ok(Made::Verdict(verdict)) => {
                    Err(Misuse::VerdictInPlan { path: path.to_owned(), what: word_of(&verdict) })
                }
                Err(_) => Err(Misuse::NoPart { path: path.to_owned(), got: "a foreign object" }),
            },
            other => Err(Misuse::NoPart { path: path.to_owned(), got: kind(other) }),
        }
    }

    fn count(&mut self, nodes: usize, path: &str) -> Result<(), Misuse> {
        self.nodes += nodes;
        if self.nodes > MAX_PLAN_NODES { Err(Misuse::TooMany { path: path.to_owned() }) } else { Ok(()) }
    }
}

/// The parts of a checked plan, which are at most [`MAX_PLAN_NODES`].
fn nodes(plan: &Plan) -> usize {
    match plan {
        Plan::Factor(_) | Plan::Approvals(_) => 1,
        Plan::All(parts) | Plan::Any { of: parts, .. } => 1 + parts.iter().map(nodes).sum::<usize>(),
    }
}

fn escalate(value: &Value) -> Result<Made, Misuse> {
    let fields = Fields::of("escalate", "escalate { to = \"support\", because = \"…\" }", value, &["to", "because"])?;
    let to = fields.text("to", MAX_TO_BYTES)?;
    let because = fields.text("because", MAX_BECAUSE_BYTES)?;
    Ok(Made::Verdict(Verdict::Escalate { to, because }))
}

fn deny(value: &Value) -> Result<Made, Misuse> {
    let because = if let Value::String(_) = value {
        text("deny", "because", MAX_BECAUSE_BYTES, value)?
    } else {
        let fields = Fields::of("deny", "deny { because = \"…\" }", value, &["because"])?;
        fields.text("because", MAX_BECAUSE_BYTES)?
    };
    Ok(Made::Verdict(Verdict::Deny { because }))
}

fn retry(value: &Value) -> Result<Made, Misuse> {
    let fields = Fields::of("retry", "retry { after = minutes(1) }", value, &["after"])?;
    let after = fields.span("after", 0, LONGEST_RETRY_WAIT)?;
    let after = after.ok_or(Misuse::Missing { word: "retry", key: "after" })?;
    Ok(Made::Verdict(Verdict::Retry { after }))
}

fn outcome(value: &Value) -> Result<Made, Misuse> {
    const KEYS: &[&str] = &["device", "force_password_change", "revoke_sessions", "hold", "enroll_within"];
    let fields = Fields::of("outcome", "outcome { device = \"deactivate\" }", value, KEYS)?;
    let outcome = Outcome {
        device: fields.fate()?,
        force_password_change: fields.flag("force_password_change")?,
        revoke_sessions: fields.flag("revoke_sessions")?,
        hold: fields.span("hold", 0, LONGEST_HOLD)?.filter(|hold| !hold.is_zero()),
        enroll_within: fields.span("enroll_within", 1, LONGEST_ENROLLMENT)?,
    };
    Ok(Made::Verdict(Verdict::Outcome(outcome)))
}

/// The named fields of a verdict, none of them unknown.
struct Fields<'a> {
    word: &'static str,
    table: &'a Table,
}

impl<'a> Fields<'a> {
    fn of(word: &'static str, example: &'static str, value: &'a Value, keys: &[&'static str]) -> Result<Self, Misuse> {
        let Value::Table(table) = value else {
            return Err(Misuse::NoTable { word, example, got: kind(value) });
        };
        // The first unknown key ends the walk, so it takes at most as many steps as there are keys.
        for entry in table.pairs::<Value, Value>() {
            let (key, _) = entry?;
            let known = matches!(&key, Value::String(name) if keys.iter().any(|known| *name == **known));
            if !known {
                let key = shown(&key);
                let meant = nearest(key.trim_matches('`'), keys.iter().copied());
                return Err(Misuse::UnknownKey { word, key, meant });
            }
        }
        Ok(Self { word, table })
    }

    fn value(&self, key: &'static str) -> Result<Value, Misuse> {
        Ok(self.table.raw_get(key)?)
    }

    fn text(&self, key: &'static str, most: usize) -> Result<String, Misuse> {
        match self.value(key)? {
            Value::Nil => Err(Misuse::Missing { word: self.word, key }),
            value => text(self.word, key, most, &value),
        }
    }

    fn flag(&self, key: &'static str) -> Result<bool, Misuse> {
        match self.value(key)? {
            Value::Nil => Ok(false),
            Value::Boolean(flag) => Ok(flag),
            other => Err(self.wrong(key, "true or false", &other)),
        }
    }

    fn fate(&self) -> Result<DeviceFate, Misuse> {
        match self.value("device")? {
            Value::Nil => Ok(DeviceFate::Deactivate),
            Value::String(word) if word == "deactivate" => Ok(DeviceFate::Deactivate),
            Value::String(word) if word == "keep" => Ok(DeviceFate::Keep),
            other => Err(self.wrong("device", "\"deactivate\" or \"keep\"", &other)),
        }
    }

    fn span(&self, key: &'static str, least: u64, most: Duration) -> Result<Option<Duration>, Misuse> {
        let value = self.value(key)?;
        if value.is_nil() {
            return Ok(None);
        }
        let seconds = number(&value).ok_or_else(|| self.wrong(key, "a number of seconds", &value))?;
        let most = most.as_secs();
        let seconds = exact(most).and_then(|most| whole(seconds, most)).filter(|seconds| *seconds >= least);
        let seconds = seconds.ok_or(Misuse::Span { word: self.word, key, least, most })?;
        Ok(Some(Duration::from_secs(seconds)))
    }

    fn wrong(&self, key: &'static str, wanted: &'static str, got: &Value) -> Misuse {
        Misuse::Kind { word: self.word, key, wanted, got: kind(got) }
    }
}

fn text(word: &'static str, key: &'static str, most: usize, value: &Value) -> Result<String, Misuse> {
    let Value::String(text) = value else {
        return Err(Misuse::Kind { word, key, wanted: "a text", got: kind(value) });
    };
    let refused = Misuse::Text { word, key, most };
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > most {
        return Err(refused);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(refused),
    }
}

fn exact(number: u64) -> Option<f64> {
    u32::try_from(number).ok().map(f64::from)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        #[expect(clippy::cast_precision_loss, reason = "Lua's own numbers are doubles; this undoes mlua's rounding")]
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}

/// A whole number from 0 to `most`.
fn whole(number: f64, most: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && number >= 0.0 && number <= most;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the line above has bounded it")]
    fits.then_some(number as u64)
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
fn shown(key: &Value) -> String {
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

/// The word as a function for the prelude: it returns what was made, or nothing and why not.
pub(crate) fn function(
    lua: &Lua,
    word: Word,
    channels: std::sync::Arc<Channels>,
    meter: std::sync::Arc<Meter>,
) -> mlua::Result<mlua::Function> {
    lua.create_function(move |lua, (first, second): (Value, Value)| {
        match word.make(&channels, &meter, &first, &second) {
            Ok(made) => Ok((Value::UserData(lua.create_userdata(made)?), None)),
            Err(misuse) => {
                if misuse.is_unknown_word() {
                    meter.meet_unknown_word();
                }
                Ok((Value::Nil, Some(misuse.to_string())))
            }
        }
    })
}
