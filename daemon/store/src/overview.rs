//! How a store is just now: what a screen shows every few seconds, so it must be cheap whatever the store holds.

use crate::figures::Figures;

/// A store at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// What is going on.
    pub figures: Figures,
    /// Accounts.
    pub accounts: u64,
    /// Cases that are closed.
    pub closed_cases: u64,
    /// What the database takes on the disk, in bytes.
    pub bytes: u64,
    /// What is left on that disk for the daemon, in bytes.
    pub free_bytes: u64,
    /// How large that disk is, in bytes.
    pub disk_bytes: u64,
}
