//! Classes of cases: what is decided about them, and the branching where more is looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::domain::{Domain, is_consistent, reconcile};
use super::value::Value;
use crate::fact::Fact;
use crate::workbench::start::Start;

/// All cases that agree in the facts that are decided; the other facts have not been looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    start: Start,
    decided: BTreeMap<Fact, Value>,
}

impl Class {
    /// All cases that open like `start`, as far as anybody looks.
    #[must_use]
    pub const fn of(start: Start) -> Self {
        Self { start, decided: BTreeMap::new() }
    }

    /// One case of the class: what is not decided is as usual.
    #[must_use]
    pub const fn start(&self) -> &Start {
        &self.start
    }

    /// What is decided, in the order of the facts.
    pub fn decided(&self) -> impl Iterator<Item = &Value> {
        self.decided.values()
    }

    /// What is decided about one fact.
    #[must_use]
    pub fn value(&self, fact: Fact) -> Option<&Value> {
        self.decided.get(&fact)
    }

    /// The class with one more fact decided; none if there can be no such case.
    pub(super) fn with(&self, value: &Value) -> Option<Self> {
        let mut class = self.clone();
        value.apply(&mut class.start);
        class.decided.insert(value.fact, value.clone());
        let decided = &class.decided;
        reconcile(&mut class.start, |fact| decided.contains_key(&fact));
        is_consistent(&class.start).then_some(class)
    }
}

/// One class being looked at. Whenever a fact is looked at that is not decided in it, the class goes on with the
/// value that the fact happens to have, and the other values become classes of their own.
pub struct Branching<'a> {
    domain: &'a Domain,
    class: Class,
    siblings: Vec<Class>,
}

impl<'a> Branching<'a> {
    /// Begins with `class`.
    #[must_use]
    pub const fn new(domain: &'a Domain, class: Class) -> Self {
        Self { domain, class, siblings: Vec::new() }
    }

    /// The class as far as it is decided.
    #[must_use]
    pub const fn class(&self) -> &Class {
        &self.class
    }

    /// These facts have been looked at.
    pub fn look(&mut self, facts: &BTreeSet<Fact>) {
        // A record comes before its fields, so that whether there is one is decided first.
        for fact in facts {
            if self.class.decided.contains_key(fact) {
                continue;
            }
            let Some(current) = Value::of(&self.class.start, *fact) else { continue };
            let others = self.domain.values(*fact).into_iter().filter(|value| *value != current);
            self.siblings.extend(others.filter_map(|value| self.class.with(&value)));
            self.class.decided.insert(*fact, current);
        }
    }

    /// The class, all decided that was looked at, and those that are still to be looked at.
    #[must_use]
    pub fn finish(self) -> (Class, Vec<Class>) {
        (self.class, self.siblings)
    }
}
