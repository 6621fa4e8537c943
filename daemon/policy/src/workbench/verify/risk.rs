//! More risk never means fewer factors.
//!
//! For otherwise equal facts the weakest way to recover is compared: whoever has a stolen device must not need fewer
//! factors than whoever lost it, nor these fewer than whoever broke it; and with as many factors, the hold must not be
//! shorter. A case that no proof recovers, because it goes to people, is the strongest. `not_working` and
//! `out_of_sync` are no steps of that ladder: a device that is there is a factor itself.

use std::collections::BTreeMap;

use readmit_recovery::account::Reason;

use super::class::Class;
use super::counterexample::Counterexample;
use super::finding::Way;
use super::group::Group;
use super::value::Value;
use crate::fact::Fact;
use crate::workbench::Start;

/// Each pair of reasons, the riskier one first.
const LADDER: [(Reason, Reason); 2] = [(Reason::Stolen, Reason::Lost), (Reason::Lost, Reason::Damaged)];

/// One group and its weakest way.
pub(super) type Weakest<'a> = (&'a Group, Option<&'a Way>);

/// Every pair of groups that turns the ladder round, one counterexample a cause.
pub(super) fn inversions(groups: &[Weakest<'_>]) -> Vec<Counterexample> {
    let mut found: BTreeMap<String, (usize, usize, Counterexample)> = BTreeMap::new();
    for (riskier, lesser) in LADDER {
        for (risky, way) in groups.iter().filter_map(|(group, way)| way.map(|way| (group, way))) {
            for (safe, other) in groups.iter().filter(|(_, other)| is_weaker(way, *other)) {
                let pair = risky.overlap(safe, (riskier, lesser));
                let Some((risky, safer)) = pair.and_then(|(risky, safe)| both(risky, safe, riskier, lesser))
                else {
                    continue;
                };
                let cause = cause(riskier, way, lesser, *other);
                let length = way.actions.len() + other.map_or(0, |other| other.actions.len());
                let size = 100 * length + risky.decided().count();
                let known = found.get(&cause).map(|(classes, size, _)| (*classes, *size));
                let (classes, smallest) = known.unwrap_or((0, usize::MAX));
                if size < smallest {
                    let example =
                        Counterexample::of_risk(&cause, (&risky, way), (&safer, *other), classes + 1);
                    found.insert(cause, (classes + 1, size, example));
                } else if let Some((count, ..)) = found.get_mut(&cause) {
                    *count += 1;
                }
            }
        }
    }
    let counted =
        |(classes, _, example): (usize, usize, Counterexample)| Counterexample { classes, ..example };
    found.into_values().map(counted).collect()
}

fn is_weaker(way: &Way, other: Option<&Way>) -> bool {
    other.is_none_or(|other| (way.factors, way.hold) < (other.factors, other.hold))
}

/// A case of both classes, but for the reason.
fn both(risky: &Class, safe: &Class, riskier: Reason, lesser: Reason) -> Option<(Class, Start)> {
    let mut class = risky.clone();
    for value in
        safe.decided().filter(|value| risky.value(value.fact).is_none() && value.fact != Fact::Reason)
    {
        class = class.with(value)?;
    }
    let mut usual = class.start().clone();
    usual.reason = riskier;
    let reason = Value::of(&usual, Fact::Reason)?;
    let class = class.with(&reason)?;
    let mut safer = class.start().clone();
    safer.reason = lesser;
    Some((class, safer))
}

fn cause(riskier: Reason, way: &Way, lesser: Reason, other: Option<&Way>) -> String {
    let (riskier, lesser) = (riskier.as_str(), lesser.as_str());
    let takes = in_words(way);
    match other {
        None => format!("{riskier} takes {takes}, and {lesser} goes to people whatever is proven"),
        Some(other) => format!("{riskier} takes {takes}, and {lesser} takes {}", in_words(other)),
    }
}

fn in_words(way: &Way) -> String {
    let factors = if way.factors == 1 { "1 factor".to_owned() } else { format!("{} factors", way.factors) };
    if way.hold.is_zero() {
        factors
    } else {
        format!("{factors} and a hold of {}", super::super::start::span(way.hold))
    }
}
