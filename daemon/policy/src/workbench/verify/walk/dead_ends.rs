//! The dead ends of a walk: where the policy leaves somebody who wants back in, and why.

use readmit_recovery::case::State;
use readmit_recovery::plan::Atom;

use super::super::finding::Property;
use super::super::key::is_too_late;
use super::super::moves::lacks;
use super::{Node, Walk};
use crate::workbench::Journey;

impl Walk<'_, '_> {
    /// States from which nobody who wants back in comes to the account or to people.
    pub(super) fn dead_ends(&mut self) {
        let mut reaches = vec![false; self.nodes.len()];
        let is_decided = |node: &Node| {
            !matches!(
                node.journey.case.state,
                State::Proving | State::Vetoed | State::Cancelled | State::Expired
            )
        };
        let mut open: Vec<usize> =
            self.nodes.iter().enumerate().filter(|(_, node)| is_decided(node)).map(|(at, _)| at).collect();
        while let Some(at) = open.pop() {
            if let Some(reached) = reaches.get_mut(at).filter(|reached| !**reached) {
                *reached = true;
                open.extend(
                    self.nodes.get(at).into_iter().flat_map(|node| node.natural_from.iter().copied()),
                );
            }
        }
        for (at, reaches) in reaches.into_iter().enumerate() {
            let Some(node) =
                self.nodes.get(at).filter(|node| !reaches && node.journey.case.state == State::Proving)
            else {
                continue;
            };
            let case = &node.journey.case;
            if node.is_slow && case.tracks.values().any(|track| is_too_late(case, track)) {
                // Time ran out for somebody who took it; that is not the policy's doing.
                continue;
            }
            let cause = self.why_dead(&node.journey);
            let journey = node.journey.clone();
            let (from, actions) = (node.parent, node.actions.clone());
            self.find(Property::NoDeadEnd, cause, &journey, from, &actions);
        }
    }

    fn why_dead(&self, journey: &Journey) -> String {
        let case = &journey.case;
        let Some(plan) = &case.plan else { return "there is no plan".to_owned() };
        let start = &self.start;
        let atoms: Vec<Atom> = plan.atoms().into_iter().filter(|atom| !case.holds(atom)).collect();
        let missing: Vec<String> = atoms
            .iter()
            .filter_map(|atom| lacks(start, atom).map(|what| format!("no {what} to prove {atom} with")))
            .collect();
        let is_spent = |atom: &&Atom| match atom {
            Atom::Factor(factor) => {
                case.tracks.get(factor).is_some_and(|track| !track.is_possible(journey.now))
            }
            Atom::Approvals(_) => false,
        };
        let spent = atoms.iter().filter(is_spent).map(|atom| format!("{atom} cannot be tried any more"));
        let why: Vec<String> = missing.into_iter().chain(spent).collect();
        if why.is_empty() {
            return format!(
                "the policy asks for {plan}, and for a wait before the next try that the case does not outlast"
            );
        }
        format!("the policy asks for {plan}; there is {}", why.join(", and "))
    }
}
