//! The SQLite store as a [`Store`]: what reads, and what goes to the writer.

use std::fs::File;
use std::sync::Arc;

use readmit_recovery::account::Account;
use readmit_recovery::id::{AccountId, CaseHandle, CaseId, DeviceId, PolicyVersion};
use readmit_recovery::secret::{Secret, SecretHash};
use readmit_recovery::time::Timestamp;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::pool::Reader;
use super::session::Session;
use super::{SqliteStore, copying, journal};
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
use crate::store::{Counts, Page, Reply, Resealed, Store};
use crate::token::TokenRow;
use crate::upkeep::{By, KeyPart, KeyState, RetiredKey};

impl Store for SqliteStore {
    fn commit(&self, change: Change) -> Reply<'_, Committed, CommitError> {
        Box::pin(async move {
            change.check()?;
            self.writer.submit(move |session| session.apply(change)).await
        })
    }

    fn account<'a>(&'a self, id: &'a AccountId, now: Timestamp) -> Reply<'a, Option<AccountRecord>> {
        self.read(move |reader| reader.account(id, now, &self.decoy.read()))
    }

    fn accounts(&self, filter: AccountFilter, page: Page) -> Reply<'_, Vec<Account>> {
        self.read(move |reader| reader.accounts(&filter, page))
    }

    fn devices<'a>(&'a self, account: &'a AccountId) -> Reply<'a, Vec<DeviceRecord>> {
        self.read(move |reader| reader.devices(account))
    }

    fn device<'a>(&'a self, id: &'a DeviceId) -> Reply<'a, Option<DeviceRecord>> {
        self.read(move |reader| reader.device(id))
    }

    fn device_secret<'a>(&'a self, id: &'a DeviceId) -> Reply<'a, Option<Secret>> {
        self.read(move |reader| reader.device_secret(id))
    }

    fn case_of<'a>(&'a self, handle: &'a CaseHandle) -> Reply<'a, Option<StoredCase>> {
        self.read(move |reader| reader.case_of(handle))
    }

    fn case<'a>(&'a self, id: &'a CaseId) -> Reply<'a, Option<StoredCase>> {
        self.read(move |reader| reader.case(id))
    }

    fn cases(&self, filter: CaseFilter, page: Page) -> Reply<'_, Vec<CaseRow>> {
        self.read(move |reader| reader.cases(&filter, page))
    }

    fn due_cases(&self, now: Timestamp, limit: u32) -> Reply<'_, Vec<StoredCase>> {
        self.read(move |reader| reader.due_cases(now, limit))
    }

    fn next_deadline(&self) -> Reply<'_, Option<Timestamp>> {
        self.read(|reader| reader.next_deadline())
    }

    fn due_deliveries(&self, now: Timestamp, limit: u32) -> Reply<'_, Vec<Delivery>> {
        self.read(move |reader| reader.due_deliveries(now, limit))
    }

    fn taken_deliveries(&self) -> Reply<'_, Vec<Delivery>> {
        self.read(|reader| reader.taken_deliveries())
    }

    fn next_delivery_at(&self) -> Reply<'_, Option<Timestamp>> {
        self.read(|reader| reader.next_delivery_at())
    }

    fn token<'a>(&'a self, hash: &'a SecretHash) -> Reply<'a, Option<TokenRow>> {
        self.read(move |reader| reader.token(hash))
    }

    fn journal(&self, since: Timestamp, after_seq: u64, limit: u32) -> Reply<'_, Vec<JournalRow>> {
        self.read(move |reader| reader.journal(since, after_seq, limit))
    }

    fn journal_of<'a>(&'a self, case: &'a CaseHandle) -> Reply<'a, Vec<JournalRow>> {
        self.read(move |reader| reader.journal_of(case))
    }

    fn verify_journal(&self) -> Reply<'_, JournalReport> {
        let (pool, public_key) = (Arc::clone(&self.pool), self.signer.public_key());
        let verify = move || pool.read(|reader| journal::verify(reader.connection, &public_key));
        Box::pin(aside("store-verify", verify))
    }

    fn check_journal(&self, behind: Option<Head>, limit: u32) -> Reply<'_, JournalSlice> {
        self.read(move |reader| reader.check_journal(&self.signer.public_key(), behind, limit.min(MAX_PAGE)))
    }

    fn leads_to<'a>(&'a self, known: &'a SignedHead) -> Reply<'a, ()> {
        self.read(move |reader| reader.leads_to(&self.signer.public_key(), &self.path, known))
    }

    fn decisions(&self, since: Timestamp, after_id: u64, limit: u32) -> Reply<'_, Vec<StoredDecision>> {
        self.read(move |reader| reader.decisions(since, after_id, limit))
    }

    fn policy<'a>(&'a self, version: &'a PolicyVersion) -> Reply<'a, Option<PolicyRow>> {
        self.read(move |reader| reader.policy(version))
    }

    fn policies(&self) -> Reply<'_, Vec<(PolicyVersion, Timestamp)>> {
        self.read(|reader| reader.policies())
    }

    fn pauses(&self) -> Reply<'_, Vec<Pause>> {
        self.read(|reader| reader.pauses())
    }

    fn shadow(&self) -> Reply<'_, Option<ShadowRow>> {
        self.read(|reader| reader.shadow())
    }

    fn differences(&self, since: Timestamp, after_id: u64, limit: u32) -> Reply<'_, Vec<StoredDifference>> {
        self.read(move |reader| reader.differences(since, after_id, limit))
    }

    fn activation(&self) -> Reply<'_, Option<Activation>> {
        self.read(|reader| reader.activation())
    }

    fn activations(&self) -> Reply<'_, Vec<Activation>> {
        self.read(|reader| reader.activations())
    }

    fn pending_policy(&self) -> Reply<'_, Option<PendingPolicy>> {
        self.read(|reader| reader.pending_policy())
    }

    fn counts(&self) -> Reply<'_, Counts> {
        self.read(|reader| reader.counts())
    }

    fn figures(&self) -> Reply<'_, Figures> {
        self.read(|reader| reader.figures())
    }

    fn overview(&self) -> Reply<'_, Overview> {
        self.read(|reader| reader.overview(self.pool.path()))
    }

    fn reseal(&self, batch: u32) -> Reply<'_, Resealed> {
        Box::pin(async move {
            let key = self.sealer.keyring().current();
            let from = self.pass.lock().begin(key);
            let result = self.writer.submit(move |session| session.reseal(from, batch)).await;
            let (cursor, resealed) = result.map_err(StoreError::from_writer)?;
            if resealed.finished {
                self.seal_decoy()?;
            }
            self.pass.lock().go_on(cursor, resealed);
            Ok(resealed)
        })
    }

    fn head(&self) -> Reply<'_, SignedHead> {
        self.read(|reader| reader.head(&self.signer.public_key()))
    }

    fn back_up(&self, to: File, at: Timestamp) -> Reply<'_, Manifest> {
        Box::pin(async move {
            let turn = Arc::clone(&self.backing_up).try_lock_owned();
            let turn = turn.map_err(|_| StoreError::UnderWay("a backup"))?;
            let (pool, path, signer) = (Arc::clone(&self.pool), self.path.clone(), Arc::clone(&self.signer));
            aside("store-backup", move || {
                let _turn = turn;
                pool.read(|reader| copying::back_up(reader.connection, &path, &signer, at, &to))
            })
            .await
        })
    }

    fn prune<'a>(&'a self, rules: &Retention, exported: u64, by: &By) -> Reply<'a, Pruned> {
        let (rules, by) = (*rules, by.clone());
        Box::pin(async move {
            let prune = move |session: &mut Session<'_>| session.prune(&rules, exported, &by);
            self.writer.submit(prune).await.map_err(StoreError::from_writer)
        })
    }

    fn keys(&self) -> Vec<KeyState> {
        let keyring = self.sealer.keyring();
        let part = |id| match id {
            id if id == keyring.current() => KeyPart::Current,
            id if id == keyring.root() => KeyPart::Root,
            _ => KeyPart::Old,
        };
        keyring.ids().into_iter().map(|id| KeyState { id, part: part(id) }).collect()
    }

    fn is_resealing(&self) -> Reply<'_, bool> {
        Box::pin(async move {
            let has_old = self.keys().iter().any(|key| key.part == KeyPart::Old);
            Ok(has_old || self.pool.read(|reader| reader.is_resealing())?)
        })
    }

    fn can_change_root(&self) -> bool {
        self.sealer.keyring().is_writable()
    }

    fn rotate_key<'a>(&'a self, by: &By) -> Reply<'a, KeyId> {
        let by = by.clone();
        Box::pin(async move {
            let added = self.writer.submit(move |session| session.add_data_key(&by)).await;
            let (id, key) = added.map_err(StoreError::from_writer)?;
            // It is on disk: from here on it may seal.
            self.sealer.keyring().hold(id, key);
            self.seal_decoy()?;
            Ok(id)
        })
    }

    fn rotate_root<'a>(&'a self, by: &By) -> Reply<'a, KeyId> {
        let by = by.clone();
        Box::pin(async move {
            let id = self.sealer.keyring().rotate()?;
            let followed = self.writer.submit(move |session| session.follow_root(&by)).await;
            followed.map_err(StoreError::from_writer)?;
            self.seal_decoy()?;
            Ok(id)
        })
    }

    fn forget_old_keys<'a>(&'a self, by: &By) -> Reply<'a, Vec<KeyId>> {
        let by = by.clone();
        Box::pin(async move {
            let keyring = self.sealer.keyring();
            if self.pass.lock().found_nothing_under() != Some(keyring.current()) {
                return Err(StoreError::KeysInUse);
            }
            let old = self.keys().into_iter().filter(|key| key.part == KeyPart::Old).map(|key| key.id);
            let (data, own): (Vec<_>, Vec<_>) = old.partition(|id| id.is_data());
            let end = move |session: &mut Session<'_>| {
                session.end_resealing(&by, &data)?;
                Ok(data)
            };
            let mut forgotten = self.writer.submit(end).await.map_err(StoreError::from_writer)?;
            keyring.let_go(&forgotten);
            for id in own.into_iter().filter(|_| keyring.is_writable()) {
                keyring.forget(id)?;
                forgotten.push(id);
            }
            Ok(forgotten)
        })
    }

    fn rotate_sign_in_key<'a>(&'a self, by: &By, retired: RetiredKey) -> Reply<'a, Zeroizing<[u8; 32]>> {
        let by = by.clone();
        Box::pin(async move {
            let replaced = self.writer.submit(move |session| session.replace_sign_in_key(&by, retired)).await;
            let key = replaced.map_err(StoreError::from_writer)?;
            self.sign_in.write().clone_from(&key);
            Ok(key)
        })
    }

    fn retired_sign_in_keys(&self, now: Timestamp) -> Reply<'_, Vec<RetiredKey>> {
        self.read(move |reader| reader.retired_sign_in_keys(now))
    }
}

impl SqliteStore {
    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'a,
    ) -> Reply<'a, T> {
        Box::pin(async move { self.pool.read(read) })
    }
}

/// Does what may take seconds on a thread of its own: it must not hold up whoever runs on this one.
async fn aside<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (reply, answer) = oneshot::channel();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || drop(reply.send(work())))
        .map_err(StoreError::Thread)?;
    answer.await.unwrap_or(Err(StoreError::Closed))
}
