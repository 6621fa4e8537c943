//! One change inside the writer's transaction: each write goes to the noun it is about.

use hmac::{Hmac, Mac};
use readmit_recovery::time::Timestamp;
use rusqlite::{Connection, Params};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::column::exists_or_failed;
use crate::change::{Change, Committed};
use crate::error::{CommitError, StoreError};
use crate::head::HeadSigner;
use crate::journal::Head;
use crate::seal::Sealer;
use crate::write::Write;

/// What the writes of a change work with.
pub(super) struct Session<'a> {
    pub(super) connection: &'a Connection,
    pub(super) sealer: &'a Sealer,
    /// Where the journal ends, with the entries of this transaction.
    pub(super) head: Head,
    /// When the change happens.
    pub(super) at: Timestamp,
    /// Who makes it.
    pub(super) actor: String,
    pub(super) subjects: &'a Zeroizing<[u8; 32]>,
    pub(super) signer: &'a HeadSigner,
}

impl Session<'_> {
    /// Makes every write of a change, or stops at the first that cannot be.
    pub(super) fn apply(&mut self, change: Change) -> Result<Committed, CommitError> {
        let first_seq = self.head.seq + 1;
        self.at = change.at;
        self.actor = change.actor;
        for write in change.writes {
            self.write(write)?;
        }
        Ok(Committed { first_seq, last_seq: self.head.seq })
    }

    fn write(&mut self, write: Write) -> Result<(), CommitError> {
        match write {
            Write::InsertCase(row) => self.insert_case(&row),
            Write::UpdateCase { row, revision } => self.update_case(&row, revision),
            Write::InsertAccount(account) => self.insert_account(&account),
            Write::UpdateAccount(account) => self.update_account(&account),
            Write::RemoveAccount(id) => self.remove_account(&id),
            Write::SetPassword { account, hash } => self.set_password(&account, &hash),
            Write::AddDevice { device, secret, drift, last_step } => {
                self.add_device(&device, &secret, drift, last_step)
            }
            Write::DeviceStatus { id, status } => self.set_device_status(&id, status),
            Write::DeleteDevice(id) => self.delete_device(&id),
            Write::SetDrift { id, drift, last_step } => self.set_drift(&id, drift, last_step),
            Write::ReplaceRecoveryCodes { account, hashes } => self.replace_recovery_codes(&account, &hashes),
            Write::IssuePass { account, hash, expires_at } => self.issue_pass(&account, &hash, expires_at),
            Write::AddToken { hash, purpose, case, challenge, expires_at } => {
                self.add_token(&hash, purpose, &case, challenge, expires_at)
            }
            Write::Spend(spend) => self.spend(&spend),
            Write::Charge { scope, subject, window, amount, max } => {
                self.charge(scope, &subject, window, amount, max)
            }
            Write::Forget { scope, subject } => self.forget(scope, &subject),
            Write::CountFailure { account, factor } => self.count_failure(&account, &factor),
            Write::ClearFailures { account, factor } => self.clear_failures(&account, &factor),
            Write::Enqueue(item) => self.enqueue(&item),
            Write::TakeDelivery { id } => self.take_delivery(&id),
            Write::RequeueDelivery { id, not_before } => self.requeue_delivery(&id, not_before),
            Write::FinishDelivery { id } => self.finish_delivery(&id),
            Write::CancelDelivery { id } => self.cancel_delivery(&id),
            Write::Journal(entry) => self.append(&entry),
            Write::Decision(row) => self.log_decision(&row),
            Write::Policy { version, files } => self.keep_policy(&version, &files),
            Write::StartShadow { version, files } => self.start_shadow(&version, &files),
            Write::StopShadow => self.stop_shadow(),
            Write::CountShadow { version, tally, differences } => {
                self.count_shadow(&version, &tally, &differences)
            }
            Write::ActivatePolicy { version, found, tests } => self.activate_policy(&version, &found, tests),
            Write::PoliciesFound(found) => self.policies_found(&found),
            Write::ProposePolicy { version, files, found, tests, restores } => {
                self.propose_policy(&version, &files, &found, tests, restores)
            }
            Write::ApprovePolicy { version } => self.approve_policy(&version),
            Write::WithdrawPolicy => self.withdraw_policy(),
            Write::Pause { channel, because } => self.pause(&channel, &because),
            Write::Resume { channel } => self.resume(&channel),
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub(super) fn execute(&self, sql: &str, parameters: impl Params) -> Result<usize, CommitError> {
        Ok(self.connection.prepare_cached(sql)?.execute(parameters)?)
    }

    /// Inserts a row; `Exists` if its key is taken.
    pub(super) fn insert(&self, sql: &str, parameters: impl Params) -> Result<(), CommitError> {
        self.connection.prepare_cached(sql)?.execute(parameters).map(|_| ()).map_err(exists_or_failed)
    }

    /// Runs a statement that must change a row; `NotFound` if it changes none.
    pub(super) fn change(&self, sql: &str, parameters: impl Params) -> Result<(), CommitError> {
        if self.execute(sql, parameters)? == 0 { Err(CommitError::NotFound) } else { Ok(()) }
    }

    /// Whether a query finds anything.
    pub(super) fn finds(&self, sql: &str, parameters: impl Params) -> Result<bool, CommitError> {
        Ok(self.connection.prepare_cached(sql)?.exists(parameters)?)
    }

    /// Seals something for a row.
    pub(super) fn seal(&self, table: &'static str, id: &str, plain: &[u8]) -> Result<Vec<u8>, CommitError> {
        let sealed = self.sealer.seal(table, id, plain);
        sealed.map_err(|source| StoreError::Seal { table, source }.into())
    }

    /// The keyed hash that stands for a subject of a quota.
    pub(super) fn subject(&self, scope: &str, subject: &str) -> Result<[u8; 32], CommitError> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.subjects.as_slice())
            .map_err(StoreError::malformed("secrets", "sealed"))?;
        mac.update(scope.as_bytes());
        mac.update(&[0]);
        mac.update(subject.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }
}
