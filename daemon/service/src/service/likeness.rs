//! How many accounts on file have recovery contacts: as many unknown ones seem to.
//!
//! A policy that asks contacts where there are some shows who has any. If unknown accounts always had one, or never,
//! that alone would tell them apart from those on file.

use parking_lot::Mutex;
use readmit_recovery::account::Account;
use readmit_recovery::time::Timestamp;
use readmit_store::{AccountFilter, Page};

use super::limits::{LIKENESS_FOR, LIKENESS_SAMPLE};
use super::{Fault, Service};

/// Of 256 accounts, as many as have a recovery contact; and when that was looked at.
#[derive(Default)]
pub(super) struct Likeness(Mutex<Option<(Timestamp, u16)>>);

impl Likeness {
    /// Has it looked at again: an account was changed.
    pub(super) fn forget(&self) {
        *self.0.lock() = None;
    }
}

impl Service {
    /// Of 256 accounts like those that are made up, as many as have a recovery contact. Whoever opens a case asks,
    /// for a known account too, so that the question tells neither from the other.
    pub(super) async fn with_contacts_of_256(&self, at: Timestamp) -> Result<u16, Fault> {
        let fresh = |known: &(Timestamp, u16)| known.0 <= at && at.since(known.0) < LIKENESS_FOR;
        if let Some((_, share)) = self.likeness.0.lock().filter(fresh) {
            return Ok(share);
        }
        let like = AccountFilter {
            realm: Some("default".to_owned()),
            kind: Some("owner".to_owned()),
            ..AccountFilter::default()
        };
        let share = share(&self.store.accounts(like, Page::new(0, LIKENESS_SAMPLE)).await?);
        *self.likeness.0.lock() = Some((at, share));
        Ok(share)
    }
}

fn share(accounts: &[Account]) -> u16 {
    let with = accounts.iter().filter(|account| !account.contacts.is_empty()).count();
    u16::try_from(with * 256 / accounts.len().max(1)).unwrap_or(u16::MAX)
}
