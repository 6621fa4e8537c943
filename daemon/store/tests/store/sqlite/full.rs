//! A disk that is full, and then has room again.

use std::sync::Arc;

use readmit_store::{CaseRow, CommitError, SqliteOptions, SqliteStore, Store, Write};
use zeroize::Zeroizing;

use super::Bench;
use crate::kit::*;

fn bulky(index: usize) -> Write {
    let mut account = account(&format!("bulky{index}"));
    account.attributes.insert("note".to_owned(), "x".repeat(50_000));
    Write::InsertAccount(account)
}

#[test]
fn a_full_disk_is_said_and_room_makes_it_work_again() {
    run(async {
        let bench = Bench::new();
        let options = SqliteOptions { max_pages: Some(200), ..bench.options() };
        let store = SqliteStore::open(&options, Arc::clone(&bench.keyring)).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        commit(&store, [entry("before")]).await;
        let mut kept = 0;
        let full = loop {
            match attempt(&store, bulky(kept)).await {
                Ok(_) => kept += 1,
                result => break result,
            }
            assert!(kept < 200, "the disk never fills");
        };
        refused!(full, CommitError::Full);
        assert!(kept > 2);

        // Full for all that needs room, in a group too, and nothing of it is half there.
        let callers: Vec<_> = (0..16)
            .map(|index| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let body = Zeroizing::new(vec![7; 50_000]);
                    let row = CaseRow { body, ..case_row(&format!("c{index}"), "alice") };
                    store.commit(change(at(0), vec![entry("x"), Write::InsertCase(row)])).await
                })
            })
            .collect();
        for caller in callers {
            refused!(caller.await.unwrap(), CommitError::Full);
        }
        let counts = store.counts().await.unwrap();
        assert_eq!((counts.cases, counts.accounts, counts.journal), (0, kept as u64, 1));

        commit(&store, [Write::RemoveAccount(account_id("bulky0"))]).await;
        commit(&store, [Write::InsertAccount(account("small")), entry("after")]).await;
        assert_eq!(store.verify_journal().await.unwrap().broken, None);
        drop(store);
        assert_eq!(bench.open().counts().await.unwrap().accounts, kept as u64);
    });
}
