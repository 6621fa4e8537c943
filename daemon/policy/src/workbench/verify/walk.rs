//! One group of classes walked through the core, breadth first: every state that it can come to, and what is wrong there.

use std::collections::{HashMap, HashSet, VecDeque};

use readmit_recovery::case::State;
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::Question;
use readmit_recovery::rules::Rules;

use super::domain::Domain;
use super::finding::{Finding, Property, Way};
use super::fork::{Failures, Fork};
use super::group::Group;
use super::key::{Key, Keys};
use super::looks::Looks;
use super::memo::Memo;
use super::moves::{Move, Terrain, abilities, moves};
use crate::PolicySet;
use crate::fact::Fact;
use crate::workbench::testing::Invariants;
use crate::workbench::{Action, Journey, Start, Step, Stuck};

mod dead_ends;

/// A factor is tried this often where it is tried until it cannot be tried any more.
const TRIED_TO_THE_END: usize = 40;

/// What every walk of one policy file has in common.
pub(super) struct Ground<'a> {
    pub set: &'a PolicySet,
    pub rules: &'a Rules,
    pub domain: &'a Domain,
    pub invariants: &'a Invariants,
    pub cap: u32,
    pub most_states: usize,
}

/// What one walk found.
pub(super) struct Walked {
    pub group: Group,
    pub siblings: Vec<Group>,
    pub looks: Looks,
    pub states: usize,
    pub ends: u64,
    pub findings: Vec<Finding>,
    /// The weakest way to recover by the policy, without staff.
    pub weakest: Option<Way>,
    pub is_complete: bool,
}

/// One state of the group.
struct Node {
    journey: Journey,
    parent: Option<usize>,
    actions: Vec<Action>,
    is_resolved: bool,
    /// Whether somebody waited longer than they had to.
    is_slow: bool,
    natural_from: Vec<usize>,
}

/// Walks a group, and parts it on the way where something is looked at that its classes do not agree in. `looks` is
/// what of the course of a case is known to matter.
pub(super) fn walk(ground: &Ground<'_>, group: Group, looks: Looks, memo: &mut Memo) -> Walked {
    let mut fork = Fork { group, siblings: Vec::new(), looks, is_news: false };
    loop {
        let Some(start) = fork.group.first().map(|class| class.start().clone()) else {
            let Fork { group, siblings, looks, .. } = fork;
            return Walked {
                group,
                siblings,
                looks,
                states: 0,
                ends: 0,
                findings: Vec::new(),
                weakest: None,
                is_complete: true,
            };
        };
        let mut walk = Walk {
            ground,
            memo,
            start,
            fork,
            keys: Keys::default(),
            nodes: Vec::new(),
            known: HashMap::new(),
            asides: HashSet::new(),
            queue: VecDeque::new(),
            ends: 0,
            findings: Vec::new(),
            weakest: None,
        };
        let is_complete = walk.all();
        if walk.fork.is_news {
            // States were merged that are to be told apart: once more from the start. This happens at most once for
            // each thing that can be looked at.
            fork = Fork { is_news: false, ..walk.fork };
            continue;
        }
        if is_complete {
            walk.dead_ends();
        }
        let Walk { fork: Fork { group, siblings, looks, .. }, nodes, ends, findings, weakest, .. } = walk;
        return Walked { group, siblings, looks, states: nodes.len(), ends, findings, weakest, is_complete };
    }
}

/// A walk under way.
struct Walk<'a, 'm> {
    ground: &'a Ground<'a>,
    memo: &'m mut Memo,
    fork: Fork,
    start: Start,
    keys: Keys,
    nodes: Vec<Node>,
    known: HashMap<Key, usize>,
    asides: HashSet<Key>,
    queue: VecDeque<usize>,
    ends: u64,
    findings: Vec<Finding>,
    weakest: Option<Way>,
}

impl Walk<'_, '_> {
    /// Visits every state; false if there are too many.
    fn all(&mut self) -> bool {
        let (rules, version) = (self.ground.rules, self.ground.set.version());
        let mut policy = |question: &Question| self.fork.decide(self.ground, self.memo, question);
        let (journey, step) = Journey::open(&self.start, version, rules, &mut policy);
        self.arrive(journey, &step, None, Vec::new(), true);
        while let Some(at) = self.queue.pop_front() {
            if self.fork.is_news || self.nodes.len() > self.ground.most_states {
                return false;
            }
            self.leave(at);
        }
        true
    }

    /// Does everything that can happen next in a state.
    fn leave(&mut self, at: usize) {
        let Some(node) = self.nodes.get(at) else { return };
        let (journey, is_resolved) = (node.journey.clone(), node.is_resolved);
        if let Some(plan) = &journey.case.plan {
            // Whether the account can do what it is asked for matters, even if the policy does not look.
            self.fork.look(&abilities(plan), self.ground.domain);
        }
        if matches!(journey.case.state, State::Escalated { .. }) {
            // Support can send a pass to an address only.
            self.fork.look(&[Fact::Email].into(), self.ground.domain);
        }
        let terrain = Terrain {
            start: &self.start,
            group: &self.fork.group,
            domain: self.ground.domain,
            looks: self.fork.looks,
            cap: self.ground.cap,
        };
        let next = moves(&journey, &terrain);
        let aside = self.keys.aside(&journey, is_resolved, self.fork.looks);
        let is_first = aside.is_none_or(|key| self.asides.insert(key));
        let mut failures = Failures::default();
        for one in next {
            if one.is_aside && !is_first
                || !one.repeats
                    && self.fork.is_known_failure(self.ground, self.memo, &one, &journey, &mut failures)
            {
                continue;
            }
            let mut moved = journey.clone();
            let mut done = Vec::new();
            let mut step = Step::default();
            let times = if one.repeats { TRIED_TO_THE_END } else { 1 };
            let taken = (0..times).all(|_| self.take(&one, &mut moved, &mut done, &mut step));
            if taken || one.repeats && !done.is_empty() {
                self.arrive(moved, &step, Some(at), done, one.is_natural);
            }
        }
    }

    /// Takes one move, after the wait that it may need. Says whether it could be taken and more of it may follow.
    fn take(&mut self, one: &Move, journey: &mut Journey, done: &mut Vec<Action>, step: &mut Step) -> bool {
        for action in &one.actions {
            if !matches!(journey.case.state, State::Proving) && one.repeats {
                return false;
            }
            match self.act(action, journey, done, step) {
                Ok(()) => {}
                Err(Stuck::TooSoon { seconds }) => {
                    let wait = Action::Wait(std::time::Duration::from_secs(seconds));
                    if self.act(&wait, journey, done, step).is_err() {
                        return false;
                    }
                    if journey.case.state.is_final() {
                        return true;
                    }
                    if self.act(action, journey, done, step).is_err() {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
        true
    }

    fn act(
        &mut self,
        action: &Action,
        journey: &mut Journey,
        done: &mut Vec<Action>,
        step: &mut Step,
    ) -> Result<(), Stuck> {
        let mut policy = |question: &Question| self.fork.decide(self.ground, self.memo, question);
        let more = journey.act(action, self.ground.rules, &mut policy)?;
        step.records.extend(more.records);
        done.push(action.clone());
        Ok(())
    }

    /// A state is reached: looks whether something is wrong there, and whether it was reached before.
    fn arrive(
        &mut self,
        journey: Journey,
        step: &Step,
        from: Option<usize>,
        actions: Vec<Action>,
        is_natural: bool,
    ) {
        let was_resolved = from.and_then(|from| self.nodes.get(from)).is_some_and(|node| node.is_resolved);
        let is_resolved = was_resolved || actions.iter().any(|action| matches!(action, Action::Resolve(_)));
        let was_slow = from.and_then(|from| self.nodes.get(from)).is_some_and(|node| node.is_slow);
        let is_proving = journey.case.state == State::Proving;
        let is_slow = is_proving && (was_slow || matches!(actions.as_slice(), [Action::Wait(_)]));
        self.judge(&journey, step, from, &actions, is_resolved);
        self.ends += u64::from(journey.case.state.is_final());
        let (ground, fork) = (self.ground, &self.fork);
        let key = self.keys.key(
            &journey,
            [is_resolved, is_slow],
            ground.cap,
            fork.looks,
            &fork.group,
            ground.domain,
        );
        let known = self.known.get(&key).copied();
        let at = known.unwrap_or(self.nodes.len());
        if known.is_none() {
            let goes_on = !journey.case.state.is_final();
            self.nodes.push(Node {
                journey,
                parent: from,
                actions,
                is_resolved,
                is_slow,
                natural_from: Vec::new(),
            });
            self.known.insert(key, at);
            if goes_on {
                self.queue.push_back(at);
            }
        }
        if let (Some(node), Some(from)) = (self.nodes.get_mut(at).filter(|_| is_natural), from) {
            node.natural_from.push(from);
        }
    }

    /// Holds what has just happened against the properties that can be seen there.
    fn judge(
        &mut self,
        journey: &Journey,
        step: &Step,
        from: Option<usize>,
        actions: &[Action],
        is_resolved: bool,
    ) {
        let failed = step.records.iter().filter(|record| record.kind == "policy_failed");
        let causes: Vec<String> = failed
            .flat_map(|record| record.detail.iter().filter(|(name, _)| *name == "cause"))
            .map(|(_, cause)| cause.clone())
            .collect();
        for cause in causes {
            let is_floor = cause.contains("below the floor");
            let property = if is_floor { Property::Floor } else { Property::Answers };
            self.find(property, cause, journey, from, actions);
        }
        let case = &journey.case;
        let is_in =
            matches!(case.state, State::Held { .. } | State::Recovered { .. } | State::Completed { .. });
        if is_in && !is_resolved {
            let plan = case.plan.as_ref().map(|plan| plan.atoms()).unwrap_or_default();
            let proven = plan.into_iter().filter(|atom| case.holds(atom)).collect();
            if !self.ground.rules.assurance.admits(&proven) {
                let cause = "the account is recovered although what is proven is below the floor".to_owned();
                self.find(Property::Floor, cause, journey, from, actions);
            }
            let factors = case.proven.iter().filter(|factor| **factor != Factor::Approval);
            let count = factors.count() + case.approvals.len();
            let hold = case.state.outcome().and_then(|outcome| outcome.hold).unwrap_or_default();
            if self.weakest.as_ref().is_none_or(|way| (count, hold) < (way.factors, way.hold)) {
                let actions = self.path(from, actions);
                self.weakest = Some(Way { factors: count, hold, actions, state: case.state.as_str() });
            }
        }
        if is_resolved {
            // What staff decide on their own is not the policy's.
            return;
        }
        let checked = self.ground.invariants.check(journey);
        self.fork.look(&checked.facts, self.ground.domain);
        for broken in checked.broken {
            self.find(Property::Invariant, broken.to_string(), journey, from, actions);
        }
    }

    /// Keeps the first finding of each cause, which has the shortest journey.
    fn find(
        &mut self,
        property: Property,
        cause: String,
        journey: &Journey,
        from: Option<usize>,
        actions: &[Action],
    ) {
        if self.findings.iter().any(|known| known.property == property && known.cause == cause) {
            return;
        }
        let actions = self.path(from, actions);
        let state = journey.case.state.as_str();
        self.findings.push(Finding { property, cause, actions, state });
    }

    /// The whole way to what follows from `actions` in the state `from`.
    fn path(&self, from: Option<usize>, actions: &[Action]) -> Vec<Action> {
        let mut parts = vec![actions];
        let mut at = from;
        while let Some(node) = at.and_then(|at| self.nodes.get(at)) {
            parts.push(&node.actions);
            at = node.parent;
        }
        parts.into_iter().rev().flatten().cloned().collect()
    }
}
