//! What is wrong, and where.

use std::time::Duration;

use crate::workbench::Action;

/// What is proven of every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// Nobody is let in, held or recovered, and no plan is made, below the assurance level.
    Floor,
    /// The policy answers every question: no error, no used-up budget, no answer that the core refuses.
    Answers,
    /// From everywhere, somebody who wants back in comes to the account or to people.
    NoDeadEnd,
    /// Every `invariant` of the tests holds.
    Invariant,
    /// More risk never means fewer factors, and with as many factors no shorter hold: stolen ≥ lost ≥ damaged.
    Risk,
}

impl Property {
    /// Every property.
    pub const ALL: [Self; 5] = [Self::Floor, Self::Answers, Self::NoDeadEnd, Self::Invariant, Self::Risk];

    /// The word for it in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Answers => "answers",
            Self::NoDeadEnd => "no_dead_end",
            Self::Invariant => "invariant",
            Self::Risk => "risk",
        }
    }

    /// What it says, in words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Floor => "nothing is under the assurance floor",
            Self::Answers => "the policy answers every question",
            Self::NoDeadEnd => "there is no dead end",
            Self::Invariant => "every invariant holds",
            Self::Risk => "more risk never means fewer factors",
        }
    }
}

/// One thing that is wrong in a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub property: Property,
    /// What is wrong, in words; the same words are the same cause.
    pub cause: String,
    /// The shortest way there.
    pub actions: Vec<Action>,
    /// The state there.
    pub state: &'static str,
}

/// A way to recover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// How many factors it takes; each approval is one.
    pub factors: usize,
    /// How long it is held.
    pub hold: Duration,
    /// What is done.
    pub actions: Vec<Action>,
    /// The state that it ends in.
    pub state: &'static str,
}
