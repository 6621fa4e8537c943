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
use crate::fact::Fact;
use crate::workbench::Start;

/// Each pair of reasons, the riskier one first.
const LADDER: [(Reason, Reason); 2] = [(Reason::Stolen, Reason::Lost), (Reason::Lost, Reason::Damaged)];

/// One class and its weakest way.
pub(super) type Weakest<'a> = (&'a Class, Option<&'a Way>);

/// Every pair of classes that turns the ladder round, one counterexample a cause.
pub(super) fn inversions(classes: &[Weakest<'_>]) -> Vec<Counterexample> {
    let with = |reason: Reason| {
        let is_it =
            move |class: &Class| class.value(Fact::Reason).is_some() && class.start().reason == reason;
        classes.iter().filter(move |(class, _)| is_it(class))
    };
    let mut found: BTreeMap<String, (usize, usize, Counterexample)> = BTreeMap::new();
    for (riskier, lesser) in LADDER {
        for (risky, way) in with(riskier).filter_map(|(class, way)| way.map(|way| (class, way))) {
            for (safe, other) in with(lesser) {
                if !is_weaker(way, *other) || !risky.overlaps(safe, &[Fact::Reason]) {
                    continue;
                }
                let Some((risky, safer)) = both(risky, safe, lesser) else { continue };
                let cause = cause(riskier, way, lesser, *other);
                let length = way.actions.len()
                    + other.map_or(0, |other| other.actions.len())
                    + risky.decided().count();
                let classes = found.get(&cause).map_or(0, |(classes, ..)| *classes) + 1;
                let shortest = found.get(&cause).map_or(usize::MAX, |(_, length, _)| *length);
                if length < shortest {
                    let example = Counterexample::of_risk(&cause, (&risky, way), (&safer, *other), classes);
                    found.insert(cause, (classes, length, example));
                } else if let Some((count, ..)) = found.get_mut(&cause) {
                    *count = classes;
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
fn both(risky: &Class, safe: &Class, lesser: Reason) -> Option<(Class, Start)> {
    let mut class = risky.clone();
    for value in safe.decided().filter(|value| risky.value(value.fact).is_none()) {
        class = class.with(value)?;
    }
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
