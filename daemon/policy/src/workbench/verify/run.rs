//! All classes of a policy file, several at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use readmit_recovery::rules::Rules;

use super::counterexample::{Counterexample, unusual};
use super::domain::Domain;
use super::explore::{ExploreError, explore, opening};
use super::finding::{Finding, Property};
use super::group::Group;
use super::looks::Looks;
use super::memo::Memo;
use super::risk::inversions;
use super::walk::{Ground, Walked, walk};
use crate::PolicySet;
use crate::fact::Fact;
use crate::limits::{MAX_CLASSES, MAX_STATES_PER_CLASS};
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
    /// Kinds of cases that the opening tells apart.
    pub openings: usize,
    /// Classes of cases that differ in how they open or in what is looked at afterwards. Each was walked.
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

    /// What is to be said where there are more openings than allowed.
    fn too_many(realm: &str, file: &str, options: &Options, cap: u32, took: Duration) -> Self {
        Self {
            realm: realm.to_owned(),
            file: file.to_owned(),
            facts: BTreeSet::new(),
            openings: options.most_classes,
            classes: 0,
            cases: 0,
            states: 0,
            decisions: 0,
            asked: 0,
            failures_told_apart: cap,
            all_dispositions: false,
            times_told_apart: false,
            counterexamples: Vec::new(),
            is_complete: false,
            took,
        }
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
    let cap = domain.largest_count(most).max(LEAST_FAILURES);
    let rules = &options.rules;
    let ground = Ground { set, rules, domain: &domain, invariants, cap, most_states: options.most_states };
    let mut memo = Memo::default();
    let openings = explore(realm, &domain, options.most_classes, |branching| {
        let question = opening(branching.class().start());
        let (verdict, facts) = memo.decide(set, branching.class(), &question);
        branching.look(&facts);
        verdict
    });
    let openings = match openings {
        Ok(openings) => openings,
        Err(ExploreError::TooMany { .. }) => {
            return Ok(Verified::too_many(realm, file, options, cap, started.elapsed()));
        }
        Err(error) => return Err(error),
    };
    let mut facts: BTreeSet<Fact> =
        openings.iter().flat_map(|(class, _)| class.decided()).map(|value| value.fact).collect();
    let opened = openings.len();
    let work = Work::new(Group::all(openings), options.most_classes);
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| work.run(&ground, told));
        }
    });
    let decisions = work.decisions.into_inner() + memo.decisions;
    let asked = work.asked.into_inner() + memo.asked;
    let shared = work.shared.into_inner();
    let mut walked = shared.walked;
    // Threads finish in any order; what is told must not depend on it.
    let order = |walked: &Walked| {
        walked.group.members().first().map(|class| class.decided().cloned().collect::<Vec<_>>())
    };
    walked.sort_by_cached_key(order);
    let groups: Vec<_> = walked.iter().map(|walked| (&walked.group, walked.weakest.as_ref())).collect();
    let mut counterexamples = examples(&walked);
    counterexamples.extend(inversions(&groups));
    facts.extend(walked.iter().flat_map(|walked| walked.group.decided().map(|value| value.fact)));
    Ok(Verified {
        realm: realm.to_owned(),
        file: file.to_owned(),
        facts,
        openings: opened,
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
    open: VecDeque<(Group, Looks)>,
    /// Classes that somebody is walking.
    under_way: usize,
    begun: usize,
    is_cut_short: bool,
    walked: Vec<Walked>,
}

impl Work {
    fn new(groups: Vec<Group>, most: usize) -> Self {
        let open = groups.into_iter().map(|group| (group, Looks::default())).collect();
        let shared = Shared { open, ..Shared::default() };
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
        while let Some((group, looks)) = self.next() {
            let mut done = walk(ground, group, looks, &mut memo);
            let states = self.states.fetch_add(done.states as u64, Ordering::Relaxed) + done.states as u64;
            let classes = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            let mut shared = self.shared.lock();
            let looks = done.looks;
            shared.open.extend(std::mem::take(&mut done.siblings).into_iter().map(|group| (group, looks)));
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

    fn next(&self) -> Option<(Group, Looks)> {
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
fn examples(walked: &[Walked]) -> Vec<Counterexample> {
    let mut causes: BTreeMap<(Property, &str), (usize, usize, &Group, &Finding)> = BTreeMap::new();
    for (group, finding) in
        walked.iter().flat_map(|walked| walked.findings.iter().map(|found| (&walked.group, found)))
    {
        let size = 100 * finding.actions.len() + group.plainest().map_or(0, |class| unusual(class).count());
        let cause =
            causes.entry((finding.property, &finding.cause)).or_insert((0, usize::MAX, group, finding));
        cause.0 += 1;
        if size < cause.1 {
            (cause.1, cause.2, cause.3) = (size, group, finding);
        }
    }
    let example = |(classes, _, group, finding): (usize, usize, &Group, &Finding)| {
        group.plainest().map(|class| Counterexample::of(class, finding, classes))
    };
    causes.into_values().filter_map(example).collect()
}
