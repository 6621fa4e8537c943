//! Plans out of Lua: factors, lists and what `all`, `any` and `approvals` made of them.
//!
//! At most [`MAX_PLAN_NODES`] entries are read in all, at most [`MAX_PLAN_DEPTH`] deep: a list that stands in many
//! places, or in itself, costs no more than that.

use mlua::{Table, Value};
use readmit_recovery::limits::{MAX_APPROVALS, MAX_PLAN_DEPTH, MAX_PLAN_NODES};
use readmit_recovery::plan::Plan;

use crate::decode::Made;
use crate::misuse::{Misuse, kind, shown, word_of};
use crate::vocabulary::Channels;

/// The plan of `prove`, `all` and, as the choices, `any`.
pub(crate) fn plan(word: &'static str, channels: &Channels, value: &Value) -> Result<Plan, Misuse> {
    let plan = match value {
        Value::UserData(_) => Walk::new(channels).part(value, word, 1)?,
        Value::Table(list) => single(Walk::new(channels).list(list, word, 1)?),
        other => return Err(Misuse::NoList(word, kind(other))),
    };
    plan.check()?;
    Ok(plan)
}

/// `any(n, list)`.
pub(crate) fn any(channels: &Channels, need: &Value, list: &Value) -> Result<Plan, Misuse> {
    let need = number(need).ok_or(Misuse::NoNumber(kind(need)))?;
    let Value::Table(list) = list else {
        return Err(Misuse::NoList("any", kind(list)));
    };
    let of = Walk::new(channels).list(list, "any", 1)?;
    let need = whole(need, f64::from(u8::MAX)).and_then(|need| u8::try_from(need).ok());
    let plan = Plan::Any { need: need.ok_or(Misuse::NoNumber("none that a plan could mean"))?, of };
    plan.check()?;
    Ok(plan)
}

/// `approvals(n)`.
pub(crate) fn approvals(count: &Value) -> Result<Plan, Misuse> {
    let count = number(count)
        .and_then(|count| whole(count, f64::from(MAX_APPROVALS)))
        .and_then(|count| u8::try_from(count).ok());
    match count {
        Some(count) if count >= 1 => Ok(Plan::Approvals(count)),
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

/// A number of Lua.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "Lua's own numbers are doubles; this undoes mlua's rounding"
        )]
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}

/// A whole number from 0 to `most`.
pub(crate) fn whole(number: f64, most: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && number >= 0.0 && number <= most;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the line above has bounded it"
    )]
    fits.then_some(number as u64)
}
