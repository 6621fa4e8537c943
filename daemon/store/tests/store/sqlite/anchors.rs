//! A database that is not the one that was here before.

use std::sync::Arc;

use readmit_store::{Keyring, SqliteStore, Store, StoreError};

use super::Bench;
use crate::kit::*;

fn as_store(store: &Arc<SqliteStore>) -> Arc<dyn Store> {
    Arc::clone(store) as Arc<dyn Store>
}

async fn with_entries(count: usize) -> (Bench, Arc<SqliteStore>) {
    let bench = Bench::new();
    let store = bench.try_open_anchored().unwrap();
    for _ in 0..count {
        commit(&as_store(&store), [entry("x")]).await;
    }
    (bench, store)
}

#[test]
fn a_database_that_goes_on_from_its_anchor_is_opened() {
    run(async {
        let (bench, store) = with_entries(3).await;
        bench.export(&store).await;
        commit(&as_store(&store), [entry("x")]).await;
        drop(store);
        bench.try_open_anchored().unwrap();
    });
}

#[test]
fn an_earlier_state_is_refused_with_the_way_on() {
    run(async {
        let (bench, store) = with_entries(3).await;
        drop(store);
        let earlier = std::fs::read(bench.path()).unwrap();
        let store = bench.try_open_anchored().unwrap();
        commit(&as_store(&store), [entry("x"), entry("y")]).await;
        bench.export(&store).await;
        drop(store);
        std::fs::write(bench.path(), earlier).unwrap();
        let refused = bench.try_open_anchored().map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::RolledBack { found: 3, known: 5, .. }), "{refused}");
        assert!(refused.to_string().contains("readmit restore"), "{refused}");
        // It tells another story from there on, and is as long.
        let store = SqliteStore::open(&bench.options(), Arc::clone(&bench.keyring)).unwrap();
        commit(&(Arc::new(store) as Arc<dyn Store>), [entry("a"), entry("b"), entry("c")]).await;
        let refused = bench.try_open_anchored().map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::OtherHistory { known: 5, .. }), "{refused}");
    });
}

/// Cut off while the store runs, so that the rest fits its head: only a head from before knows.
#[test]
fn a_store_that_runs_says_whether_it_leads_to_a_head_from_before() {
    run(async {
        let (bench, store) = with_entries(3).await;
        let before = store.head().await.unwrap();
        commit(&as_store(&store), [entry("x")]).await;
        let known = store.head().await.unwrap();
        for head in [&before, &known] {
            store.leads_to(head).await.unwrap();
        }
        let cut = |sql: &str| {
            bench.raw().execute_batch(&format!("DROP TRIGGER IF EXISTS journal_is_not_cut; {sql}"))
        };
        cut("DELETE FROM journal WHERE seq = 4").unwrap();
        refused!(store.leads_to(&before).await, StoreError::JournalBroken { seq: 4, .. });
        bench
            .raw()
            .execute(
                "UPDATE journal_head SET seq = 3, hash = ?1, signature = ?2",
                (before.head.hash, before.signature),
            )
            .unwrap();
        store.leads_to(&before).await.unwrap();
        refused!(store.leads_to(&known).await, StoreError::RolledBack { found: 3, known: 4, .. });
    });
}

#[test]
fn another_database_is_refused() {
    run(async {
        let (bench, store) = with_entries(2).await;
        bench.export(&store).await;
        drop(store);
        let (other, store) = with_entries(5).await;
        drop(store);
        std::fs::copy(other.path(), bench.path()).unwrap();
        let keyring = Arc::clone(&other.keyring);
        let refused = SqliteStore::open(&bench.anchored(), keyring).map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::OtherHistory { .. }), "{refused}");
        assert!(refused.to_string().contains("another key"), "{refused}");
    });
}

#[test]
fn a_database_that_is_gone_or_empty_is_not_made_anew() {
    run(async {
        let (bench, store) = with_entries(2).await;
        bench.export(&store).await;
        drop(store);
        std::fs::write(bench.path(), "").unwrap();
        for _ in ["empty", "gone"] {
            let refused = bench.try_open_anchored().map(drop).unwrap_err();
            assert!(matches!(refused, StoreError::Gone { known: 2, .. }), "{refused}");
            let _ = std::fs::remove_file(bench.path());
        }
        assert!(!bench.path().exists(), "nothing was made in its place");
    });
}

#[test]
fn an_anchor_that_was_changed_is_refused() {
    run(async {
        let (bench, store) = with_entries(2).await;
        bench.export(&store).await;
        drop(store);
        let text = std::fs::read_to_string(bench.anchor()).unwrap();
        let changed = [
            text.replace("\"seq\":2", "\"seq\":1"),
            text.replace("\"readmit_anchor\":1", "\"readmit_anchor\":2"),
            text[..40].to_owned(),
            String::new(),
        ];
        for text in changed {
            std::fs::write(bench.anchor(), &text).unwrap();
            let refused = bench.try_open_anchored().map(drop).unwrap_err();
            assert!(matches!(refused, StoreError::Anchor { .. }), "{text}: {refused}");
        }
    });
}

#[test]
fn a_wrong_key_is_said_and_changes_nothing() {
    run(async {
        let (bench, store) = with_entries(2).await;
        bench.export(&store).await;
        drop(store);
        let before = std::fs::read(bench.path()).unwrap();
        let wrong = Arc::new(Keyring::ephemeral([9; 32]));
        let refused = SqliteStore::open(&bench.anchored(), wrong).map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::Seal { .. }), "{refused}");
        bench.try_open_anchored().unwrap();
        assert_eq!(std::fs::read(bench.path()).unwrap().len(), before.len());
    });
}
