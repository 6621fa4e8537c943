//! The files: whose they are, who has them, how old they are.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use readmit_store::{Keyring, SqliteOptions, SqliteStore, StoreError};

use super::Bench;
use crate::kit::*;

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn what_the_store_makes_is_its_users_alone() {
    run(async {
        let bench = Bench::new();
        let path = bench.path().with_file_name("new").join("readmit.db");
        let store = SqliteStore::open(&SqliteOptions::new(&path), Arc::clone(&bench.keyring)).unwrap();
        let store: Arc<dyn readmit_store::Store> = Arc::new(store);
        commit(&store, [entry("x")]).await;
        assert_eq!(path.parent().unwrap().metadata().unwrap().mode() & 0o7777, 0o700);
        let files: Vec<_> = path.parent().unwrap().read_dir().unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 4);
        for file in files {
            assert_eq!(file.metadata().unwrap().mode() & 0o7777, 0o600, "{file:?}");
        }
    });
}

#[test]
fn a_database_that_others_reach_is_refused_with_the_mend() {
    let bench = Bench::new();
    drop(bench.open());
    let directory = bench.path().parent().unwrap().to_owned();
    for (path, mode, good) in [(bench.path(), 0o640, 0o600), (directory, 0o755, 0o700)] {
        set_mode(&path, mode);
        let refused = bench.try_open().map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains(&format!("chmod {good:04o}")), "{refused}");
        set_mode(&path, good);
        drop(bench.open());
    }
}

#[test]
fn a_database_is_opened_once() {
    let bench = Bench::new();
    let store = bench.open();
    let path = bench.path();
    refused!(bench.try_open().map(|_| ()), StoreError::InUse { path: found } if *found == path);
    drop(store);
    drop(bench.open());
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let bench = Bench::new();
    drop(bench.open());
    bench.raw().pragma_update(None, "user_version", 99).unwrap();
    let refused = bench.try_open().map(|_| ()).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 99, .. }), "{refused}");
    assert!(refused.to_string().contains("run the newer program"), "{refused}");
    let version: i64 = bench.raw().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let bench = Bench::new();
    bench.raw().execute_batch("CREATE TABLE notes (text)").unwrap();
    set_mode(&bench.path(), 0o600);
    refused!(bench.try_open().map(|_| ()), StoreError::Foreign { .. });
    let bench = Bench::new();
    std::fs::write(bench.path(), "this is no database at all, but a text of some length").unwrap();
    set_mode(&bench.path(), 0o600);
    refused!(bench.try_open().map(|_| ()), StoreError::Damaged { .. });
}

/// The database as the first schema left it, sealed with a key of sevens.
const FIRST_SCHEMA: &str = include_str!("../../fixtures/schema-1.sql");

#[test]
fn a_database_of_the_first_schema_is_brought_up_to_date() {
    run(async {
        let bench = Bench::new();
        bench.raw().execute_batch(FIRST_SCHEMA).unwrap();
        set_mode(&bench.path(), 0o600);
        let keyring = Arc::new(Keyring::ephemeral([7; 32]));
        let store = SqliteStore::open(&bench.options(), keyring).unwrap();
        let store: Arc<dyn readmit_store::Store> = Arc::new(store);
        let record = store.account(&account_id("alice"), at(0)).await.unwrap().unwrap();
        assert_eq!(record.account, account("alice"));
        assert_eq!(record.password.unwrap().expose(), "$argon2id$v=19$m=19456$hash");
        assert_eq!(record.devices[0].device, device("d", "alice"));
        let secret = store.device_secret(&device_id("d")).await.unwrap().unwrap();
        assert_eq!(secret.expose(), "JBSWY3DPEHPK3PXPd");
        commit(&store, [readmit_store::Write::InsertCase(case_row("c", "alice")), entry("x")]).await;
        assert_eq!(store.verify_journal().await.unwrap().broken, None);
    });
}
