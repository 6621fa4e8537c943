//! Backups: whole, or refused.

use std::sync::Arc;

use readmit_store::{Backup, Store, StoreError, Write, check_backup};

use super::Bench;
use crate::kit::*;

#[test]
fn a_backup_says_what_is_in_it_and_is_whole() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        commit(&as_store, [Write::InsertAccount(account("alice")), entry("x"), entry("y")]).await;
        let path = bench.back_up(&store, ".backup").await;
        let backup = Backup::open(&path).unwrap();
        let report = check_backup(&backup).unwrap();
        assert_eq!((report.rows, report.head), (2, store.head().await.unwrap().head));
        assert_eq!(backup.manifest.head(), store.head().await.unwrap());
        assert!(!bench.beside(".copy").exists(), "the copy that it was made from is gone");
        let bytes = std::fs::read(&path).unwrap();
        let key = std::fs::read(bench.path().with_file_name("keyring")).unwrap();
        let secret = key.rsplit(|byte| *byte == b' ').next().unwrap();
        for hidden in [b"alice.private".as_slice(), b"14155550123", &secret[..40]] {
            assert!(!bytes.windows(hidden.len()).any(|window| window == hidden), "in clear");
        }
    });
}

#[test]
fn what_is_cut_off_or_changed_is_refused() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        commit(&as_store, [Write::InsertAccount(account("alice")), entry("x")]).await;
        let path = bench.back_up(&store, ".backup").await;
        let whole = std::fs::read(&path).unwrap();
        let length = whole.len();
        let refused = |bytes: &[u8], what: &str| {
            std::fs::write(&path, bytes).unwrap();
            let error = Backup::open(&path).map(drop).unwrap_err();
            assert!(error.to_string().contains("use another one"), "{what}: {error}");
        };
        for kept in [0, 1, 15, 16, 20, 100, 4096, length / 2, length - 600, length - 20, length - 1] {
            refused(&whole[..kept], &format!("cut at {kept}"));
        }
        // Somewhere in the database, in the manifest, its signature, its length and the mark.
        let at = [
            0,
            17,
            4096,
            length / 2,
            length - 700,
            length - 300,
            length - 60,
            length - 20,
            length - 17,
            length - 1,
        ];
        for at in at {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            refused(&changed, &format!("byte {at}"));
        }
        refused(&[whole.as_slice(), b"more"].concat(), "more behind it");
        let mut doubled = whole[..4096].to_vec();
        doubled.extend_from_slice(&whole);
        refused(&doubled, "put together");
        std::fs::write(&path, &whole).unwrap();
        Backup::open(&path).unwrap();
    });
}

/// Everybody goes on while a backup is made, and it is as of one moment.
#[test]
fn commits_go_on_during_a_backup() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        // Enough that copying it takes many commits' time.
        let bulky = |index: usize| {
            let mut account = account(&format!("bulky{index}"));
            account.attributes.insert("note".to_owned(), "x".repeat(500_000));
            Write::InsertAccount(account)
        };
        for index in 0..40 {
            commit(&as_store, [bulky(index), entry("before")]).await;
        }
        let path = bench.beside(".backup");
        let backup = tokio::spawn({
            let (store, file) = (store.clone(), std::fs::File::create_new(&path).unwrap());
            async move { store.back_up(file, at(0)).await }
        });
        let mut committed = 0;
        while !backup.is_finished() {
            // Each is two entries: never one of them alone is in the backup.
            commit(&as_store, [entry("meanwhile"), entry("meanwhile")]).await;
            committed += 1;
        }
        let manifest = backup.await.unwrap().unwrap();
        assert!(committed > 5, "only {committed} commits went on during the backup");
        assert!(manifest.seq >= 40 && manifest.seq % 2 == 0, "as of one moment: {}", manifest.seq);
        assert!(manifest.seq < store.head().await.unwrap().head.seq);
        assert_eq!(check_backup(&Backup::open(&path).unwrap()).unwrap().rows, manifest.seq);
    });
}

#[test]
fn one_backup_is_made_at_a_time() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let mut account = account("bulky");
        account.attributes.insert("note".to_owned(), "x".repeat(900_000));
        let as_store: Arc<dyn Store> = store.clone();
        commit(&as_store, [Write::InsertAccount(account)]).await;
        let file = |name| std::fs::File::create_new(bench.beside(name)).unwrap();
        let mut first = store.back_up(file(".one"), at(0));
        // Polled once, it is under way.
        let begun =
            std::future::poll_fn(|context| std::task::Poll::Ready(first.as_mut().poll(context).is_pending()));
        assert!(begun.await);
        refused!(store.back_up(file(".two"), at(0)).await, StoreError::UnderWay(_));
        first.await.unwrap();
        store.back_up(file(".three"), at(0)).await.unwrap();
    });
}
