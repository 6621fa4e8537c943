//! What the store knows of an account, in one piece.

use std::collections::BTreeMap;

use readmit_recovery::account::{Account, Device};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::AccountId;
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;

/// An account with everything that a recovery of it starts from, read as of one moment.
#[derive(Clone, Debug)]
pub struct AccountRecord {
    /// The account.
    pub account: Account,
    /// The hash of its password (a PHC string), if it has one.
    pub password: Option<Secret>,
    /// Its devices, oldest first, deactivated ones too.
    pub devices: Vec<DeviceRecord>,
    /// Recovery codes that are not spent.
    pub recovery_codes: u32,
    /// Consecutive failures of each factor; a factor without any is absent.
    pub failures: BTreeMap<Factor, u32>,
    /// Cases opened in the last 24 hours.
    pub opened_24h: u32,
    /// Failures counted in the last 24 hours, to the minute.
    pub failed_24h: u32,
    /// Recoveries in the last 90 days.
    pub recovered_90d: u32,
    /// The last recovery.
    pub last_recovered_at: Option<Timestamp>,
}

/// A device and where its clock stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// The device.
    pub device: Device,
    /// How many time steps its clock is ahead (positive) or behind.
    pub drift: i64,
    /// The last time step whose code was accepted; only later ones may be.
    pub last_step: u64,
}

/// Which accounts to list. An empty filter means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only of this realm.
    pub realm: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only with this text in the id, in any ASCII case. Addresses are sealed, so they cannot be searched.
    pub text: Option<String>,
    /// Only those with an id behind this one, so that a list that changes meanwhile is read page by page without
    /// a gap.
    pub after: Option<AccountId>,
}
