//! The store on SQLite, for one host: write-ahead log, every commit synced, one writer, many readers.

mod accounts;
mod activation;
mod cases;
mod column;
mod decisions;
mod devices;
mod figures;
mod files;
mod journal;
mod outbox;
mod pool;
mod quotas;
mod reseal;
mod schema;
mod secrets;
mod session;
mod shadow;
mod spends;
mod sweep;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use readmit_recovery::account::Account;
use readmit_recovery::id::{AccountId, CaseHandle, CaseId, DeviceId, PolicyVersion};
use readmit_recovery::secret::{Secret, SecretHash};
use readmit_recovery::time::Timestamp;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::account::{AccountFilter, AccountRecord, DeviceRecord};
use crate::activation::{Activation, PendingPolicy};
use crate::case::{CaseFilter, CaseRow, StoredCase};
use crate::change::{Change, Committed};
use crate::decision::{PolicyRow, StoredDecision};
use crate::error::{CommitError, StoreError};
use crate::figures::Figures;
use crate::journal::{Entry, Head, HeadSigner, JournalReport, JournalRow};
use crate::keyring::Keyring;
use crate::limits::{BUSY_WAIT, CHECKPOINT_PAGES, STATEMENTS, WAL_KEPT_BYTES, WRITER_CACHE_KIB};
use crate::observer::Observed;
use crate::outbox::Delivery;
use crate::seal::Sealer;
use crate::shadow::{ShadowRow, StoredDifference};
use crate::store::{Counts, Page, Reply, Resealed, Store};
use crate::token::TokenRow;

use self::pool::{Pool, Reader};
use self::reseal::Cursor;
use self::session::Session;
use self::writer::{Desk, Writer};

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
pub struct SqliteStore {
    pool: Arc<Pool>,
    writer: Writer,
    sealer: Sealer,
    decoy: RwLock<Vec<u8>>,
    cursor: Mutex<Cursor>,
    public_key: [u8; 32],
    decoys: Zeroizing<[u8; 32]>,
    sign_in: Zeroizing<[u8; 32]>,
    // Last, so that the database is closed before anybody else may open it.
    _lock: files::Lock,
}

impl SqliteStore {
    /// Opens a database, or makes it: takes its lock, brings it to the newest schema, looks at the end of its
    /// journal, and starts the writer.
    ///
    /// # Errors
    /// [`StoreError`] says why the database cannot be used.
    pub fn open(options: &SqliteOptions, keyring: Arc<Keyring>) -> Result<Self, StoreError> {
        let lock = files::prepare(&options.path)?;
        let mut connection = open_for_writing(&options.path)?;
        schema::migrate(&mut connection, &options.path)?;
        let sealer = Sealer::new(keyring);
        let transaction = connection.transaction()?;
        let secrets = secrets::load(&transaction, &sealer)?;
        let signer = HeadSigner::new(&secrets.journal);
        if secrets.fresh {
            journal::write_head(&transaction, &signer, &Head::EMPTY)?;
        }
        transaction.commit()?;
        let tail = journal::tail(&connection, &signer.public_key())?;
        let (decoys, sign_in) = (secrets.decoys, secrets.sign_in);
        let mut desk = Desk {
            connection,
            sealer: sealer.clone(),
            subjects: secrets.subjects,
            head: tail.last,
            swept_at: Timestamp::default(),
            signer,
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
        let public_key = desk.signer.public_key();
        let store = Self {
            pool: Arc::new(Pool::new(options.path.clone(), sealer.clone())),
            writer: Writer::start(desk)?,
            sealer,
            decoy: RwLock::default(),
            cursor: Mutex::default(),
            public_key,
            decoys,
            sign_in,
            _lock: lock,
        };
        store.seal_decoy()?;
        Ok(store)
    }

    /// The Ed25519 key that heads of the journal verify with.
    #[must_use]
    pub const fn journal_public_key(&self) -> [u8; 32] {
        self.public_key
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
        *self.sign_in
    }

    /// Waits for what was handed over to be committed and closes the writer. Later changes are
    /// [`CommitError::Closed`]; reads still work.
    pub fn close(&self) {
        self.writer.close();
    }

    fn seal_decoy(&self) -> Result<(), StoreError> {
        let sealed = self.sealer.seal("accounts", accounts::DECOY, &accounts::decoy());
        *self.decoy.write() = sealed.map_err(|source| StoreError::Seal { table: "accounts", source })?;
        Ok(())
    }

    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'a,
    ) -> Reply<'a, T> {
        Box::pin(async move { self.pool.read(read) })
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

fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
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
        let (pool, public_key) = (Arc::clone(&self.pool), self.public_key);
        Box::pin(async move {
            // The one read that may take seconds: it must not hold up whoever runs on this thread.
            let (reply, answer) = oneshot::channel();
            std::thread::Builder::new()
                .name("store-verify".to_owned())
                .spawn(move || drop(reply.send(pool.read(|reader| reader.verify_journal(&public_key)))))
                .map_err(StoreError::Thread)?;
            answer.await.unwrap_or(Err(StoreError::Closed))
        })
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

    fn reseal(&self, batch: u32) -> Reply<'_, Resealed> {
        Box::pin(async move {
            let from = *self.cursor.lock();
            let result = self.writer.submit(move |session| session.reseal(from, batch)).await;
            let (cursor, resealed) = result.map_err(|error| match error {
                CommitError::Backend(source) => StoreError::Writer(source),
                _ => StoreError::Closed,
            })?;
            *self.cursor.lock() = cursor;
            if resealed.finished {
                self.seal_decoy()?;
            }
            Ok(resealed)
        })
    }
}
