//! All classes of a policy file, several at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use readmit_recovery::rules::Rules;

use super::class::Class;
use super::counterexample::{Counterexample, unusual};
use super::domain::Domain;
use super::explore::ExploreError;
use super::finding::{Finding, Property};
use super::looks::Looks;
use super::memo::Memo;
use super::risk::inversions;
use super::walk::{Ground, Walked, walk};
use crate::PolicySet;
use crate::fact::Fact;
use crate::limits::{MAX_CLASSES, MAX_STATES_PER_CLASS};
use crate::workbench::Start;
use crate::workbench::testing::Invariants;

/// Failures of one factor that are told apart at the least.
const LEAST_FAILURES: u32 = 3;

/// How cases are enumerated.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rules of the core, with the assurance level.
    pub rules: Rules,
    /// Classes of one policy file before it is given up.
    pub most_classes: usize,
    /// States of one class before it is given up.
    pub most_states: usize,
    /// Threads.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            most_classes: MAX_CLASSES,
            most_states: MAX_STATES_PER_CLASS,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// How far the enumeration is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Classes that are done.
    pub classes: usize,
    /// Classes that are known and still to be done.
    pub open: usize,
    /// States visited.
    pub states: u64,
}

/// What was found about one policy file.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The realm it decides for; `default` for all others.
    pub realm: String,
    /// The file.
    pub file: String,
    /// The facts that it, the invariants or the plans it makes look at.
    pub facts: BTreeSet<Fact>,
    /// Classes of cases that nobody can tell apart any further.
    pub classes: usize,
    /// Cases: in each class, every last step with which a case can end.
    pub cases: u64,
    /// States of all classes.
    pub states: u64,
    /// Questions put to the policy.
    pub decisions: u64,
    /// Those of them that were not answered by what is known already.
    pub asked: u64,
    /// Failures of one factor that are told apart; further ones only up to where the factor cannot be tried any more.
    pub failures_told_apart: u32,
    /// Whether every disposition of every channel was tried; otherwise one a channel, since nobody looks.
    pub all_dispositions: bool,
    /// Whether times in a case were told apart by the durations in the policy; otherwise nobody looks at the time.
    pub times_told_apart: bool,
    /// What does not hold, the shortest journey of each cause.
    pub counterexamples: Vec<Counterexample>,
    /// Whether that is all: no limit was reached.
    pub is_complete: bool,
    /// How long it took.
    pub took: Duration,
}

impl Verified {
    /// Whether every property holds of every case.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.is_complete && self.counterexamples.is_empty()
    }
}

/// Walks every case of every policy of a [watched](PolicySet::watched) set, each file with its own realm.
///
/// # Errors
/// [`ExploreError::Start`] if no case can be made up for a realm. What a limit cuts short is no error: it is said by
/// [`Verified::is_complete`].
pub fn verify(
    set: &PolicySet,
    invariants: &Invariants,
    options: &Options,
    told: &(dyn Fn(&Progress) + Sync),
) -> Result<Vec<Verified>, ExploreError> {
    set.realms().map(|(realm, file)| verify_file(set, invariants, options, realm, file, told)).collect()
}

fn verify_file(
    set: &PolicySet,
    invariants: &Invariants,
    options: &Options,
    realm: &str,
    file: &str,
    told: &(dyn Fn(&Progress) + Sync),
) -> Result<Verified, ExploreError> {
    let started = Instant::now();
    let domain = Domain::of(set.sources(), file);
    let most = readmit_recovery::limits::FAILURES_PER_CASE;
    let cap = (domain.largest_count(most) + 1).max(LEAST_FAILURES);
    let rules = &options.rules;
    let ground = Ground { set, rules, domain: &domain, invariants, cap, most_states: options.most_states };
    let work = Work::new(Class::of(Start::complete(realm)?), options.most_classes);
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| work.run(&ground, told));
        }
    });
    let decisions = work.decisions.into_inner();
    let asked = work.asked.into_inner();
    let shared = work.shared.into_inner();
    let mut walked = shared.walked;
    // Threads finish in any order; what is told must not depend on it.
    walked.sort_by(|a, b| a.class.decided().cmp(b.class.decided()));
    let classes: Vec<_> = walked.iter().map(|walked| (&walked.class, walked.weakest.as_ref())).collect();
    let mut counterexamples = examples(&ground, &walked);
    counterexamples.extend(inversions(&classes));
    Ok(Verified {
        realm: realm.to_owned(),
        file: file.to_owned(),
        facts: walked.iter().flat_map(|walked| walked.class.decided().map(|value| value.fact)).collect(),
        classes: walked.len(),
        cases: walked.iter().map(|walked| walked.ends).sum(),
        states: walked.iter().map(|walked| walked.states as u64).sum(),
        decisions,
        asked,
        failures_told_apart: cap,
        all_dispositions: walked.iter().any(|walked| walked.looks.disposition),
        times_told_apart: walked.iter().any(|walked| walked.looks.now),
        counterexamples,
        is_complete: !shared.is_cut_short && walked.iter().all(|walked| walked.is_complete),
        took: started.elapsed(),
    })
}

/// The classes that are still to be walked, and those that are.
struct Work {
    shared: Mutex<Shared>,
    changed: Condvar,
    most: usize,
    states: AtomicU64,
    done: AtomicUsize,
    decisions: AtomicU64,
    asked: AtomicU64,
}

#[derive(Default)]
struct Shared {
    open: VecDeque<(Class, Looks)>,
    /// Classes that somebody is walking.
    under_way: usize,
    begun: usize,
    is_cut_short: bool,
    walked: Vec<Walked>,
}

impl Work {
    fn new(first: Class, most: usize) -> Self {
        let shared = Shared { open: VecDeque::from([(first, Looks::default())]), ..Shared::default() };
        Self {
            shared: Mutex::new(shared),
            changed: Condvar::new(),
            most,
            states: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            decisions: AtomicU64::new(0),
            asked: AtomicU64::new(0),
        }
    }

    /// One thread's part: until nothing is open and nobody can open more.
    fn run(&self, ground: &Ground<'_>, told: &(dyn Fn(&Progress) + Sync)) {
        let mut memo = Memo::default();
        while let Some((class, looks)) = self.next() {
            let mut done = walk(ground, class, looks, &mut memo);
            let states = self.states.fetch_add(done.states as u64, Ordering::Relaxed) + done.states as u64;
            let classes = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            let mut shared = self.shared.lock();
            let looks = done.looks;
            shared.open.extend(std::mem::take(&mut done.siblings).into_iter().map(|class| (class, looks)));
            shared.walked.push(done);
            shared.under_way -= 1;
            let open = shared.open.len() + shared.under_way;
            drop(shared);
            self.changed.notify_all();
            told(&Progress { classes, open, states });
        }
        self.decisions.fetch_add(memo.decisions, Ordering::Relaxed);
        self.asked.fetch_add(memo.asked, Ordering::Relaxed);
    }

    fn next(&self) -> Option<(Class, Looks)> {
        let mut shared = self.shared.lock();
        loop {
            if shared.begun >= self.most && !shared.open.is_empty() {
                shared.is_cut_short = true;
                shared.open.clear();
            }
            if let Some(next) = shared.open.pop_front() {
                shared.begun += 1;
                shared.under_way += 1;
                return Some(next);
            }
            if shared.under_way == 0 {
                return None;
            }
            self.changed.wait(&mut shared);
        }
    }
}

/// One counterexample for each cause: the shortest journey, with as little unusual about the case as it takes.
fn examples(ground: &Ground<'_>, walked: &[Walked]) -> Vec<Counterexample> {
    let mut groups: BTreeMap<(Property, &str), (usize, &Class, &Finding)> = BTreeMap::new();
    let size = |class: &Class, finding: &Finding| (finding.actions.len(), unusual(class).count());
    for (class, finding) in
        walked.iter().flat_map(|walked| walked.findings.iter().map(|found| (&walked.class, found)))
    {
        let group = groups.entry((finding.property, &finding.cause)).or_insert((0, class, finding));
        group.0 += 1;
        if size(class, finding) < size(group.1, group.2) {
            (group.1, group.2) = (class, finding);
        }
    }
    let mut memo = Memo::default();
    groups
        .into_values()
        .map(|(classes, class, finding)| {
            let (class, finding) = simplified(ground, class, finding, &mut memo);
            Counterexample::of(&class, &finding, classes)
        })
        .collect()
}

/// The same finding in a case with less that is unusual.
fn simplified(ground: &Ground<'_>, class: &Class, finding: &Finding, memo: &mut Memo) -> (Class, Finding) {
    let (mut class, mut finding) = (class.clone(), finding.clone());
    let facts: Vec<Fact> = unusual(&class).map(|value| value.fact).collect();
    for fact in facts {
        let Some(simpler) = class.without(fact) else { continue };
        let again = walk(ground, simpler, Looks::default(), memo);
        let same = |found: &&Finding| found.property == finding.property && found.cause == finding.cause;
        let found =
            again.findings.iter().find(same).filter(|found| found.actions.len() <= finding.actions.len());
        if let Some(found) = found.cloned() {
            (class, finding) = (again.class, found);
        }
    }
    (class, finding)
}
