//! How long things are kept, and what was removed.

use std::time::Duration;

/// How long things are kept. Nothing is removed earlier; it may be removed a little later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Entries of the journal.
    pub journal: Duration,
    /// The decision log.
    pub decisions: Duration,
    /// Cases in which nothing more can happen, from their opening on.
    pub cases: Duration,
    /// Where a candidate set answered otherwise.
    pub differences: Duration,
}

/// What one call of [`crate::Store::prune`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries of the journal.
    pub journal: u32,
    /// Decisions.
    pub decisions: u32,
    /// Cases.
    pub cases: u32,
    /// Differences.
    pub differences: u32,
    /// Whether nothing more is old enough.
    pub finished: bool,
}
