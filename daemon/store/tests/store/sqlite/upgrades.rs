//! A new schema, and the way back.

use std::sync::Arc;

use readmit_store::limits::SCHEMA_COPIES;
use readmit_store::{Backup, Keyring, SqliteStore, StoreError, check_backup};

use super::Bench;
use crate::kit::*;

/// The database as the first schema left it, sealed with a key of sevens.
const FIRST_SCHEMA: &str = include_str!("../../fixtures/schema-1.sql");

fn of_first_schema() -> Bench {
    let bench = Bench::new();
    bench.raw().execute_batch(FIRST_SCHEMA).unwrap();
    std::fs::set_permissions(bench.path(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    bench
}

fn sevens() -> Arc<Keyring> {
    Arc::new(Keyring::ephemeral([7; 32]))
}

#[test]
fn a_copy_is_kept_from_before_a_new_schema() {
    run(async {
        let bench = of_first_schema();
        for (schema, _) in [(8, ()), (9, ())] {
            std::fs::write(bench.beside(&format!(".schema-{schema}.bak")), "a later one").unwrap();
        }
        drop(SqliteStore::open(&bench.options(), sevens()).unwrap());
        // Of the first schema, before the journal: whole, but no backup that is put back by itself.
        let copy = bench.beside(".schema-1.bak");
        assert!(
            !copy.exists(),
            "of {SCHEMA_COPIES} that stay, it is not one: those of later schemas are newer"
        );
        let bench = of_first_schema();
        drop(SqliteStore::open(&bench.options(), sevens()).unwrap());
        let backup = Backup::open(&bench.beside(".schema-1.bak")).unwrap();
        assert_eq!((backup.manifest.schema, backup.manifest.seq), (1, 0));
        assert!(check_backup(&backup).is_err());
        assert!(!bench.beside(".schema-1.bak.part").exists() && !bench.beside(".copy").exists());
    });
}

#[test]
fn nothing_is_copied_where_nothing_is_to_be_changed() {
    let bench = Bench::new();
    drop(bench.open());
    drop(bench.open());
    let names = bench.path().parent().unwrap().read_dir().unwrap();
    let names: Vec<_> = names.map(|file| file.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains(".bak")), "{names:?}");
}

/// The seventh schema, made of the newest.
const TO_SEVENTH_SCHEMA: &str = include_str!("../../fixtures/to-schema-7.sql");

fn to_seventh_schema(bench: &Bench) {
    bench.raw().execute_batch(TO_SEVENTH_SCHEMA).unwrap();
}

#[test]
fn a_downgrade_is_refused_and_names_the_copy() {
    run(async {
        let bench = Bench::new();
        commit(&bench.open(), [entry("x")]).await;
        to_seventh_schema(&bench);
        drop(bench.open());
        let copy = bench.beside(".schema-7.bak");
        let backup = Backup::open(&copy).unwrap();
        assert_eq!((backup.manifest.schema, check_backup(&backup).unwrap().rows), (7, 1));
        bench.raw().pragma_update(None, "user_version", 99).unwrap();
        let refused = bench.try_open().map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 99, .. }), "{refused}");
        let way = format!("readmit restore {}", copy.display());
        assert!(refused.to_string().contains(&way), "{refused}");
    });
}

/// Killed on any line of it, there is the old schema or the new: what a copy leaves half is made again.
#[test]
fn a_copy_that_was_cut_off_is_made_again() {
    run(async {
        let bench = Bench::new();
        commit(&bench.open(), [entry("x")]).await;
        to_seventh_schema(&bench);
        std::fs::write(bench.beside(".schema-7.bak.part"), "half").unwrap();
        std::fs::write(bench.beside(".copy"), "half").unwrap();
        let store = bench.open();
        assert_eq!(store.verify_journal().await.unwrap().rows, 1);
        Backup::open(&bench.beside(".schema-7.bak")).unwrap();
    });
}
