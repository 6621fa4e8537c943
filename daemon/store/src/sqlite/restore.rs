//! Putting a backup back, with the daemon stopped: first beside the database, whole and checked, then in its place.
//!
//! Whether to go back is for whoever asks; what would be lost is in the [`Outlook`]. Ending the cases that the backup has
//! open is for who understands them: [`Restoration::store`] lends the database that is to take the place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::void::Voided;
use super::{SqliteOptions, SqliteStore, copying, files, journal, reseal, rollback, schema, swap};
use crate::anchor::Anchor;
use crate::backup::{Backup, BackupError};
use crate::durable::{self, with_suffix};
use crate::error::StoreError;
use crate::journal::{Head, JournalReport};
use crate::keyring::Keyring;
use crate::limits::{BUSY_WAIT, LOST_ACCOUNTS_TOLD};
use crate::store::Store;
use crate::upkeep::By;

/// What a restore would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Where the journal of the backup ends.
    pub back_to: Head,
    /// The last head that is known of the database: its own, or the anchor's.
    pub known: Head,
    /// Whether something that is known to have happened would be undone.
    pub is_rollback: bool,
    /// What would be lost, where the database can still be read.
    pub lost: Option<Lost>,
}

/// What happened since the backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// How many entries of each kind.
    pub kinds: BTreeMap<String, u64>,
    /// Accounts that something happened to, some of them if they are many.
    pub accounts: Vec<String>,
}

/// What a restore has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreReport {
    /// What was made void.
    pub voided: Voided,
    /// Where the journal ends now.
    pub head: Head,
    /// Where the database is that was replaced; none if there was none.
    pub aside: Option<PathBuf>,
}

/// A backup that was taken out beside the database, checked, and waits for its place. Dropped, it is gone, and nothing
/// has changed.
pub struct Restoration {
    options: SqliteOptions,
    outlook: Outlook,
    store: Option<Arc<SqliteStore>>,
    // Last: the files go before others may have the database.
    lock: Option<files::Lock>,
}

impl Restoration {
    /// Takes the backup out and checks it: it is ours, whole, of a schema that this program knows, its journal holds,
    /// and the keys open all of it.
    ///
    /// # Errors
    /// [`StoreError`]: nothing has changed. [`StoreError::InUse`] while the daemon runs.
    pub fn prepare(
        options: &SqliteOptions,
        keyring: Arc<Keyring>,
        backup: &Backup,
    ) -> Result<Self, StoreError> {
        let path = &options.path;
        let lock = files::lock_database(path)?;
        swap::finish(path, options.anchor.as_deref())?;
        let anchor = options.anchor.as_deref().map(Anchor::read).transpose()?.flatten();
        let outlook = outlook(path, anchor.as_ref(), backup);
        let mut restoration = Self { options: options.clone(), outlook, store: None, lock: Some(lock) };
        restoration.store = Some(Arc::new(take_out(path, keyring, backup)?));
        Ok(restoration)
    }

    /// What it would do.
    #[must_use]
    pub const fn outlook(&self) -> &Outlook {
        &self.outlook
    }

    /// The database that is to take the place.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once it has.
    pub fn store(&self) -> Result<&Arc<SqliteStore>, StoreError> {
        self.store.as_ref().ok_or(StoreError::Closed)
    }

    /// Makes void what could be used again, and puts the database in its place. Until then nothing has changed.
    ///
    /// # Errors
    /// [`StoreError`]; the next start, or the next restore, goes on or undoes it.
    pub async fn finish(mut self, by: &By, cases_ended: u64) -> Result<RestoreReport, StoreError> {
        let Outlook { back_to, known, .. } = self.outlook;
        let store = self.store.take().ok_or(StoreError::Closed)?;
        let voided = store.void_replayable(by, back_to, known, cases_ended).await?;
        let head = store.head().await?;
        store.close();
        drop(store);
        let path = self.options.path.clone();
        into_one_file(&with_suffix(&path, swap::CANDIDATE))?;
        let had = path.exists();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = format!("{name}.replaced-{}", by.at.unix());
        let anchor = Anchor { head, at: by.at };
        let aside = swap::swap(&path, self.options.anchor.as_deref(), &anchor, &aside)?;
        // From here on there is nothing to take back.
        self.lock = None;
        Ok(RestoreReport { voided, head: head.head, aside: had.then_some(aside) })
    }
}

impl Drop for Restoration {
    fn drop(&mut self) {
        drop(self.store.take());
        if self.lock.is_some()
            && let Err(error) = swap::finish(&self.options.path, self.options.anchor.as_deref())
        {
            tracing::warn!(%error, "what was left of a restore is removed at the next start");
        }
    }
}

/// Checks a backup without keys: it is ours and whole, and its journal holds.
///
/// # Errors
/// [`StoreError`] says what is wrong with it.
pub fn check_backup(backup: &Backup) -> Result<JournalReport, StoreError> {
    let path = backup.path();
    // As it lies there, without a lock and without files beside it.
    let name = percent_encoded(path);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)?;
    check(&connection, backup)
}

fn check(connection: &Connection, backup: &Backup) -> Result<JournalReport, StoreError> {
    let (path, manifest) = (backup.path(), &backup.manifest);
    let damaged = |why| StoreError::from(BackupError::Damaged { path: path.to_owned(), why });
    let found = schema::version(connection, path).map_err(|error| match error {
        StoreError::Newer { found, known, .. } => {
            BackupError::Newer { path: path.to_owned(), found, known }.into()
        }
        error => error,
    })?;
    if found != manifest.schema || found == 0 {
        return Err(damaged("its schema is not the one that was written"));
    }
    let sound: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(StoreError::opening(path))?;
    if sound != "ok" {
        return Err(damaged("the database in it is damaged"));
    }
    // The journal came with the third step.
    if found < 3 {
        return Err(damaged("it is older than the journal"));
    }
    let report = journal::verify(connection, &manifest.public_key)?;
    if let Some((seq, why)) = report.broken {
        return Err(StoreError::JournalBroken { seq, why });
    }
    if report.head != manifest.head().head {
        return Err(damaged("its journal does not end where it says"));
    }
    Ok(report)
}

/// The backup as a database beside the one that it is to replace, of the newest schema, opened with the keys.
fn take_out(path: &Path, keyring: Arc<Keyring>, backup: &Backup) -> Result<SqliteStore, StoreError> {
    copying::refuse_without_room(path, backup.manifest.bytes)?;
    let candidate = with_suffix(path, swap::CANDIDATE);
    let mut file = durable::create_new(&candidate).map_err(StoreError::file("make", &candidate))?;
    backup.extract(&mut file, &candidate)?;
    drop(file);
    let connection = super::open_copy(&candidate)?;
    check(&connection, backup)?;
    drop(connection);
    let other_key = || StoreError::from(BackupError::OtherKey { path: backup.path().to_owned() });
    let options = SqliteOptions { keep_copies: false, ..SqliteOptions::new(&candidate) };
    let store = SqliteStore::open(&options, Arc::clone(&keyring)).map_err(|error| match error {
        StoreError::Seal { .. } => other_key(),
        error => error,
    })?;
    let needed = reseal::keys_in_use(&super::open_copy(&candidate)?)?;
    let opens = store.journal_public_key() == backup.manifest.public_key
        && needed.iter().all(|id| keyring.key(*id).is_some());
    if opens { Ok(store) } else { Err(other_key()) }
}

fn outlook(path: &Path, anchor: Option<&Anchor>, backup: &Backup) -> Outlook {
    let back_to = backup.manifest.head().head;
    // A database that cannot be read is what backups are for.
    let current = read_current(path).ok();
    let anchored = anchor.map(|anchor| anchor.head.head);
    let last = current.as_ref().and_then(|connection| last_entry(connection).ok());
    let known = [anchored, last].into_iter().flatten().max_by_key(|head| head.seq).unwrap_or(Head::EMPTY);
    let same_key = anchor.is_none_or(|anchor| anchor.head.public_key == backup.manifest.public_key);
    let hash_there =
        current.as_ref().and_then(|current| rollback::hash_at(current, back_to.seq).ok().flatten());
    let same_story = hash_there.is_none_or(|hash| hash == back_to.hash)
        && anchored.is_none_or(|head| head.seq != back_to.seq || head.hash == back_to.hash);
    let lost = current.as_ref().and_then(|current| lost(current, back_to.seq).ok());
    let is_rollback = known.seq > back_to.seq || !same_key || !same_story;
    Outlook { back_to, known, is_rollback, lost: lost.filter(|_| same_story) }
}

fn read_current(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
    Ok(connection)
}

fn last_entry(connection: &Connection) -> Result<Head, StoreError> {
    let head = connection.query_row("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1", [], |row| {
        Ok(Head { seq: row.get::<_, i64>(0)?.unsigned_abs(), hash: row.get(1)? })
    });
    Ok(head?)
}

fn lost(connection: &Connection, behind: u64) -> Result<Lost, StoreError> {
    let behind = super::column::number(behind);
    let mut kinds = connection.prepare("SELECT kind, count(*) FROM journal WHERE seq > ?1 GROUP BY kind")?;
    let kinds = kinds
        .query_map([behind], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?
        .collect::<Result<_, _>>()?;
    let mut accounts = connection.prepare(
        "SELECT DISTINCT account FROM journal WHERE seq > ?1 AND account IS NOT NULL ORDER BY account LIMIT ?2",
    )?;
    let accounts = accounts
        .query_map((behind, LOST_ACCOUNTS_TOLD as i64), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Lost { kinds, accounts })
}

/// Folds the write-ahead log in, so that the one file is the whole database, and puts it on disk.
fn into_one_file(path: &Path) -> Result<(), StoreError> {
    let connection = super::open_copy(path)?;
    connection.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    drop(connection);
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(StoreError::file("put on disk", path))
}

fn percent_encoded(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(byte);
    let encoded = |byte: &u8| {
        if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }
    };
    path.as_os_str().as_bytes().iter().map(encoded).collect()
}
