//! The SQLite backend: the conformance suite, and what is on the disk.

mod crash;
mod files;
mod full;
mod rotation;
mod sealed;
mod sweeping;
mod tampering;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use readmit_store::{Keyring, SqliteOptions, SqliteStore, Store, StoreError};
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
