//! The store on SQLite, for one host: write-ahead log, every commit synced, one writer, many readers.

mod accounts;
mod activation;
mod cases;
mod checking;
mod column;
mod copying;
mod data_keys;
mod decisions;
mod devices;
mod figures;
mod files;
mod journal;
mod outbox;
mod overview;
mod pauses;
mod pool;
mod prune;
mod quotas;
mod reseal;
mod restore;
mod rollback;
mod schema;
mod secrets;
mod serving;
mod session;
mod shadow;
mod spends;
mod swap;
mod sweep;
mod upgrade;
mod void;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use readmit_recovery::time::Timestamp;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use crate::anchor::Anchor;
use crate::error::StoreError;
use crate::head::HeadSigner;
use crate::journal::{Entry, Head};
use crate::keyring::Keyring;
use crate::limits::{BUSY_WAIT, CHECKPOINT_PAGES, STATEMENTS, WAL_KEPT_BYTES, WRITER_CACHE_KIB};
use crate::observer::Observed;
use crate::seal::Sealer;
use crate::upkeep::By;

use self::pool::Pool;
use self::reseal::Pass;
use self::session::Session;
use self::writer::{Desk, Writer};

pub use self::restore::{Lost, Outlook, Restoration, RestoreReport, check_backup};
pub use self::void::Voided;

/// How to open a SQLite store.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The database. Its directory must be its own, with mode 0700; both are made if they are missing.
    pub path: PathBuf,
    /// What to do if the journal does not end as its signed head says.
    pub on_broken_journal: OnBrokenJournal,
    /// The most pages that the database may have; none means as many as the disk holds. For quotas of
    /// small hosts, and for tests of a full disk.
    pub max_pages: Option<u32>,
    /// Who watches the writer.
    pub observer: Observed,
    /// Where the last exported head is kept. A database that does not fit it is refused. None: it is not compared.
    pub anchor: Option<PathBuf>,
    /// Whether a copy is kept before the database is brought to a newer schema.
    pub keep_copies: bool,
}

impl SqliteOptions {
    /// The options that serve, for a database at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            on_broken_journal: OnBrokenJournal::Refuse,
            max_pages: None,
            observer: Observed::default(),
            anchor: None,
            keep_copies: true,
        }
    }
}

/// What to do at start if the journal does not end as its signed head says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBrokenJournal {
    /// Do not open the store: signing a new head over it would hide what happened.
    #[default]
    Refuse,
    /// An administrator has looked at it: go on, with an entry `journal.broken` that says what was found. Where
    /// the end was cut off, its numbers stay missing, and every later check still shows the place.
    Continue,
}

/// A [`Store`] in one SQLite file.
///
/// [`Store`]: crate::Store
pub struct SqliteStore {
    path: PathBuf,
    pool: Arc<Pool>,
    writer: Writer,
    sealer: Sealer,
    signer: Arc<HeadSigner>,
    decoy: RwLock<Vec<u8>>,
    pass: Mutex<Pass>,
    // Held while a backup is made: one at a time.
    backing_up: Arc<tokio::sync::Mutex<()>>,
    decoys: Zeroizing<[u8; 32]>,
    sign_in: RwLock<Zeroizing<[u8; 32]>>,
    // Last, so that the database is closed before anybody else may open it.
    _lock: files::Lock,
}

impl SqliteStore {
    /// Opens a database, or makes it: takes its lock, ends what a restore has begun, brings it to the newest schema,
    /// looks at the end of its journal and whether it is the one that was here before, and starts the writer.
    ///
    /// # Errors
    /// [`StoreError`] says why the database cannot be used.
    pub fn open(options: &SqliteOptions, keyring: Arc<Keyring>) -> Result<Self, StoreError> {
        // Wherever in the file it is that something is met which is none of SQLite's.
        Self::open_sound(options, keyring).map_err(|error| error.damaged(&options.path))
    }

    fn open_sound(options: &SqliteOptions, keyring: Arc<Keyring>) -> Result<Self, StoreError> {
        let path = &options.path;
        let lock = files::lock_database(path)?;
        swap::finish(path, options.anchor.as_deref())?;
        let anchor = options.anchor.as_deref().map(Anchor::read).transpose()?.flatten();
        rollback::refuse_gone(path, anchor.as_ref())?;
        files::prepare(path)?;
        let sealer = Sealer::new(keyring);
        let mut connection = open_newest(options, &sealer)?;
        let transaction = connection.transaction()?;
        data_keys::load(&transaction, &sealer)?;
        let secrets = secrets::load(&transaction, &sealer)?;
        let signer = Arc::new(HeadSigner::new(&secrets.journal));
        if secrets.fresh {
            journal::write_head(&transaction, &signer, &Head::EMPTY)?;
        }
        transaction.commit()?;
        let tail = journal::tail(&connection, &signer.public_key())?;
        if let Some(anchor) = &anchor {
            rollback::refuse_earlier(&connection, path, &tail.last, &signer.public_key(), &anchor.head)?;
        }
        let mut desk = Desk {
            connection,
            sealer: sealer.clone(),
            subjects: secrets.subjects,
            head: tail.last,
            swept_at: Timestamp::default(),
            signer: Arc::clone(&signer),
            observer: options.observer.clone(),
        };
        if let Some((seq, why)) = tail.broken {
            if options.on_broken_journal == OnBrokenJournal::Refuse {
                return Err(StoreError::JournalBroken { seq, why });
            }
            desk.head.seq = tail.highest;
            desk.note_broken_journal(seq, why)?;
        }
        if let Some(pages) = options.max_pages {
            desk.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        let store = Self {
            path: path.clone(),
            pool: Arc::new(Pool::new(path.clone(), sealer.clone())),
            writer: Writer::start(desk)?,
            sealer,
            signer,
            decoy: RwLock::default(),
            pass: Mutex::default(),
            backing_up: Arc::default(),
            decoys: secrets.decoys,
            sign_in: RwLock::new(secrets.sign_in),
            _lock: lock,
        };
        store.seal_decoy()?;
        Ok(store)
    }

    /// The Ed25519 key that heads of the journal verify with.
    #[must_use]
    pub fn journal_public_key(&self) -> [u8; 32] {
        self.signer.public_key()
    }

    /// A key that outlives restarts and is never in clear on the disk, for answers about accounts that do not
    /// exist.
    #[must_use]
    pub fn decoy_key(&self) -> [u8; 32] {
        *self.decoys
    }

    /// The seed of an Ed25519 key of its own, for the sign-ins that are handed to other logins. It outlives restarts
    /// and is never in clear on the disk.
    #[must_use]
    pub fn sign_in_key(&self) -> [u8; 32] {
        **self.sign_in.read()
    }

    /// Waits for what was handed over to be committed and closes the writer. Later changes are
    /// [`CommitError::Closed`](crate::CommitError::Closed); reads still work.
    pub fn close(&self) {
        // The last to close folds the write-ahead log in: then the one file is the whole database.
        self.pool.rest();
        self.writer.close();
    }

    /// Makes void, after a restore, what could be used again, and notes the restore.
    async fn void_replayable(
        &self,
        by: &By,
        back_to: Head,
        replaced: Head,
        cases_ended: u64,
    ) -> Result<Voided, StoreError> {
        let by = by.clone();
        let void =
            move |session: &mut Session<'_>| session.void_replayable(&by, &back_to, &replaced, cases_ended);
        self.writer.submit(void).await.map_err(StoreError::from_writer)
    }

    fn seal_decoy(&self) -> Result<(), StoreError> {
        let sealed = self.sealer.seal("accounts", accounts::DECOY, &accounts::decoy());
        *self.decoy.write() = sealed.map_err(|source| StoreError::Seal { table: "accounts", source })?;
        Ok(())
    }
}

impl Desk {
    fn note_broken_journal(&mut self, seq: u64, why: &'static str) -> Result<(), StoreError> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let transaction = self.connection.unchecked_transaction()?;
        let mut session = Session {
            connection: &transaction,
            sealer: &self.sealer,
            head: self.head,
            at: Timestamp::from_unix(now.map_or(0, |now| now.as_secs())),
            actor: "store".to_owned(),
            subjects: &self.subjects,
            signer: &self.signer,
        };
        let mut detail = serde_json::Map::new();
        detail.insert("entry".to_owned(), seq.into());
        detail.insert("why".to_owned(), why.into());
        let entry = Entry { kind: "journal.broken".to_owned(), case: None, account: None, detail };
        session.append(&entry).map_err(|_| StoreError::JournalBroken { seq, why })?;
        let head = session.head;
        journal::write_head(&transaction, &self.signer, &head)?;
        transaction.commit()?;
        self.head = head;
        Ok(())
    }
}

/// Opens the database and brings it to the newest schema.
fn open_newest(options: &SqliteOptions, sealer: &Sealer) -> Result<Connection, StoreError> {
    let path = &options.path;
    // Before anything is written to it: it may be another's.
    let found = schema::version(&open_copy(path)?, path)?;
    let mut connection = open_for_writing(path)?;
    if options.keep_copies && (1..schema::KNOWN).contains(&found) {
        data_keys::load(&connection, sealer)?;
        upgrade::keep_copy(&connection, path, sealer, found)?;
    }
    schema::migrate(&mut connection, path)?;
    Ok(connection)
}

/// Opens a database that nobody else works with.
fn open_copy(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
    Ok(connection)
}

fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    let connection = open_copy(path)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is deleted is overwritten: a removed secret does not stay in a free page.
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", WAL_KEPT_BYTES, |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    pool::keep_plans(&connection)?;
    Ok(connection)
}
