//! What the service tells everyone who listens: the bus, and the tests.

use readmit_recovery::id::{AccountId, CaseHandle, CaseId};

/// Something that others may want to know at once. Never a secret; the id of a case goes only to those who
/// know it already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A case has changed.
    CaseChanged {
        /// Which.
        case: CaseId,
        /// Its state's word.
        state: &'static str,
    },
    /// A case was opened or has changed, as staff may know it.
    CaseMoved {
        /// Which, by its handle.
        case: CaseHandle,
        /// Whose it is.
        account: AccountId,
        /// Its state's word.
        state: &'static str,
        /// Why the recovery is wanted.
        reason: &'static str,
    },
    /// People should look at this.
    Alert {
        /// What kind.
        kind: String,
        /// Circumstances by name.
        detail: Vec<(&'static str, String)>,
    },
    /// A set of policies is in force.
    PoliciesLoaded {
        /// Its version.
        version: String,
    },
    /// A set of policies has stood the check and waits for two persons.
    PoliciesPending {
        /// Its version.
        version: String,
    },
    /// A set of policies was refused; the last one stays in force.
    PoliciesRefused {
        /// Why, with file and line.
        why: String,
    },
}
