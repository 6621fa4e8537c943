//! What of the course of a case the policy looks at.

use std::collections::BTreeSet;

use crate::fact::Fact;

/// What of the course of a case the policy looks at. What it does not look at tells no states apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looks {
    /// The time.
    pub now: bool,
    /// The order of what is proven.
    pub proven: bool,
    /// What failed before.
    pub failures: bool,
    /// How a factor failed.
    pub disposition: bool,
}

impl Looks {
    /// These facts have been looked at too. Says whether that is news.
    pub fn add(&mut self, facts: &BTreeSet<Fact>) -> bool {
        let before = *self;
        for fact in facts {
            self.now |= matches!(fact, Fact::Now);
            self.proven |= matches!(fact, Fact::Proven);
            self.failures |= matches!(fact, Fact::Failures | Fact::FailureAt);
            self.disposition |= matches!(fact, Fact::FailureDisposition | Fact::Failures);
        }
        *self != before
    }
}
