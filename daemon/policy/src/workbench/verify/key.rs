//! When two cases count as the same.

use std::collections::{BTreeMap, BTreeSet};

use readmit_recovery::case::{Case, State, Track};
use readmit_recovery::factor::Factor;
use readmit_recovery::plan::{Atom, Plan};
use readmit_recovery::verdict::Outcome;

use super::domain::Domain;
use super::group::Group;
use super::looks::Looks;
use super::moves::last_failed;
use super::value::Value;
use crate::workbench::Journey;

/// A quarter of the time that a case is usually open: times in a case that are closer are not told apart unless the
/// policy looks at the time.
const COARSE_SECONDS: u64 = 6 * 3600;

/// What tells one state of a class from another. States of the same key have the same future in the eyes of the
/// core and of a policy, as far as `Looks` says that the policy looks.
pub(super) type Key = Vec<u64>;

/// Makes keys; equal things of a class get equal numbers.
#[derive(Default)]
pub(super) struct Keys {
    plans: Vec<Option<Plan>>,
    outcomes: Vec<Outcome>,
    words: Vec<String>,
    factors: Vec<Factor>,
}

impl Keys {
    /// The key of a case. Failures count up to `cap`; `way` is whether staff have resolved it, and whether somebody was
    /// slow.
    pub fn key(
        &mut self,
        journey: &Journey,
        way: [bool; 2],
        cap: u32,
        looks: Looks,
        group: &Group,
        domain: &Domain,
    ) -> Key {
        let case = &journey.case;
        let mut key = vec![
            u64::from(way[0]) + 2 * u64::from(way[1]),
            place(&mut self.plans, &case.plan),
            case.approvals.len() as u64,
        ];
        self.state(&case.state, &mut key);
        key.push(journey.now.since(case.opened_at).as_secs() / COARSE_SECONDS);
        let mut proven: Vec<u64> =
            case.proven.iter().map(|factor| place(&mut self.factors, factor)).collect();
        if !looks.proven {
            proven.sort_unstable();
        }
        key.push(proven.len() as u64);
        key.extend(proven);
        self.tracks(journey, cap, looks, &mut key);
        if looks.failures {
            self.failures(case, cap, domain, &mut key);
        }
        if looks.now {
            key.extend(ages(journey, group, domain));
        }
        key
    }

    fn state(&mut self, state: &State, key: &mut Key) {
        key.push(place(&mut self.words, &state.as_str().to_owned()));
        if let Some(outcome) = state.outcome() {
            key.push(place(&mut self.outcomes, outcome));
        }
        match state {
            State::Recovered { tasks, .. } => {
                let tasks: Vec<&str> = tasks.iter().map(|task| task.as_str()).collect();
                key.push(place(&mut self.words, &tasks.join(" ")));
            }
            State::Escalated { to, .. } => key.push(place(&mut self.words, to)),
            State::Proving
            | State::Held { .. }
            | State::Completed { .. }
            | State::Denied { .. }
            | State::Vetoed
            | State::Cancelled
            | State::Expired => {}
        }
    }

    /// What the moves that end the proving depend on: what is proven, and what may be looked at besides.
    pub fn aside(&mut self, journey: &Journey, is_resolved: bool, looks: Looks) -> Option<Key> {
        if looks.failures || looks.now {
            return None;
        }
        let case = &journey.case;
        let mut key = vec![u64::from(is_resolved), case.approvals.len() as u64];
        self.state(&case.state, &mut key);
        let proven = case.proven.iter().map(|factor| place(&mut self.factors, factor));
        key.extend(proven.collect::<BTreeSet<_>>());
        Some(key)
    }

    /// Of each factor that may still be worked on: how often it failed, and whether it can still be proven in time.
    fn tracks(&mut self, journey: &Journey, cap: u32, looks: Looks, key: &mut Key) {
        let case = &journey.case;
        let last = last_failed(case, journey);
        let atoms = match &case.state {
            State::Proving => case.plan.as_ref().map(Plan::atoms).unwrap_or_default(),
            State::Escalated { .. } => vec![Atom::Factor(Factor::Pass)],
            _ => Vec::new(),
        };
        for atom in atoms.iter().filter(|atom| !case.holds(atom)) {
            let Atom::Factor(factor) = atom else { continue };
            let Some(track) = case.tracks.get(factor) else {
                key.push(0);
                continue;
            };
            let flags = u64::from(!track.is_possible(journey.now)) + 2 * u64::from(is_too_late(case, track));
            let counts = looks.failures || last == Some(factor);
            key.push(4 * u64::from(if counts { track.failed.min(cap) } else { 0 }) + flags);
        }
    }

    /// What failed, without the order: each factor with each way to fail that the policy names.
    fn failures(&mut self, case: &Case, cap: u32, domain: &Domain, key: &mut Key) {
        if domain.only_counts_failures() {
            key.push((case.failures.len() as u64).min(u64::from(cap)));
            return;
        }
        let mut counts: BTreeMap<(u64, Option<&str>), u32> = BTreeMap::new();
        for failure in &case.failures {
            let named = domain.names(failure.disposition).then(|| failure.disposition.as_str());
            let count = counts.entry((place(&mut self.factors, &failure.factor), named)).or_default();
            *count = (*count + 1).min(cap);
        }
        for ((factor, named), count) in counts {
            let named = named.map_or(0, |named| 1 + place(&mut self.words, &named.to_owned()));
            key.extend([factor, named, u64::from(count)]);
        }
    }
}

/// Whether the wait before the next try outlasts the case.
pub(super) fn is_too_late(case: &Case, track: &Track) -> bool {
    track.start_after >= case.expires_at
}

/// On which side of each duration that the policy names each time on file is now.
fn ages<'a>(journey: &'a Journey, group: &'a Group, domain: &'a Domain) -> impl Iterator<Item = u64> + 'a {
    elapsed(group, journey).flat_map(move |age| {
        domain.durations().map(move |duration| match age.cmp(&duration) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Greater => 2,
        })
    })
}

/// Seconds since each time that is decided, since the opening, and since each failure.
pub(super) fn elapsed<'a>(group: &'a Group, journey: &'a Journey) -> impl Iterator<Item = u64> + 'a {
    let waited = journey.now.since(journey.case.opened_at).as_secs();
    let on_file = group.decided().filter_map(Value::age).map(move |age| age.saturating_add(waited));
    let failed = journey.case.failures.iter().map(|failure| journey.now.since(failure.at).as_secs());
    [waited].into_iter().chain(on_file).chain(failed)
}

/// The place of a thing among those met before.
fn place<T: PartialEq + Clone>(known: &mut Vec<T>, thing: &T) -> u64 {
    let at = known.iter().position(|other| other == thing).unwrap_or_else(|| {
        known.push(thing.clone());
        known.len() - 1
    });
    at as u64
}
