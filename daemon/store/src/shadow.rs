//! The candidate set of policies that is asked beside the one in force, and where its answers differ.

use std::collections::BTreeMap;

use readmit_recovery::id::{CaseHandle, PolicyVersion};
use readmit_recovery::time::Timestamp;

/// The last candidate set that was asked beside the one in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowRow {
    /// Its version.
    pub version: PolicyVersion,
    /// Its files' texts by their paths.
    pub files: BTreeMap<String, String>,
    /// Since when it is asked.
    pub started_at: Timestamp,
    /// Since when it is no longer asked, if so.
    pub stopped_at: Option<Timestamp>,
    /// How its answers compare so far.
    pub tally: ShadowTally,
}

/// How the answers of a candidate compare with those that were followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShadowTally {
    /// Questions that it was asked.
    pub asked: u64,
    /// The same answer.
    pub same: u64,
    /// It would have asked for less.
    pub weaker: u64,
    /// It would have asked for more.
    pub stronger: u64,
    /// It gave no answer where there was one.
    pub failing: u64,
    /// Another answer, and none of these.
    pub other: u64,
    /// Questions that it was not asked, because it could not keep up.
    pub dropped: u64,
}

impl ShadowTally {
    /// Adds the counts of another part of the time.
    pub fn add(&mut self, more: &Self) {
        self.asked += more.asked;
        self.same += more.same;
        self.weaker += more.weaker;
        self.stronger += more.stronger;
        self.failing += more.failing;
        self.other += more.other;
        self.dropped += more.dropped;
    }
}

/// One question to which a candidate has another answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferenceRow {
    /// When the question was asked.
    pub at: Timestamp,
    /// In which case.
    pub case: CaseHandle,
    /// The version whose answer was followed.
    pub version: PolicyVersion,
    /// Which function was asked.
    pub hook: String,
    /// How the candidate's answer differs, in one word.
    pub change: String,
    /// The question as JSON. Sealed on disk, as it holds what is on file about the account.
    pub input: String,
    /// The answer that was followed, as JSON. Sealed on disk.
    pub verdict: String,
    /// The candidate's answer, as JSON. Sealed on disk.
    pub shadow: String,
}

/// A difference and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDifference {
    /// Counts up from 1, and goes on counting with the next candidate.
    pub id: u64,
    /// The difference.
    pub row: DifferenceRow,
}
