//! Which policies are in force, and which wait for approval.

use std::collections::BTreeMap;

use readmit_recovery::id::PolicyVersion;
use readmit_recovery::time::Timestamp;

/// What was found where the policies are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Files, which make this version.
    Files(PolicyVersion),
    /// No directory, so that the policy that is built in counts.
    BuiltIn(PolicyVersion),
    /// Nothing that could be read.
    Nothing,
}

impl Found {
    /// The version that was found.
    #[must_use]
    pub const fn version(&self) -> Option<&PolicyVersion> {
        match self {
            Self::Files(version) | Self::BuiltIn(version) => Some(version),
            Self::Nothing => None,
        }
    }
}

/// How a policy version came into force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The version.
    pub version: PolicyVersion,
    /// When.
    pub at: Timestamp,
    /// Who brought it into force.
    pub actor: String,
    /// Who had approved it, in order; nobody where no approval is asked for.
    pub approved_by: Vec<String>,
    /// How many tests of its own it passed.
    pub tests: u32,
    /// What was found at that time where the policies are. While it is found unchanged, nobody has saved others.
    pub found: Found,
}

/// A policy version that waits for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingPolicy {
    /// The version.
    pub version: PolicyVersion,
    /// Its files' texts by their paths.
    pub files: BTreeMap<String, String>,
    /// Since when it waits.
    pub since: Timestamp,
    /// Who proposed it.
    pub actor: String,
    /// Who has approved it so far, in order.
    pub approved_by: Vec<String>,
    /// How many tests of its own it passed.
    pub tests: u32,
    /// Whether it is a version that was in force before.
    pub restores: bool,
    /// What was found at that time where the policies are.
    pub found: Found,
}
