//! The SQLite backend: the conformance suite, and what is on the disk.

mod anchors;
mod backups;
mod crash;
mod files;
mod full;
mod keys;
mod restoring;
mod retention;
mod rotation;
mod sealed;
mod sweeping;
mod tampering;
mod upgrades;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use readmit_store::{Anchor, Keyring, SqliteOptions, SqliteStore, Store, StoreError};
use tempfile::TempDir;

use crate::kit::{Make, run};
use crate::suite;

/// A database in a directory of its own, and the keys to it.
pub struct Bench {
    directory: TempDir,
    pub keyring: Arc<Keyring>,
}

impl Bench {
    pub fn new() -> Self {
        let private = PermissionsExt::from_mode(0o700);
        let directory = tempfile::Builder::new().permissions(private).tempdir().unwrap();
        let keyring = Arc::new(Keyring::create(directory.path()).unwrap());
        Self { directory, keyring }
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("readmit.db")
    }

    pub fn options(&self) -> SqliteOptions {
        SqliteOptions::new(self.path())
    }

    /// As the daemon opens it: compared with its anchor.
    pub fn anchored(&self) -> SqliteOptions {
        SqliteOptions { anchor: Some(self.anchor()), ..self.options() }
    }

    pub fn anchor(&self) -> PathBuf {
        self.beside(".anchor")
    }

    /// A file beside the database.
    pub fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.path().into_os_string();
        path.push(suffix);
        path.into()
    }

    pub fn try_open_anchored(&self) -> Result<Arc<SqliteStore>, StoreError> {
        SqliteStore::open(&self.anchored(), Arc::clone(&self.keyring)).map(Arc::new)
    }

    /// Exports the head as the daemon does.
    pub async fn export(&self, store: &SqliteStore) -> Anchor {
        let anchor = Anchor { head: store.head().await.unwrap(), at: crate::kit::at(0) };
        anchor.write(&self.anchor()).unwrap();
        anchor
    }

    /// A backup beside the database.
    pub async fn back_up(&self, store: &SqliteStore, name: &str) -> PathBuf {
        let path = self.beside(name);
        store.back_up(std::fs::File::create_new(&path).unwrap(), crate::kit::at(0)).await.unwrap();
        path
    }

    pub fn try_open(&self) -> Result<Arc<dyn Store>, StoreError> {
        let store = SqliteStore::open(&self.options(), Arc::clone(&self.keyring))?;
        Ok(Arc::new(store))
    }

    pub fn open(&self) -> Arc<dyn Store> {
        self.try_open().unwrap()
    }

    /// The database as somebody with the disk in hand sees it.
    pub fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// Every byte of the database's files.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.path().into_os_string();
            path.push(suffix);
            bytes.extend(std::fs::read(path).unwrap_or_default());
        }
        bytes
    }
}

macro_rules! on_sqlite {
    ($($module:ident :: $case:ident,)*) => {
        mod conformance {
            use super::*;

            $(
                #[test]
                fn $case() {
                    let bench = Bench::new();
                    let make: Make = Box::new(move || bench.open());
                    run(suite::$module::$case(make));
                }
            )*
        }
    };
}

for_every_case!(on_sqlite);
