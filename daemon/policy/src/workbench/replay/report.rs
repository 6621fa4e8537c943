//! What a replay found, grouped by what changed.

use std::collections::{BTreeMap, BTreeSet};

use readmit_recovery::account::Reason;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::id::{CaseHandle, PolicyVersion};
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::Verdict;

use super::compared::Changed;
use crate::fact::Fact;
use crate::limits::{MAX_GROUPS, MAX_LOG_VERSIONS};
use crate::workbench::compare::{Change, Effect};
use crate::workbench::told::told;

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many cases were opened.
    pub cases: u64,
    /// How many decisions come out as they did.
    pub same: u64,
    /// When the first and the last decision were made.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Who decided, and how often; of very many versions, the first that were met.
    pub versions: BTreeMap<PolicyVersion, u64>,
    /// What changes, the weightiest first and then the most frequent.
    pub groups: Vec<Group>,
    /// Changes of more kinds than are listed, by their effect.
    pub unlisted: BTreeMap<Effect, u64>,
    index: BTreeMap<Key, usize>,
}

type Key = (Change, Hook, Reason, String);

/// Decisions that change in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How.
    pub change: Change,
    /// What was asked.
    pub hook: Hook,
    /// Why the recoveries were wanted.
    pub reason: Reason,
    /// The kind of the accounts.
    pub kind: String,
    /// How many decisions.
    pub count: u64,
    /// How many of them come after another change in their case, and might never have been asked.
    pub after_a_change: u64,
    /// The first of them.
    pub example: Example,
}

/// One decision, to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its number in the log.
    pub id: u64,
    /// Its case.
    pub case: CaseHandle,
    /// When it was made.
    pub at: Timestamp,
    /// What was decided, as the core followed it.
    pub before: Verdict,
    /// What the candidate decides.
    pub after: Verdict,
    /// What the candidate looked at, beyond what the group says already.
    pub facts: Vec<(Fact, String)>,
}

impl Report {
    /// How many decisions were compared.
    #[must_use]
    pub fn decisions(&self) -> u64 {
        self.same + Effect::ALL.into_iter().map(|effect| self.count(effect)).sum::<u64>()
    }

    /// How many decisions change in this way; those that stay the same are not among the changes.
    #[must_use]
    pub fn count(&self, effect: Effect) -> u64 {
        let listed = self.groups.iter().filter(|group| group.change.effect() == effect);
        listed.map(|group| group.count).sum::<u64>() + self.unlisted.get(&effect).copied().unwrap_or(0)
    }

    pub(super) fn see(&mut self, at: Timestamp, version: PolicyVersion) {
        let (first, last) = self.period.unwrap_or((at, at));
        self.period = Some((first.min(at), last.max(at)));
        if let Some(count) = self.versions.get_mut(&version) {
            *count += 1;
        } else if self.versions.len() < MAX_LOG_VERSIONS {
            self.versions.insert(version, 1);
        }
    }

    pub(super) fn add(
        &mut self,
        changed: Changed,
        after_a_change: bool,
        look: impl FnOnce(&Question) -> BTreeSet<Fact>,
    ) {
        let Changed { change, logged, after } = changed;
        let input = &logged.input;
        let key = (change, logged.hook, input.reason, input.facts.account.kind.clone());
        if let Some(group) = self.index.get(&key).and_then(|at| self.groups.get_mut(*at)) {
            group.count += 1;
            group.after_a_change += u64::from(after_a_change);
            return;
        }
        if self.groups.len() >= MAX_GROUPS {
            *self.unlisted.entry(key.0.effect()).or_default() += 1;
            return;
        }
        self.index.insert(key.clone(), self.groups.len());
        let (change, hook, reason, kind) = key;
        let is_new = |fact: &Fact| !matches!(fact, Fact::Reason | Fact::Kind);
        let facts = look(input).into_iter().filter(is_new);
        let facts = facts.filter_map(|fact| Some((fact, told(input, fact)?))).collect();
        let example =
            Example { id: logged.id, case: logged.case, at: logged.at, before: logged.verdict, after, facts };
        let after_a_change = u64::from(after_a_change);
        self.groups.push(Group { change, hook, reason, kind, count: 1, after_a_change, example });
    }

    pub(super) fn sort(&mut self) {
        self.index.clear();
        let weight =
            |group: &Group| (group.change.effect(), std::cmp::Reverse(group.count), group.example.id);
        self.groups.sort_by_key(weight);
    }
}
