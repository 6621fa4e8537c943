//! What a test and an invariant see of a case.

use mlua::{Lua, Table, Value};
use readmit_recovery::case::State;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::plan::Atom;
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::{DeviceFate, Outcome};
use thiserror::Error;

use crate::input::Builder;
use crate::workbench::Journey;

/// The fields of a case, beside the records that policies see too.
pub(crate) const FIELDS: [&str; 17] = [
    "state",
    "reason",
    "now",
    "plan",
    "open",
    "proven",
    "approvals",
    "failures",
    "outcome",
    "tasks",
    "to",
    "because",
    "held_until",
    "cause",
    "notices",
    "alerts",
    "expires_at",
];

/// What happened on the way, beside what the case itself remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct Happened {
    /// Why the policy gave no verdict, the last time that it gave none.
    pub cause: Option<String>,
    /// Notices sent.
    pub notices: u32,
    /// Alerts raised, in order.
    pub alerts: Vec<&'static str>,
}

/// A field that cannot be looked at.
#[derive(Debug, Error)]
pub(super) enum Unseen {
    /// An invariant is asked about a case, and not about the way to it.
    #[error("`{0}` is known in tests only: an invariant is about the case, and not about the way to it")]
    OnTheWay(String),
    /// Lua could not go on.
    #[error(transparent)]
    Lua(#[from] mlua::Error),
}

/// The value of a field.
pub(super) fn field(
    lua: &Lua,
    builder: &Builder,
    journey: &Journey,
    happened: Option<&Happened>,
    name: &str,
) -> Result<Value, Unseen> {
    let case = &journey.case;
    let happened = || happened.ok_or_else(|| Unseen::OnTheWay(name.to_owned()));
    Ok(match name {
        "state" => text(lua, case.state.as_str())?,
        "reason" => text(lua, case.reason.as_str())?,
        "now" => time(journey.now),
        "expires_at" => time(case.expires_at),
        "plan" => match &case.plan {
            Some(plan) => text(lua, &plan.to_string())?,
            None => Value::Nil,
        },
        "open" => list(lua, open(journey).iter().map(String::as_str))?,
        "proven" => list(lua, case.proven.iter().map(|factor| factor.as_str()))?,
        "approvals" => list(lua, case.approvals.iter().map(String::as_str))?,
        "failures" => match builder.failures(&case.failures)? {
            Some(failures) => Value::Table(failures),
            None => list(lua, [].into_iter())?,
        },
        "outcome" => match case.state.outcome() {
            Some(outcome) => Value::Table(outcome_table(lua, outcome)?),
            None => Value::Nil,
        },
        "tasks" => match &case.state {
            State::Recovered { tasks, .. } => list(lua, tasks.iter().map(|task| task.as_str()))?,
            _ => list(lua, [].into_iter())?,
        },
        "to" => match &case.state {
            State::Escalated { to, .. } => text(lua, to)?,
            _ => Value::Nil,
        },
        "because" => match &case.state {
            State::Escalated { because, .. } | State::Denied { because } => text(lua, because)?,
            _ => Value::Nil,
        },
        "held_until" => match &case.state {
            State::Held { until, .. } => time(*until),
            _ => Value::Nil,
        },
        "cause" => match &happened()?.cause {
            Some(cause) => text(lua, cause)?,
            None => Value::Nil,
        },
        "notices" => Value::Number(f64::from(happened()?.notices)),
        "alerts" => list(lua, happened()?.alerts.iter().copied())?,
        _ => Value::Nil,
    })
}

/// The account, device, client and history, as policies see them.
pub(super) fn facts(lua: &Lua, builder: &Builder, journey: &Journey) -> mlua::Result<Table> {
    let case = &journey.case;
    let question = Question {
        hook: Hook::Open,
        case: case.id.handle(),
        reason: case.reason,
        facts: case.facts.clone(),
        proven: Vec::new(),
        failures: Vec::new(),
        factor: None,
        failure: None,
        now: journey.now,
    };
    builder.case(lua, &question)
}

/// The factors that can be worked on now, in the order of the plan.
pub(super) fn open(journey: &Journey) -> Vec<String> {
    let case = &journey.case;
    if case.state != State::Proving {
        return Vec::new();
    }
    let open = case.open_atoms();
    let atoms = case.plan.as_ref().map(|plan| plan.atoms()).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for atom in atoms.into_iter().filter(|atom| open.contains(atom)) {
        let name = match atom {
            Atom::Factor(factor) => factor.to_string(),
            Atom::Approvals(_) => "approval".to_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn outcome_table(lua: &Lua, outcome: &Outcome) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let device = match outcome.device {
        DeviceFate::Deactivate => "deactivate",
        DeviceFate::Keep => "keep",
    };
    table.raw_set("device", device)?;
    table.raw_set("force_password_change", outcome.force_password_change)?;
    table.raw_set("revoke_sessions", outcome.revoke_sessions)?;
    table.raw_set("hold", outcome.hold.map(|hold| hold.as_secs()))?;
    table.raw_set("enroll_within", outcome.enroll_within.map(|within| within.as_secs()))?;
    table.set_readonly(true);
    Ok(table)
}

fn text(lua: &Lua, text: &str) -> mlua::Result<Value> {
    lua.create_string(text).map(Value::String)
}

fn list<'a>(lua: &Lua, items: impl Iterator<Item = &'a str>) -> mlua::Result<Value> {
    let list = lua.create_sequence_from(items)?;
    list.set_readonly(true);
    Ok(Value::Table(list))
}

/// Unix seconds, which Lua's numbers hold exactly.
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit in 53 bits")]
const fn time(at: Timestamp) -> Value {
    Value::Number(at.unix() as f64)
}
