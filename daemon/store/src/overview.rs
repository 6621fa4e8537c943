//! How a store is just now: what a screen shows every few seconds, so it must be cheap whatever the store holds.

use std::collections::BTreeMap;

use readmit_recovery::time::Timestamp;

use crate::journal::Head;

/// A store at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Accounts.
    pub accounts: u64,
    /// Cases that are not closed, by the name of their state.
    pub open_cases: BTreeMap<String, u64>,
    /// Cases that are closed.
    pub closed_cases: u64,
    /// Deliveries that wait.
    pub queued_deliveries: u64,
    /// Deliveries in somebody's hands.
    pub taken_deliveries: u64,
    /// From when on the delivery that waits longest could have been taken; it may lie ahead.
    pub oldest_due: Option<Timestamp>,
    /// Where the journal ends. Nothing of the chain before it was looked at.
    pub head: Head,
    /// When the last entry was made.
    pub head_at: Option<Timestamp>,
    /// What the database takes on the disk, in bytes.
    pub bytes: u64,
    /// What is left on that disk for the daemon, in bytes.
    pub free_bytes: u64,
    /// How large that disk is, in bytes.
    pub disk_bytes: u64,
}
