//! The decision log and the sources of the policies that decided.

use std::collections::BTreeMap;

use readmit_recovery::id::{CaseHandle, PolicyVersion};
use readmit_recovery::time::Timestamp;

/// One question to a policy and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// When.
    pub at: Timestamp,
    /// In which case.
    pub case: CaseHandle,
    /// Who answered.
    pub version: PolicyVersion,
    /// Which function was asked.
    pub hook: String,
    /// The question as JSON. Sealed on disk, as it holds what is on file about the account.
    pub input: String,
    /// The answer as JSON. Sealed on disk.
    pub verdict: String,
    /// How long it took.
    pub micros: u64,
}

/// A decision and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDecision {
    /// Counts up from 1.
    pub id: u64,
    /// The decision.
    pub row: DecisionRow,
}

/// A policy version on file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// The version.
    pub version: PolicyVersion,
    /// When it was first kept.
    pub stored_at: Timestamp,
    /// Its files' texts by their paths.
    pub files: BTreeMap<String, String>,
}
