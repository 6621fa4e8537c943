//! State changes: what the service hands to the store, coarse and whole.

use readmit_recovery::time::Timestamp;

use crate::error::CommitError;
use crate::limits::{MAX_WORD_BYTES, MAX_WRITES};
use crate::write::{Write, within};

/// One state change: every write of it happens, in order, or none does.
#[derive(Clone, Debug)]
pub struct Change {
    /// When it happens. Expiries and limits are judged by this, never by a clock of the store's own.
    pub at: Timestamp,
    /// Who does it, for the journal: `uid:1000`, `timer`, `plugin:voice` …
    pub actor: String,
    /// What is written. At most [`crate::limits::MAX_WRITES`].
    pub writes: Vec<Write>,
}

impl Change {
    /// Refuses a change that is larger than [`crate::limits`] allows.
    pub(crate) fn check(&self) -> Result<(), CommitError> {
        within(self.writes.len(), MAX_WRITES, "the change")?;
        within(self.actor.len(), MAX_WORD_BYTES, "the actor")?;
        self.writes.iter().try_for_each(Write::check)
    }
}

/// An acknowledged change: it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The number of its first journal entry; above `last_seq` if it made none.
    pub first_seq: u64,
    /// The number of the last journal entry that there is with it.
    pub last_seq: u64,
}
