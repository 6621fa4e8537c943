//! The store as its callers see it, whichever backend serves.

use std::fs::File;
use std::future::Future;
use std::pin::Pin;

use readmit_recovery::id::{AccountId, CaseHandle, CaseId, DeviceId, PolicyVersion};
use readmit_recovery::secret::{Secret, SecretHash};
use readmit_recovery::time::Timestamp;
use zeroize::Zeroizing;

use crate::account::{AccountFilter, AccountRecord, DeviceRecord};
use crate::activation::{Activation, PendingPolicy};
use crate::backup::Manifest;
use crate::case::{CaseFilter, CaseRow, StoredCase};
use crate::change::{Change, Committed};
use crate::decision::{PolicyRow, StoredDecision};
use crate::error::{CommitError, StoreError};
use crate::figures::Figures;
use crate::head::SignedHead;
use crate::journal::{Head, JournalReport, JournalRow, JournalSlice};
use crate::keyring::KeyId;
use crate::limits::MAX_PAGE;
use crate::outbox::Delivery;
use crate::overview::Overview;
use crate::pause::Pause;
use crate::retention::{Pruned, Retention};
use crate::shadow::{ShadowRow, StoredDifference};
use crate::token::TokenRow;
use crate::upkeep::{By, KeyState, RetiredKey};
use readmit_recovery::account::Account;

/// What every method of a [`Store`] returns.
pub type Reply<'a, T, E = StoreError> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// Everything durable. One is shared by the whole daemon.
///
/// A read sees every change that was acknowledged before it began, and none in part. A change that was handed
/// over may happen even if its caller stops waiting for the answer.
pub trait Store: Send + Sync + 'static {
    /// Makes one state change, all of it or nothing; it is on disk when this returns.
    fn commit(&self, change: Change) -> Reply<'_, Committed, CommitError>;

    /// Everything about an account. Takes as much work for an unknown one as for a known one.
    fn account<'a>(&'a self, id: &'a AccountId, now: Timestamp) -> Reply<'a, Option<AccountRecord>>;

    /// The accounts that fit, by id.
    fn accounts(&self, filter: AccountFilter, page: Page) -> Reply<'_, Vec<Account>>;

    /// The devices of an account, oldest first.
    fn devices<'a>(&'a self, account: &'a AccountId) -> Reply<'a, Vec<DeviceRecord>>;

    /// One device.
    fn device<'a>(&'a self, id: &'a DeviceId) -> Reply<'a, Option<DeviceRecord>>;

    /// A device's secret, unsealed.
    fn device_secret<'a>(&'a self, id: &'a DeviceId) -> Reply<'a, Option<Secret>>;

    /// One case.
    fn case<'a>(&'a self, id: &'a CaseId) -> Reply<'a, Option<StoredCase>>;
    /// The case of a handle.
    fn case_of<'a>(&'a self, handle: &'a CaseHandle) -> Reply<'a, Option<StoredCase>>;

    /// The cases that fit, the newest first.
    fn cases(&self, filter: CaseFilter, page: Page) -> Reply<'_, Vec<CaseRow>>;

    /// The cases whose deadline has come, the longest due first.
    fn due_cases(&self, now: Timestamp, limit: u32) -> Reply<'_, Vec<StoredCase>>;

    /// The earliest deadline of a case.
    fn next_deadline(&self) -> Reply<'_, Option<Timestamp>>;

    /// The queued deliveries that may be taken, the longest due first.
    fn due_deliveries(&self, now: Timestamp, limit: u32) -> Reply<'_, Vec<Delivery>>;

    /// The deliveries in somebody's hands, at most [`MAX_PAGE`].
    fn taken_deliveries(&self) -> Reply<'_, Vec<Delivery>>;

    /// When the next queued delivery may be taken.
    fn next_delivery_at(&self) -> Reply<'_, Option<Timestamp>>;

    /// One token, by its hash, spent and expired ones too.
    fn token<'a>(&'a self, hash: &'a SecretHash) -> Reply<'a, Option<TokenRow>>;

    /// The journal from a time and behind a number on, in order.
    fn journal(&self, since: Timestamp, after_seq: u64, limit: u32) -> Reply<'_, Vec<JournalRow>>;

    /// The journal of one case, in order, at most [`MAX_PAGE`] entries.
    fn journal_of<'a>(&'a self, case: &'a CaseHandle) -> Reply<'a, Vec<JournalRow>>;

    /// Reads the whole journal and checks every link and the signature. Takes about a second a million
    /// entries, on a thread of its own.
    fn verify_journal(&self) -> Reply<'_, JournalReport>;

    /// Checks every link of up to `limit` entries behind `behind`, from the first one on if that is none; where they are
    /// the last, how the journal ends as well. For a look at all of it, a little at a time.
    fn check_journal(&self, behind: Option<Head>, limit: u32) -> Reply<'_, JournalSlice>;

    /// Whether the journal leads to a head that it had before; [`StoreError::JournalBroken`],
    /// [`StoreError::RolledBack`] or [`StoreError::OtherHistory`] if it does not. Looks at its end alone.
    fn leads_to<'a>(&'a self, known: &'a SignedHead) -> Reply<'a, ()>;

    /// The decision log from a time and behind a number on, in order.
    fn decisions(&self, since: Timestamp, after_id: u64, limit: u32) -> Reply<'_, Vec<StoredDecision>>;

    /// The sources of a policy version.
    fn policy<'a>(&'a self, version: &'a PolicyVersion) -> Reply<'a, Option<PolicyRow>>;

    /// The policy versions on file, the newest first, with the time each was first kept.
    fn policies(&self) -> Reply<'_, Vec<(PolicyVersion, Timestamp)>>;

    /// The channels that are paused.
    fn pauses(&self) -> Reply<'_, Vec<Pause>>;

    /// The last candidate set that was asked beside the one in force.
    fn shadow(&self) -> Reply<'_, Option<ShadowRow>>;

    /// Where the candidate set answered otherwise, from a time and behind a number on, in order.
    fn differences(&self, since: Timestamp, after_id: u64, limit: u32) -> Reply<'_, Vec<StoredDifference>>;

    /// How the version in force came into force.
    fn activation(&self) -> Reply<'_, Option<Activation>>;

    /// How each version came into force the last time, the one in force first, then the latest.
    fn activations(&self) -> Reply<'_, Vec<Activation>>;

    /// The version that waits for approval.
    fn pending_policy(&self) -> Reply<'_, Option<PendingPolicy>>;

    /// How much of what there is.
    fn counts(&self) -> Reply<'_, Counts>;

    /// What is going on, counted. Looks at nothing that has ended, however much that is.
    fn figures(&self) -> Reply<'_, Figures>;

    /// How the store is just now, without a look at the whole of anything.
    fn overview(&self) -> Reply<'_, Overview>;

    /// Seals again, under the current key, what an old key has sealed. Looks at up to `batch` rows and goes on
    /// from there at the next call. After a pass from start to end that found nothing, no row needs an old
    /// key any more.
    fn reseal(&self, batch: u32) -> Reply<'_, Resealed>;

    /// Where the journal ends, signed.
    fn head(&self) -> Reply<'_, SignedHead>;

    /// Writes a backup as of one moment into a file, while everything goes on. One at a time.
    fn back_up(&self, to: File, at: Timestamp) -> Reply<'_, Manifest>;

    /// Removes a bounded number of rows that are older than these rules keep. Of the journal only the beginning goes,
    /// nothing behind the entry `exported`, and a signed checkpoint stays.
    fn prune<'a>(&'a self, rules: &Retention, exported: u64, by: &By) -> Reply<'a, Pruned>;

    /// The keys, the oldest first; those of the keyring before those of the database.
    fn keys(&self) -> Vec<KeyState>;

    /// Whether rows may be sealed with an older key than the newest.
    fn is_resealing(&self) -> Reply<'_, bool>;

    /// Whether a new key can be put into the keyring's file.
    fn can_change_root(&self) -> bool;

    /// Makes a new key that seals from now on; the database keeps it, sealed with the keyring's.
    fn rotate_key<'a>(&'a self, by: &By) -> Reply<'a, KeyId>;

    /// Puts a new key into the keyring's file, and seals those of the database with it.
    fn rotate_root<'a>(&'a self, by: &By) -> Reply<'a, KeyId>;

    /// Forgets every key that nothing is sealed with. [`StoreError::KeysInUse`] unless a whole pass of
    /// [`Store::reseal`] found nothing. A keyring that cannot be written keeps its keys.
    fn forget_old_keys<'a>(&'a self, by: &By) -> Reply<'a, Vec<KeyId>>;

    /// Makes a new key that signs sign-ins, and returns its seed; verifiers are told of the old one for a while.
    fn rotate_sign_in_key<'a>(&'a self, by: &By, retired: RetiredKey) -> Reply<'a, Zeroizing<[u8; 32]>>;

    /// The keys that signed sign-ins until lately, the latest first.
    fn retired_sign_in_keys(&self, now: Timestamp) -> Reply<'_, Vec<RetiredKey>>;
}

/// Which part of a list to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows to leave out at the beginning.
    pub offset: u32,
    /// Rows to return at most; never more than [`MAX_PAGE`].
    pub limit: u32,
}

impl Page {
    /// The rows from `offset` on, `limit` of them.
    #[must_use]
    pub const fn new(offset: u32, limit: u32) -> Self {
        Self { offset, limit }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { offset: 0, limit: MAX_PAGE }
    }
}

/// How much of what there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts.
    pub accounts: u64,
    /// Devices.
    pub devices: u64,
    /// Cases, closed ones too.
    pub cases: u64,
    /// Cases that are not closed.
    pub open_cases: u64,
    /// Deliveries that wait.
    pub queued_deliveries: u64,
    /// Deliveries in somebody's hands.
    pub taken_deliveries: u64,
    /// Journal entries.
    pub journal: u64,
    /// Logged decisions.
    pub decisions: u64,
    /// Policy versions.
    pub policies: u64,
}

/// What one call of [`Store::reseal`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// Rows sealed again.
    pub rows: u32,
    /// Whether this call came to the end; the next begins again.
    pub finished: bool,
}
