//! Which classes of cases get another verdict from one set of policies than from another.
//!
//! Every class that either of them can tell apart is put to both: its opening, and then every question that comes up
//! along the ways that each of them leads it, which are those to satisfy its plan, and each factor failing until
//! something else happens. Whatever is asked along one way is put to both.

use std::collections::{BTreeMap, BTreeSet};

use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::rules::Rules;
use readmit_recovery::verdict::Verdict;

use super::compare::{Change, Effect, as_followed};
use super::course::{Answer, walk};
use super::regions::{Universe, conditions, sentence};
use super::start::Start;
use super::verify::{Branching, Class, Domain, ExploreError, explore};
use crate::fact::Fact;
use crate::limits::MOST_FAILURES_WALKED;
use crate::set::PolicySet;

/// What tells two sets apart.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// How many classes of cases were compared.
    pub classes: u64,
    /// In how many of them nothing changes.
    pub same: u64,
    /// How many questions were put to both.
    pub questions: u64,
    /// What changes, the weightiest first and then what concerns most classes.
    pub groups: Vec<DiffGroup>,
}

/// One change, and where it happens.
#[derive(Clone, Debug)]
pub struct DiffGroup {
    /// What changes.
    pub change: Change,
    /// In which realm; `default` for all that have no policy of their own.
    pub realm: String,
    /// What is asked.
    pub hook: Hook,
    /// Which factor was proven or failed.
    pub factor: Option<Factor>,
    /// In how many classes.
    pub classes: u64,
    /// Of how many in the realm.
    pub of: u64,
    /// When, in words, as far as the case opens with it: any of these.
    pub when: String,
    /// A case in which it happens.
    pub example: Start,
}

/// What is told apart: a change in a hook, about a factor.
type Key = (Change, Hook, Option<Factor>);

impl Diff {
    /// Compares two [watched](PolicySet::watched) sets, in up to `limit` classes a realm. `progress` is told how many
    /// classes are done.
    ///
    /// # Errors
    /// [`ExploreError`] if they tell more classes apart.
    pub fn between(
        before: &PolicySet,
        after: &PolicySet,
        rules: &Rules,
        limit: usize,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, ExploreError> {
        let mut diff = Self::default();
        let own = |set: &PolicySet| -> BTreeMap<String, String> {
            set.realms().map(|(realm, file)| (realm.to_owned(), file.to_owned())).collect()
        };
        let files = [own(before), own(after)];
        let mut realms: BTreeSet<String> = files.iter().flat_map(|files| files.keys().cloned()).collect();
        // Whoever has no policy of their own is decided about, or refused, too.
        realms.insert("default".to_owned());
        for realm in realms {
            diff.realm(&realm, [before, after], &files, (rules, limit), progress)?;
        }
        let weight = |group: &DiffGroup| (group.change.effect(), std::cmp::Reverse(group.classes));
        diff.groups.sort_by_key(weight);
        Ok(diff)
    }

    /// How many classes change in this way, counted once a change.
    #[must_use]
    pub fn count(&self, effect: Effect) -> u64 {
        self.groups.iter().filter(|group| group.change.effect() == effect).map(|group| group.classes).sum()
    }

    fn realm(
        &mut self,
        realm: &str,
        sets: [&PolicySet; 2],
        files: &[BTreeMap<String, String>; 2],
        (rules, limit): (&Rules, usize),
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ExploreError> {
        let file = |side: usize, realm: &str| {
            files.get(side).and_then(|files| files.get(realm).or(files.get("default")))
        };
        let pair = |realm: &str| [file(0, realm), file(1, realm)];
        let domains = sets.into_iter().zip(pair(realm));
        let domains = domains.filter_map(|(set, file)| Some(Domain::of(set.sources(), file?)));
        let Some(domain) = domains.reduce(Domain::and) else { return Ok(()) };
        let failures = domain.largest_count(MOST_FAILURES_WALKED).max(2) + 1;
        let (mut questions, mut done) = (0, self.classes);
        let found = explore(realm, &domain, limit, |branching| {
            let of_class = |branching: &Branching<'_>| branching.class().start().facts.account.realm.clone();
            if pair(&of_class(branching)) != pair(realm) {
                return None;
            }
            let mut keys = BTreeSet::new();
            for leader in 0..sets.len() {
                let start = branching.class().start().clone();
                let Some(version) = sets.get(leader).map(|set| set.version()) else { continue };
                let mut ask = |question: &Question| {
                    questions += 1;
                    let answers = sets.map(|set| asked(branching, set, question));
                    let by_disposition = answers.iter().any(|answer| answer.by_disposition);
                    let [was, is] = answers.map(|answer| answer.verdict);
                    let told = [&was, &is].map(|verdict| as_followed(verdict.clone(), question.hook, rules));
                    let change = Change::between(&told[0], &told[1]);
                    if !change.is_same() {
                        let failed = question.failure.as_ref().map(|failure| failure.factor.clone());
                        keys.insert((change, question.hook, question.factor.clone().or(failed)));
                    }
                    Answer { verdict: if leader == 0 { was } else { is }, by_disposition }
                };
                let _ = walk(&start, version, rules, failures, &mut ask);
            }
            done += 1;
            progress(done);
            // A fact that was decided on the way may have led to a realm of another file.
            (pair(&of_class(branching)) == pair(realm)).then_some(keys)
        })?;
        self.questions += questions;
        self.group(realm, found);
        Ok(())
    }

    fn group(&mut self, realm: &str, found: Vec<(Class, Option<BTreeSet<Key>>)>) {
        let found: Vec<(Class, BTreeSet<Key>)> =
            found.into_iter().filter_map(|(class, keys)| Some((class, keys?))).collect();
        let universe = Universe::of(found.iter().map(|(class, _)| class));
        self.classes += found.len() as u64;
        self.same += found.iter().filter(|(_, keys)| keys.is_empty()).count() as u64;
        let mut by_key: BTreeMap<&Key, Vec<&Class>> = BTreeMap::new();
        for (class, keys) in &found {
            for key in keys {
                by_key.entry(key).or_default().push(class);
            }
        }
        for ((change, hook, factor), classes) in by_key {
            let Some(example) = classes.first().map(|class| class.start().clone()) else { continue };
            self.groups.push(DiffGroup {
                change: change.clone(),
                realm: realm.to_owned(),
                hook: *hook,
                factor: factor.clone(),
                classes: classes.len() as u64,
                of: found.len() as u64,
                when: sentence(&conditions(classes, &universe)),
                example,
            });
        }
    }
}

fn asked(branching: &mut Branching<'_>, set: &PolicySet, question: &Question) -> Answer {
    let watched = set.decide_watched(question);
    branching.look(&watched.facts);
    let by_disposition =
        watched.facts.contains(&Fact::FailureDisposition) || watched.facts.contains(&Fact::Failures);
    let verdict: Verdict = watched.decision.verdict;
    Answer { verdict, by_disposition }
}
