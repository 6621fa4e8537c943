//! Keeping up the store: heads of the journal leave it, what is old goes away, keys are replaced, backups are made.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use parking_lot::Mutex;
use readmit_store::{
    Anchor, By, Entry, KeyState, Manifest, Retention, RetiredKey, SignedHead, StoreError, Write,
};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::integrity::is_due;
use super::limits::{
    CHECK_LOOK, HEAD_ENTRIES, HEAD_EVERY, HEAD_LOOK, RESEAL_PAUSE, RESEAL_ROWS, RETENTION_EVERY,
    SIGN_IN_KEY_KEPT, UPKEEP_LONGEST_RETRY, UPKEEP_RETRY,
};
use super::{Fault, Service, Signing, now};
use crate::jws::JwsKey;

/// What heads are found by in the system's journal: `journalctl MESSAGE_ID=…`.
pub const HEAD_MESSAGE_ID: &str = "5d0c7a1e0b6f4b7c9e6b3a8f2d41c9e7";

const DAY: u64 = 24 * 3600;

/// How the store is kept up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpkeepRules {
    /// The file with the last head that was exported; none: heads are only logged.
    pub anchor: Option<PathBuf>,
    /// How long things are kept.
    pub retention: Retention,
}

impl Default for UpkeepRules {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * DAY);
        let retention = Retention {
            journal: days(3650),
            decisions: days(730),
            cases: days(3650),
            differences: days(365),
        };
        Self { anchor: None, retention }
    }
}

/// Which key to replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The one that seals what is written.
    Data,
    /// The one in the keyring's file, which seals the others.
    Root,
    /// The one that signs sign-ins for other logins.
    SignIn,
}

/// The keys, and how far sealing everything again is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// The keys, the oldest first.
    pub keys: Vec<KeyState>,
    /// Whether rows are being sealed again.
    pub resealing: bool,
    /// How many were, since the daemon started.
    pub resealed: u64,
    /// Whether a new root key can be put into the keyring's file.
    pub can_change_root: bool,
}

/// What is remembered of the upkeep.
#[derive(Default)]
pub(super) struct Upkeep {
    exported: Mutex<Option<Exported>>,
    /// A head is exported, or compared with what was, by one at a time.
    pub(super) exporting: tokio::sync::Mutex<()>,
    resealing: Mutex<Resealing>,
    rotated: Notify,
    /// Keys are replaced by one at a time.
    rotating: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy)]
struct Exported {
    head: SignedHead,
    at: Instant,
}

#[derive(Clone, Copy, Default)]
struct Resealing {
    is_under_way: bool,
    rows: u64,
}

impl Service {
    /// Exports the journal's head: into the log, which systemd's journal keeps, and into the anchor.
    pub async fn export_head(&self) {
        if let Err(error) = self.try_export_head().await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the journal's head was not exported; it is tried again"
            );
        }
    }

    /// The head that was exported last.
    pub(super) fn exported_head(&self) -> Option<SignedHead> {
        self.upkeep.exported.lock().map(|exported| exported.head)
    }

    async fn try_export_head(&self) -> Result<(), StoreError> {
        let _turn = self.upkeep.exporting.lock().await;
        if let Some(exported) = self.exported_head()
            && !self.check_end(&exported).await
        {
            // An anchor that follows a journal that was cut off would hide it from the next start.
            return Ok(());
        }
        let head = self.store.head().await?;
        // The log first: an anchor that is ahead of it would hide what the log misses.
        tracing::info!(
            target: "readmit::head",
            MESSAGE_ID = HEAD_MESSAGE_ID,
            READMIT_JOURNAL_SEQ = head.head.seq,
            READMIT_JOURNAL_HASH = %hex::encode(head.head.hash),
            READMIT_JOURNAL_SIGNATURE = %hex::encode(head.signature),
            READMIT_JOURNAL_PUBLIC_KEY = %hex::encode(head.public_key),
            "the journal ends at entry {}", head.head.seq
        );
        if let Some(path) = self.settings.upkeep.anchor.clone() {
            let anchor = Anchor { head, at: now() };
            let written = tokio::task::spawn_blocking(move || anchor.write(&path)).await;
            written.map_err(|error| StoreError::Defect(error.to_string().into()))??;
        }
        *self.upkeep.exported.lock() = Some(Exported { head, at: Instant::now() });
        Ok(())
    }

    /// Keeps the store up until `shutdown`.
    pub(super) async fn keep_up_store(&self, shutdown: &CancellationToken) {
        let work = async {
            tokio::join!(
                self.keep_exporting(),
                self.keep_checking_chain(),
                self.keep_checking_end(),
                self.keep_pruning(),
                self.keep_resealing()
            )
        };
        tokio::select! {
            _ = work => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn keep_exporting(&self) {
        loop {
            tokio::time::sleep(HEAD_LOOK).await;
            let exported = *self.upkeep.exported.lock();
            let is_due = match (exported, self.store.head().await) {
                (None, _) => true,
                (Some(exported), Ok(found)) => {
                    let entries = found.head.seq.saturating_sub(exported.head.head.seq);
                    entries >= HEAD_ENTRIES || (entries > 0 && exported.at.elapsed() >= HEAD_EVERY)
                }
                // What ails the store is told by those who need more of it.
                (Some(_), Err(_)) => false,
            };
            if is_due {
                self.export_head().await;
            }
        }
    }

    async fn keep_pruning(&self) {
        let mut pruned_at = None;
        loop {
            // What is removed from a journal that is broken, or was not looked at, could be what shows it.
            if self.integrity.is_proven() && is_due(pruned_at, RETENTION_EVERY, now()) {
                pruned_at = Some(now());
                if let Err(error) = self.prune().await {
                    tracing::error!(error = &error as &dyn std::error::Error, "old entries were not removed");
                }
            }
            tokio::time::sleep(CHECK_LOOK).await;
        }
    }

    /// Removes what is older than the rules keep. Of the journal nothing goes that was not exported.
    async fn prune(&self) -> Result<(), StoreError> {
        let by = By { at: now(), actor: "daemon".to_owned() };
        let Some(exported) = *self.upkeep.exported.lock() else { return Ok(()) };
        loop {
            let pruned =
                self.store.prune(&self.settings.upkeep.retention, exported.head.head.seq, &by).await?;
            if pruned.finished {
                return Ok(());
            }
            tokio::time::sleep(RESEAL_PAUSE).await;
        }
    }

    async fn keep_resealing(&self) {
        let mut wait = UPKEEP_RETRY;
        loop {
            let done = match self.store.is_resealing().await {
                Ok(true) => self.reseal().await,
                Ok(false) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "sealing everything again was interrupted"
                );
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(UPKEEP_LONGEST_RETRY);
                continue;
            }
            wait = UPKEEP_RETRY;
            self.upkeep.resealing.lock().is_under_way = false;
            self.upkeep.rotated.notified().await;
        }
    }

    /// Seals everything again under the current key, and forgets the old ones.
    async fn reseal(&self) -> Result<(), StoreError> {
        self.upkeep.resealing.lock().is_under_way = true;
        let by = By { at: now(), actor: "daemon".to_owned() };
        loop {
            let resealed = self.store.reseal(RESEAL_ROWS).await?;
            self.upkeep.resealing.lock().rows += u64::from(resealed.rows);
            if resealed.finished {
                match self.store.forget_old_keys(&by).await {
                    // Something was found: only a pass that finds nothing is the last.
                    Err(StoreError::KeysInUse) => {}
                    forgotten => return forgotten.map(drop),
                }
            }
            tokio::time::sleep(RESEAL_PAUSE).await;
        }
    }

    /// Makes a backup into a file.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] says what is in the way.
    pub async fn back_up(&self, to: File, actor: &str) -> Result<Manifest, Fault> {
        let manifest = self.store.back_up(to, now()).await.map_err(told)?;
        let detail = [
            ("seq", manifest.seq.into()),
            ("bytes", manifest.bytes.into()),
            ("sha256", hex::encode(manifest.sha256).into()),
        ];
        let entry = Entry {
            kind: "store.backed_up".to_owned(),
            case: None,
            account: None,
            detail: detail.map(|(key, value)| (key.to_owned(), value)).into_iter().collect(),
        };
        self.commit(actor, vec![Write::Journal(entry)]).await?;
        Ok(manifest)
    }

    /// Replaces a key; what the old one has sealed is sealed again while everything goes on.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the steps, where the key is one that the daemon cannot change.
    pub async fn rotate(&self, rotation: Rotation, actor: &str) -> Result<String, Fault> {
        let _turn = self.upkeep.rotating.lock().await;
        let by = By { at: now(), actor: actor.to_owned() };
        let name = match rotation {
            Rotation::Data => self.store.rotate_key(&by).await.map_err(told)?.to_string(),
            Rotation::Root if !self.store.can_change_root() => {
                return Err(Fault::Refused(ROOT_STEPS.to_owned()));
            }
            Rotation::Root => self.store.rotate_root(&by).await.map_err(told)?.to_string(),
            Rotation::SignIn => {
                let public_key = self.signing.load().key.public_bytes();
                let retired = RetiredKey { public_key, until: by.at.plus(SIGN_IN_KEY_KEPT) };
                let seed = self.store.rotate_sign_in_key(&by, retired).await.map_err(told)?;
                let retired = self.store.retired_sign_in_keys(by.at).await?;
                let key = JwsKey::new(&seed);
                let name = key.id().to_owned();
                self.signing.store(Signing { key, retired }.into());
                return Ok(name);
            }
        };
        self.upkeep.resealing.lock().is_under_way = true;
        self.upkeep.rotated.notify_one();
        Ok(name)
    }

    /// The keys, and how far sealing everything again is.
    #[must_use]
    pub fn key_status(&self) -> KeyStatus {
        let resealing = *self.upkeep.resealing.lock();
        KeyStatus {
            keys: self.store.keys(),
            resealing: resealing.is_under_way,
            resealed: resealing.rows,
            can_change_root: self.store.can_change_root(),
        }
    }
}

/// What to do where the root key is a credential.
const ROOT_STEPS: &str = "the root key is a credential, which the daemon can only read. As root, in /etc/credstore.encrypted:
  systemd-creds decrypt --name=readmit.store.key readmit.store.key - | readmitd keyring add | systemd-creds encrypt --name=readmit.store.key - new.key
  mv new.key readmit.store.key && systemctl restart readmitd
When readmit key status shows the old root key as not needed, do the same with readmitd keyring prune";

/// What an administrator is told of a failure of the store.
fn told(error: StoreError) -> Fault {
    match &error {
        StoreError::UnderWay(_) => Fault::WrongState(error.to_string()),
        StoreError::NoRoom { .. } | StoreError::Full => Fault::Unavailable(error.to_string()),
        StoreError::Keyring(_) | StoreError::Backup(_) => {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            tracing::error!(error = &error as &dyn std::error::Error, "keeping up the store failed");
            Fault::Unavailable(format!("{error}{cause}"))
        }
        _ => error.into(),
    }
}
