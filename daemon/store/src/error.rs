//! What can go wrong in a store.

use std::path::PathBuf;
use std::sync::Arc;

use readmit_recovery::time::Timestamp;
use thiserror::Error;

use crate::backup::BackupError;
use crate::keyring::KeyringError;
use crate::seal::SealError;

/// Why a change did not happen. None of it has.
#[derive(Clone, Debug, Error)]
pub enum CommitError {
    /// The case or delivery is no longer what the change was made from: read it again.
    #[error("it has changed meanwhile")]
    Stale,
    /// Something that works once was used already, has expired or never was.
    #[error("the {0} was used, has expired or never was")]
    Spent(What),
    /// A limit would be passed.
    #[error("the limit of {scope} is reached until {}", retry_at.unix())]
    RateLimited {
        /// Which limit.
        scope: &'static str,
        /// When the same charge would be taken, if nobody else is charged until then.
        retry_at: Timestamp,
    },
    /// What shall be new is there already.
    #[error("it exists already")]
    Exists,
    /// What shall be changed is not there.
    #[error("there is no such thing")]
    NotFound,
    /// The change or a part of it is larger than [`crate::limits`] allows.
    #[error("{0} is larger than the store takes")]
    TooLarge(&'static str),
    /// The disk is full. Changes work again once there is room.
    #[error("no room is left on the disk of the store")]
    Full,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The store failed.
    #[error("the store failed")]
    Backend(#[source] Arc<StoreError>),
}

/// Something that works once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A link's token.
    Token,
    /// A recovery code.
    RecoveryCode,
    /// An access pass.
    Pass,
    /// A time step of a device.
    TotpStep,
}

impl std::fmt::Display for What {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Token => "token",
            Self::RecoveryCode => "recovery code",
            Self::Pass => "access pass",
            Self::TotpStep => "one-time password",
        })
    }
}

/// Why a store cannot serve.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process, or another store of this one, has the database.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A newer program wrote the database.
    #[error("the database has schema {found}, and this program knows only up to {known}: run the newer program again, or go back with it stopped: {}", way_back(copy.as_deref()))]
    Newer {
        /// The schema of the database.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
        /// The copy from before a newer schema that this program can use.
        copy: Option<PathBuf>,
    },
    /// There is no room for a copy of the database.
    #[error("the disk has {} MiB free, and a copy of {} in its directory needs {} MiB: make room, then try again; nothing was changed", free >> 20, path.display(), needed.div_ceil(1 << 20))]
    NoRoom {
        /// The database.
        path: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The database cannot be read as one.
    #[error("{} is damaged, or no database: keep a copy of it, then put the newest backup back: readmit restore BACKUP", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The database is gone, or empty, and was not before.
    #[error("{} is gone or empty, but its journal had {known} entries: put the database back as it was, or a backup of it: readmit restore BACKUP", path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
        /// How many entries were known.
        known: u64,
    },
    /// The database was put back to an earlier state.
    #[error("{} was put back to an earlier state: its journal ends at entry {found}, and entry {known} was signed and exported before. Put the newest database back; if you mean to go back, do it with: readmit restore BACKUP --accept-rollback", path.display())]
    RolledBack {
        /// The database.
        path: PathBuf,
        /// Where its journal ends.
        found: u64,
        /// The last entry that was known.
        known: u64,
    },
    /// The database has another history than the one that is known.
    #[error("{} is not the database that was here before: {why} (entry {known}). Put the newest database back; if you mean to go on from a backup, put it back with: readmit restore BACKUP --accept-rollback", path.display())]
    OtherHistory {
        /// The database.
        path: PathBuf,
        /// How it shows.
        why: &'static str,
        /// The entry that was known.
        known: u64,
    },
    /// The anchor cannot be used.
    #[error("the anchor {} is unusable: {why}. Compare the journal with the heads in the system's journal (journalctl -t readmitd), then move the anchor away; the next start makes a new one", path.display())]
    Anchor {
        /// The anchor.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something that one does at a time is being done.
    #[error("{0} is under way already: wait for its end")]
    UnderWay(&'static str),
    /// Rows may still need an old key.
    #[error("not everything is sealed again yet, so no key can be forgotten")]
    KeysInUse,
    /// A backup cannot be made or used.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The file is a database, but none of ours.
    #[error("{} is a database of another program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Others could read or change the database.
    #[error(
        "{} has mode {mode:04o}, so that other users can reach it: run chmod {wanted:04o} on it, and keep the database in a directory of its own",
        path.display()
    )]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// The mode that it has.
        mode: u32,
        /// The mode that it should have.
        wanted: u32,
    },
    /// Somebody else owns the database.
    #[error("{} belongs to uid {owner}: run chown {wanted} on it", path.display())]
    Owner {
        /// The file or directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who should.
        wanted: u32,
    },
    /// A file or directory of the store cannot be used.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error("the database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A schema step failed; nothing of it was kept.
    #[error("cannot bring the database to schema {to}")]
    Migration {
        /// The schema that was being made.
        to: i64,
        /// Why it failed.
        #[source]
        source: rusqlite::Error,
    },
    /// Something cannot be sealed or unsealed.
    #[error("cannot read what is sealed in {table}")]
    Seal {
        /// Where.
        table: &'static str,
        /// Why.
        #[source]
        source: SealError,
    },
    /// The keyring cannot be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A row holds what no version of this program writes.
    #[error("a row of {table} cannot be understood: its {column} is malformed")]
    Malformed {
        /// Where.
        table: &'static str,
        /// Which column.
        column: &'static str,
    },
    /// The journal does not end where its signed head says.
    #[error("the journal has been tampered with, or the database restored in part: {why} at entry {seq}")]
    JournalBroken {
        /// The first entry that is wrong.
        seq: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// A thread of the store cannot be started.
    #[error("cannot start a thread of the store")]
    Thread(#[source] std::io::Error),
    /// A write died of a defect in the program; it was undone.
    #[error("a defect in the store stopped a change: {0}")]
    Defect(Box<str>),
    /// The writer failed.
    #[error("the writer of the store failed")]
    Writer(#[source] Arc<StoreError>),
    /// The disk is full.
    #[error("no room is left on the disk of the store")]
    Full,
    /// The file system takes nothing.
    #[error("{} takes no writes: mount it for writing again, or replace the disk; what was acknowledged is kept", directory.display())]
    Unwritable {
        /// The directory of the database.
        directory: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// A [`StoreError::File`] in the making.
    pub(crate) fn file(
        what: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> StoreError + use<> {
        let path = path.to_owned();
        move |source| Self::File { what, path, source }
    }

    /// A [`StoreError::Malformed`] for `map_err`.
    pub(crate) fn malformed<E>(table: &'static str, column: &'static str) -> impl Fn(E) -> StoreError {
        move |_| Self::Malformed { table, column }
    }

    /// What a change that the store itself makes failed of.
    pub(crate) fn from_writer(error: CommitError) -> Self {
        match error {
            CommitError::Backend(source) => Self::Writer(source),
            CommitError::Full => Self::Full,
            _ => Self::Closed,
        }
    }

    /// For `map_err`, where SQLite meets a file that it has not opened before.
    pub(crate) fn opening(path: &std::path::Path) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
        let path = path.to_owned();
        move |source| Self::Sqlite(source).damaged(&path)
    }

    /// The error, with what it means where SQLite has met a damaged file.
    pub(crate) fn damaged(self, path: &std::path::Path) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match self {
            Self::Sqlite(source) | Self::Migration { source, .. }
                if matches!(source.sqlite_error_code(), Some(NotADatabase | DatabaseCorrupt)) =>
            {
                Self::Damaged { path: path.to_owned(), source }
            }
            error => error,
        }
    }

    /// Whether a file could not be read or written.
    pub(crate) fn is_of_disk(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, ReadOnly, SystemIoFailure};
        let code = if let Self::Sqlite(error) = self { error.sqlite_error_code() } else { None };
        matches!(code, Some(CannotOpen | ReadOnly | SystemIoFailure))
    }

    /// Whether the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        let error = match self {
            Self::Full => return true,
            Self::Sqlite(error) => error,
            _ => return false,
        };
        error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
    }
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        if error.is_full() { Self::Full } else { Self::Backend(Arc::new(error)) }
    }
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

fn way_back(copy: Option<&std::path::Path>) -> String {
    match copy {
        Some(copy) => format!(
            "readmit restore {} --accept-rollback (the copy from before the newer schema)",
            copy.display()
        ),
        None => "readmit restore BACKUP --accept-rollback, with a backup from before it".to_owned(),
    }
}
