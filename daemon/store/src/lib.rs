//! The stores of Readmit: the only place that writes.
//!
//! A [`Store`] takes coarse state changes, each all or nothing and durable once acknowledged, and answers
//! reads. What must not be read from a disk is sealed on the way in ([`Keyring`]); every event is in an
//! append-only, hash-chained, signed journal. [`SqliteStore`] serves one host. What a case means, who may do
//! what and when, is left to the core and the service: the store checks only what two callers could race for.

pub mod account;
pub mod activation;
pub mod anchor;
pub mod backup;
pub mod case;
pub mod change;
pub mod decision;
mod durable;
pub mod error;
pub mod figures;
pub mod head;
pub mod journal;
pub mod keyring;
pub mod limits;
pub mod observer;
pub mod outbox;
pub mod overview;
pub mod pause;
pub mod quota;
pub mod retention;
pub mod seal;
pub mod shadow;
pub mod spend;
pub mod sqlite;
pub mod store;
pub mod token;
pub mod upkeep;
pub mod write;

pub use account::{AccountFilter, AccountRecord, DeviceRecord};
pub use activation::{Activation, Found, PendingPolicy};
pub use anchor::Anchor;
pub use backup::{Backup, BackupError, Manifest};
pub use case::{CaseFilter, CaseOrder, CaseRow, StoredCase};
pub use change::{Change, Committed};
pub use decision::{DecisionRow, PolicyRow, StoredDecision};
pub use error::{CommitError, StoreError, What};
pub use figures::{CaseFigure, DeliveryFigure, Figures};
pub use head::{Checkpoint, SignedHead};
pub use journal::{Entry, Head, JournalReport, JournalRow, JournalSlice, Restored};
pub use keyring::{KeyId, Keyring, KeyringError};
pub use observer::{CommitGroup, Observed, StoreObserver};
pub use outbox::{Delivery, DeliveryState, OutboxItem};
pub use overview::Overview;
pub use pause::Pause;
pub use retention::{Pruned, Retention};
pub use shadow::{DifferenceRow, ShadowRow, ShadowTally, StoredDifference};
pub use spend::Spend;
pub use sqlite::{
    Lost, OnBrokenJournal, Outlook, Restoration, RestoreReport, SqliteOptions, SqliteStore, Voided,
    check_backup,
};
pub use store::{Counts, Page, Reply, Resealed, Store};
pub use token::{TokenPurpose, TokenRow};
pub use upkeep::{By, KeyPart, KeyState, RetiredKey};
pub use write::Write;
