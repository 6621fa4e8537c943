//! Answers that are known already, by what was looked at for them.
//!
//! A policy is pure: asked again with the same values of what it looked at, it answers the same.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::verdict::Verdict;

use super::class::Class;
use super::value::Value;
use crate::fact::Fact;
use crate::limits::MAX_MEMORIES;
use crate::set::PolicySet;

/// The answers of one set.
#[derive(Default)]
pub(super) struct Memo {
    known: HashMap<(Hook, Option<Factor>), Vec<Remembered>>,
    held: usize,
    /// Questions answered, known or not.
    pub decisions: u64,
    /// Questions that the policy itself was asked.
    pub asked: u64,
}

/// Answers for which the same facts were looked at.
struct Remembered {
    facts: BTreeSet<Fact>,
    answers: HashMap<Vec<u64>, Verdict>,
}

impl Memo {
    /// What the policy answers, and what it looks at for that.
    pub fn decide(
        &mut self,
        set: &PolicySet,
        class: &Class,
        question: &Question,
    ) -> (Verdict, BTreeSet<Fact>) {
        self.decisions += 1;
        let kept = self.known.entry((question.hook, question.factor.clone())).or_default();
        for remembered in kept.iter() {
            let values =
                remembered.facts.iter().map(|fact| print_of(*fact, class, question)).collect::<Vec<_>>();
            if let Some(verdict) = remembered.answers.get(&values) {
                return (verdict.clone(), remembered.facts.clone());
            }
        }
        self.asked += 1;
        let watched = set.decide_watched(question);
        let (verdict, facts) = (watched.decision.verdict, watched.facts);
        if self.held < MAX_MEMORIES {
            self.held += 1;
            let values = facts.iter().map(|fact| print_of(*fact, class, question)).collect();
            let known = kept.iter_mut().find(|remembered| remembered.facts == facts);
            match known {
                Some(remembered) => drop(remembered.answers.insert(values, verdict.clone())),
                None => kept.push(Remembered {
                    facts: facts.clone(),
                    answers: HashMap::from([(values, verdict.clone())]),
                }),
            }
        }
        (verdict, facts)
    }
}

/// The value of a fact in a question, as a number that no other value is likely to share within 64 bits.
fn print_of(fact: Fact, class: &Class, question: &Question) -> u64 {
    let mut hasher = DefaultHasher::new();
    let failure = question.failure.as_ref();
    match fact {
        Fact::Now => question.now.hash(&mut hasher),
        Fact::Proven => question.proven.hash(&mut hasher),
        Fact::Failures => {
            for failure in &question.failures {
                (&failure.factor, failure.disposition, failure.count, failure.at).hash(&mut hasher);
            }
        }
        Fact::FailureFactor => failure.map(|failure| &failure.factor).hash(&mut hasher),
        Fact::FailureDisposition => failure.map(|failure| failure.disposition).hash(&mut hasher),
        Fact::FailureCount => failure.map(|failure| failure.count).hash(&mut hasher),
        Fact::FailureAt => failure.map(|failure| failure.at).hash(&mut hasher),
        fact => match class.value(fact) {
            Some(value) => value.hash(&mut hasher),
            None => {
                if let Some(value) = Value::of(class.start(), fact) {
                    value.hash(&mut hasher);
                }
            }
        },
    }
    hasher.finish()
}
