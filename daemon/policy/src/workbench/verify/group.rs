//! Groups of classes that the opening answers alike.
//!
//! What follows on an opening depends on its answer and on what is looked at afterwards, and on nothing else. So all
//! classes with the same answer are walked as one, and are parted only by facts that are looked at after the opening.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use readmit_recovery::account::Reason;
use readmit_recovery::verdict::Verdict;

use super::class::Class;
use super::counterexample::unusual;
use super::domain::Domain;
use super::value::Value;
use crate::fact::Fact;

/// Classes that the opening answers alike, and that agree in what has been looked at since.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// What the policy says when such a case opens.
    pub verdict: Arc<Verdict>,
    decided: BTreeMap<Fact, Value>,
    /// At least one; the first is the one that is walked.
    members: Vec<Class>,
}

impl Group {
    /// Puts classes together by what the opening answers.
    pub fn all(openings: Vec<(Class, Verdict)>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for (class, verdict) in openings {
            match groups.iter_mut().find(|group| *group.verdict == verdict) {
                Some(group) => group.members.push(class),
                None => groups.push(Self {
                    verdict: Arc::new(verdict),
                    decided: BTreeMap::new(),
                    members: vec![class],
                }),
            }
        }
        groups
    }

    /// The class that stands for the group.
    pub fn first(&self) -> Option<&Class> {
        self.members.first()
    }

    /// The class with the least that is unusual.
    pub fn plainest(&self) -> Option<&Class> {
        self.members.iter().min_by_key(|class| unusual(class).count())
    }

    /// All classes.
    pub fn members(&self) -> &[Class] {
        &self.members
    }

    /// What was looked at after the opening, in the order of the facts.
    pub fn decided(&self) -> impl Iterator<Item = &Value> {
        self.decided.values()
    }

    /// These facts have been looked at: the group keeps the classes that agree with the first one, and the others
    /// become groups of their own.
    pub fn look(&mut self, facts: &BTreeSet<Fact>, domain: &Domain, siblings: &mut Vec<Self>) {
        for fact in facts {
            if self.decided.contains_key(fact) {
                continue;
            }
            let Some(current) = self.first().and_then(|class| Value::of(class.start(), *fact)) else {
                continue;
            };
            let values = domain.values(*fact);
            let mut parts: BTreeMap<Value, Vec<Class>> = BTreeMap::new();
            for class in std::mem::take(&mut self.members) {
                if let Some(value) = class.value(*fact) {
                    parts.entry(value.clone()).or_default().push(class);
                    continue;
                }
                let own = Value::of(class.start(), *fact).filter(|own| !values.contains(own));
                for value in values.iter().chain(own.as_ref()) {
                    parts.entry(value.clone()).or_default().extend(class.with(value));
                }
            }
            self.members = parts.remove(&current).unwrap_or_default();
            for (value, members) in parts.into_iter().filter(|(_, members)| !members.is_empty()) {
                let mut decided = self.decided.clone();
                decided.insert(*fact, value);
                siblings.push(Self { verdict: Arc::clone(&self.verdict), decided, members });
            }
            self.decided.insert(*fact, current);
        }
    }

    /// Whether a case of this group with one reason and an otherwise equal case of the other group with the other
    /// reason can be: two classes that show it.
    pub fn overlap<'a>(
        &'a self,
        other: &'a Self,
        reasons: (Reason, Reason),
    ) -> Option<(&'a Class, &'a Class)> {
        let except = [Fact::Reason];
        let differs = |value: &Value| {
            !except.contains(&value.fact)
                && other.decided.get(&value.fact).is_some_and(|theirs| theirs != value)
        };
        if self.decided().any(differs) {
            return None;
        }
        let may_be =
            |class: &Class, reason| class.value(Fact::Reason).is_none() || class.start().reason == reason;
        let ours: Vec<&Class> = self.members.iter().filter(|class| may_be(class, reasons.0)).collect();
        let theirs: Vec<&Class> = other.members.iter().filter(|class| may_be(class, reasons.1)).collect();
        let facts: Vec<Fact> = Fact::ALL.iter().copied().filter(|fact| !except.contains(fact)).collect();
        overlapping(&ours, &theirs, &facts)
    }
}

/// A class of each list that agree in these facts, where there is one decided in both.
fn overlapping<'a>(
    ours: &[&'a Class],
    theirs: &[&'a Class],
    facts: &[Fact],
) -> Option<(&'a Class, &'a Class)> {
    let (first, second) = (ours.first()?, theirs.first()?);
    let Some((fact, rest)) = facts.split_first() else { return Some((first, second)) };
    let by_value = |classes: &[&'a Class]| {
        let mut parts: BTreeMap<Option<&'a Value>, Vec<&'a Class>> = BTreeMap::new();
        for class in classes {
            parts.entry(class.value(*fact)).or_default().push(class);
        }
        parts
    };
    let theirs = by_value(theirs);
    by_value(ours).into_iter().find_map(|(value, ours)| {
        let agree = |other: &Option<&Value>| value.is_none() || other.is_none() || *other == value;
        theirs
            .iter()
            .filter(|(other, _)| agree(other))
            .find_map(|(_, theirs)| overlapping(&ours, theirs, rest))
    })
}
