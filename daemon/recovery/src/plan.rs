//! Plans: which factors, in what order and combination.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::factor::Factor;
use crate::limits::{MAX_APPROVALS, MAX_PLAN_ATOMS, MAX_PLAN_DEPTH, MAX_PLAN_NODES};

/// Which factors, in what order and combination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// One factor.
    Factor(Factor),
    /// The approval of this many different people.
    Approvals(u8),
    /// All of these, in order: a part opens when the ones before it are proven.
    All(Vec<Plan>),
    /// Any `need` of these, all open at once.
    Any {
        /// How many.
        need: u8,
        /// Of which.
        of: Vec<Plan>,
    },
}

/// As a policy writes it: `all { password, any(2, { email, voice, recovery_code }) }`.
impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |formatter: &mut fmt::Formatter<'_>, parts: &[Self]| {
            for (at, part) in parts.iter().enumerate() {
                write!(formatter, "{}{part}", if at == 0 { "{ " } else { ", " })?;
            }
            formatter.write_str(" }")
        };
        match self {
            Self::Factor(factor) => factor.fmt(formatter),
            Self::Approvals(number) => write!(formatter, "approvals({number})"),
            Self::All(parts) => {
                formatter.write_str("all ")?;
                list(formatter, parts)
            }
            Self::Any { need, of } => {
                write!(formatter, "any({need}, ")?;
                list(formatter, of)?;
                formatter.write_str(")")
            }
        }
    }
}

/// Something a plan asks for at its leaves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    /// A factor.
    Factor(Factor),
    /// Approvals by this many different people.
    Approvals(u8),
}

impl fmt::Display for Atom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor(factor) => factor.fmt(formatter),
            Self::Approvals(number) => write!(formatter, "approvals({number})"),
        }
    }
}

/// Why a plan is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// A group without members; the whole plan, where it is the outermost.
    #[error("a plan must ask for at least one factor, and every group in it too")]
    Empty,
    /// `any n of m` with n < 1 or n > m.
    #[error("any({need}, …) of {of} choices can never be right: ask for 1 to {of}")]
    Need {
        /// How many are asked for.
        need: u8,
        /// How many there are.
        of: usize,
    },
    /// Fewer than one approval, or more than [`MAX_APPROVALS`].
    #[error("approvals({0}) is out of range: ask for 1 to {MAX_APPROVALS}")]
    Approvals(u8),
    /// The same factor twice in one `all`, which would ask for nothing more.
    #[error(
        "`{0}` stands twice in one list, which asks for it only once; for two approvals write approvals(2)"
    )]
    Twice(Factor),
    /// Deeper than [`MAX_PLAN_DEPTH`].
    #[error("the plan is nested deeper than {MAX_PLAN_DEPTH} levels")]
    TooDeep,
    /// More than [`MAX_PLAN_NODES`] parts or [`MAX_PLAN_ATOMS`] different factors.
    #[error("the plan has more than {MAX_PLAN_NODES} parts or {MAX_PLAN_ATOMS} different factors")]
    TooLarge,
}

impl Plan {
    /// Says whether the plan makes sense, whatever the assurance.
    ///
    /// # Errors
    /// The first [`PlanError`] met.
    pub fn check(&self) -> Result<(), PlanError> {
        let mut nodes = 0;
        self.check_part(1, &mut nodes)?;
        if self.atoms().len() > MAX_PLAN_ATOMS {
            return Err(PlanError::TooLarge);
        }
        Ok(())
    }

    fn check_part(&self, depth: usize, nodes: &mut usize) -> Result<(), PlanError> {
        *nodes += 1;
        if depth > MAX_PLAN_DEPTH {
            return Err(PlanError::TooDeep);
        }
        if *nodes > MAX_PLAN_NODES {
            return Err(PlanError::TooLarge);
        }
        match self {
            Self::Factor(_) => return Ok(()),
            Self::Approvals(number) if (1..=MAX_APPROVALS).contains(number) => return Ok(()),
            Self::Approvals(number) => return Err(PlanError::Approvals(*number)),
            Self::Any { need, of } if *need == 0 || usize::from(*need) > of.len() => {
                return Err(PlanError::Need { need: *need, of: of.len() });
            }
            Self::All(_) | Self::Any { .. } => {}
        }
        let mut seen = BTreeSet::new();
        for part in self.parts() {
            if let Self::Factor(factor) = part
                && !seen.insert(factor)
            {
                return Err(PlanError::Twice(factor.clone()));
            }
            part.check_part(depth + 1, nodes)?;
        }
        if self.parts().is_empty() { Err(PlanError::Empty) } else { Ok(()) }
    }

    /// Whether what `holds` says is proven is enough.
    pub fn satisfied(&self, holds: &impl Fn(&Atom) -> bool) -> bool {
        match self {
            Self::Factor(factor) => holds(&Atom::Factor(factor.clone())),
            Self::Approvals(number) => holds(&Atom::Approvals(*number)),
            Self::All(parts) => parts.iter().all(|part| part.satisfied(holds)),
            Self::Any { need, of } => {
                of.iter().filter(|part| part.satisfied(holds)).count() >= usize::from(*need)
            }
        }
    }

    /// The atoms that may be worked on now: the first unproven part of an `all`, every unproven part of an `any`
    /// that is not yet satisfied.
    pub fn open(&self, holds: &impl Fn(&Atom) -> bool) -> BTreeSet<Atom> {
        if self.satisfied(holds) {
            return BTreeSet::new();
        }
        match self {
            Self::Factor(factor) => BTreeSet::from([Atom::Factor(factor.clone())]),
            Self::Approvals(number) => BTreeSet::from([Atom::Approvals(*number)]),
            Self::All(parts) => parts
                .iter()
                .find(|part| !part.satisfied(holds))
                .map(|part| part.open(holds))
                .unwrap_or_default(),
            Self::Any { of, .. } => of.iter().flat_map(|part| part.open(holds)).collect(),
        }
    }

    /// Whether this atom is open or may still come to be, once the open ones are proven; false for one that is
    /// proven, and for an alternative that was not taken.
    pub fn leads_to(&self, atom: &Atom, holds: &impl Fn(&Atom) -> bool) -> bool {
        let mut assumed = BTreeSet::new();
        loop {
            let open = self.open(&|other: &Atom| holds(other) || assumed.contains(other));
            if open.contains(atom) {
                return true;
            }
            // Each round assumes at least one atom more, so the plan is satisfied at last.
            if open.is_empty() {
                return false;
            }
            assumed.extend(open);
        }
    }

    /// The least number of steps that are left, an approval of several people being one.
    pub fn steps_left(&self, holds: &impl Fn(&Atom) -> bool) -> usize {
        if self.satisfied(holds) {
            return 0;
        }
        match self {
            Self::Factor(_) | Self::Approvals(_) => 1,
            Self::All(parts) => parts.iter().map(|part| part.steps_left(holds)).sum(),
            Self::Any { need, of } => {
                let mut left: Vec<usize> = of.iter().map(|part| part.steps_left(holds)).collect();
                left.sort_unstable();
                left.into_iter().take(usize::from(*need)).sum()
            }
        }
    }

    /// Every atom, in the order in which the plan names them, each once.
    #[must_use]
    pub fn atoms(&self) -> Vec<Atom> {
        let mut atoms = Vec::new();
        self.collect(&mut atoms);
        atoms
    }

    fn collect(&self, atoms: &mut Vec<Atom>) {
        let atom = match self {
            Self::Factor(factor) => Atom::Factor(factor.clone()),
            Self::Approvals(number) => Atom::Approvals(*number),
            Self::All(_) | Self::Any { .. } => {
                self.parts().iter().for_each(|part| part.collect(atoms));
                return;
            }
        };
        if !atoms.contains(&atom) {
            atoms.push(atom);
        }
    }

    fn parts(&self) -> &[Self] {
        match self {
            Self::Factor(_) | Self::Approvals(_) => &[],
            Self::All(parts) | Self::Any { of: parts, .. } => parts,
        }
    }

    /// Every minimal set of atoms that satisfies the plan: no atom can be left out of any of them.
    ///
    /// The plan must have passed [`Plan::check`], which bounds the work to 2^[`MAX_PLAN_ATOMS`] sets.
    #[must_use]
    pub fn minimal_sets(&self) -> Vec<BTreeSet<Atom>> {
        let atoms = self.atoms();
        let mut minimal: Vec<u32> = Vec::new();
        let mut sets: Vec<u32> = (1..1_u32 << atoms.len().min(MAX_PLAN_ATOMS)).collect();
        sets.sort_by_key(|set| set.count_ones());
        for set in sets {
            let covered = minimal.iter().any(|smaller| smaller & set == *smaller);
            if !covered && self.satisfied(&|atom| holds(&atoms, set, atom)) {
                minimal.push(set);
            }
        }
        let members = |set: u32| {
            atoms.iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1).map(|(_, atom)| atom.clone())
        };
        minimal.into_iter().map(|set| members(set).collect()).collect()
    }

    /// This plan, and then `more`; the same plan where it asks for `more` already.
    #[must_use]
    pub fn and_then(self, more: Self) -> Self {
        match self {
            plan if plan == more => plan,
            Self::All(mut parts) => {
                if !parts.contains(&more) {
                    parts.push(more);
                }
                Self::All(parts)
            }
            plan => Self::All(vec![plan, more]),
        }
    }
}

/// Whether the bit set `set` over `atoms` holds `atom`; the approval of three people is one of two people too.
fn holds(atoms: &[Atom], set: u32, atom: &Atom) -> bool {
    atoms.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).any(|(_, member)| match (member, atom) {
        (Atom::Approvals(given), Atom::Approvals(asked)) => given >= asked,
        (member, atom) => member == atom,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(name: &str) -> Plan {
        Plan::Factor(name.parse().expect("a factor"))
    }

    fn all(names: &str) -> Plan {
        Plan::All(names.split_whitespace().map(factor).collect())
    }

    fn any(need: u8, names: &str) -> Plan {
        Plan::Any { need, of: names.split_whitespace().map(factor).collect() }
    }

    fn names(atoms: impl IntoIterator<Item = Atom>) -> String {
        atoms.into_iter().map(|atom| atom.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_steps_that_are_left_are_the_fewest_that_satisfy_the_plan() {
        let nested = Plan::All(vec![
            factor("password"),
            Plan::Any { need: 1, of: vec![all("email voice"), factor("recovery_code")] },
            Plan::Approvals(2),
        ]);
        for (plan, proven, left) in [
            (all("password email voice"), "", 3),
            (all("password email voice"), "password", 2),
            (any(2, "email voice recovery_code"), "", 2),
            (any(2, "email voice recovery_code"), "voice", 1),
            (any(2, "email voice recovery_code"), "voice email", 0),
            (nested.clone(), "", 3),
            (nested, "password email", 2),
        ] {
            let holds = |atom: &Atom| proven.split_whitespace().any(|name| name == atom.to_string());
            assert_eq!(plan.steps_left(&holds), left, "{plan} after {proven:?}");
        }
    }

    #[test]
    fn a_plan_that_makes_no_sense_is_refused() {
        let mut deep = factor("email");
        for _ in 0..MAX_PLAN_DEPTH {
            deep = Plan::All(vec![deep]);
        }
        let many =
            |number: usize| Plan::All((0..number).map(|at| factor(&format!("channel_{at}"))).collect());
        let table = [
            (all("password email voice"), None),
            (Plan::All(vec![factor("password"), any(2, "email voice recovery_code")]), None),
            (Plan::Approvals(2), None),
            (many(MAX_PLAN_ATOMS), None),
            (all(""), Some(PlanError::Empty)),
            (Plan::All(vec![factor("email"), all("")]), Some(PlanError::Empty)),
            (any(0, "email voice"), Some(PlanError::Need { need: 0, of: 2 })),
            (any(3, "email voice"), Some(PlanError::Need { need: 3, of: 2 })),
            (any(1, ""), Some(PlanError::Need { need: 1, of: 0 })),
            (all("email email"), Some(PlanError::Twice(Factor::Email))),
            (Plan::Approvals(0), Some(PlanError::Approvals(0))),
            (Plan::Approvals(MAX_APPROVALS + 1), Some(PlanError::Approvals(MAX_APPROVALS + 1))),
            (deep, Some(PlanError::TooDeep)),
            (many(MAX_PLAN_ATOMS + 1), Some(PlanError::TooLarge)),
            (many(MAX_PLAN_NODES), Some(PlanError::TooLarge)),
        ];
        for (plan, wanted) in table {
            assert_eq!(plan.check().err(), wanted, "{plan:?}");
        }
    }

    /// J6: "Steps come in the policy's order: the phone step opens only after the e-mail step is proven."
    #[test]
    fn the_parts_of_all_open_one_after_the_other_and_those_of_any_at_once() {
        let plan =
            Plan::All(vec![factor("password"), any(2, "email voice recovery_code"), Plan::Approvals(1)]);
        let table = [
            ("", "password"),
            ("email", "password"),
            ("password", "email voice recovery_code"),
            ("password voice", "email recovery_code"),
            ("password voice email", "approvals(1)"),
        ];
        for (proven, wanted) in table {
            let holds = |atom: &Atom| proven.split_whitespace().any(|name| name == atom.to_string());
            assert_eq!(names(plan.open(&holds)), wanted, "with {proven:?} proven");
            assert!(!plan.satisfied(&holds));
        }
        assert!(plan.open(&|_| true).is_empty());
    }

    #[test]
    fn a_plan_leads_to_what_is_open_or_comes_later() {
        let plan = Plan::All(vec![any(1, "email voice"), factor("password")]);
        let table = [
            ("", "email", true),
            ("", "password", true),
            ("email", "voice", false),
            ("email", "email", false),
            ("email", "password", true),
            ("email password", "voice", false),
            ("", "totp", false),
        ];
        for (proven, name, wanted) in table {
            let holds = |atom: &Atom| proven.split_whitespace().any(|name| name == atom.to_string());
            let atom = Atom::Factor(name.parse().expect("a factor"));
            assert_eq!(plan.leads_to(&atom, &holds), wanted, "{name} with {proven:?} proven");
        }
    }

    #[test]
    fn minimal_sets_leave_nothing_out_and_hold_nothing_spare() {
        let table = [
            (all("password email"), "password email"),
            (any(2, "email voice recovery_code"), "email voice | email recovery_code | voice recovery_code"),
            (Plan::Any { need: 1, of: vec![all("email voice"), factor("email")] }, "email"),
            (Plan::All(vec![Plan::Approvals(1), Plan::Approvals(2)]), "approvals(2)"),
        ];
        for (plan, wanted) in table {
            let sets: Vec<String> = plan.minimal_sets().into_iter().map(names).collect();
            assert_eq!(sets.join(" | "), wanted);
        }
    }
}
