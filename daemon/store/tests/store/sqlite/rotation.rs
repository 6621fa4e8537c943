//! A new key, while everything runs.

use std::sync::Arc;

use readmit_recovery::secret::Secret;
use readmit_store::{DecisionRow, DifferenceRow, KeyId, ShadowTally, SqliteStore, Store, Write};

use super::Bench;
use crate::kit::*;

/// How many blobs of each sealed column are not sealed with this key.
fn sealed_otherwise(bench: &Bench, key: KeyId) -> Vec<(&'static str, i64)> {
    let raw = bench.raw();
    [
        ("accounts", "body"),
        ("accounts", "password"),
        ("devices", "secret"),
        ("cases", "body"),
        ("outbox", "payload"),
        ("decisions", "body"),
        ("differences", "body"),
        ("secrets", "sealed"),
    ]
    .into_iter()
    .map(|(table, column)| {
        let sql = format!("SELECT count(*) FROM {table} WHERE substr({column}, 1, 4) <> ?1");
        (table, raw.query_row(&sql, [key.0.to_be_bytes()], |row| row.get(0)).unwrap())
    })
    .filter(|(_, count)| *count > 0)
    .collect()
}

fn some_of_everything(index: usize) -> Vec<Write> {
    let name = format!("user{index}");
    let shadow = version("v2");
    let start = Write::StartShadow { version: shadow.clone(), files: std::collections::BTreeMap::new() };
    let difference = DifferenceRow {
        at: at(0),
        case: case_id("c").handle(),
        version: version("v1"),
        hook: "open".to_owned(),
        change: "weaker".to_owned(),
        input: "{}".to_owned(),
        verdict: "{}".to_owned(),
        shadow: "{}".to_owned(),
    };
    let tally = ShadowTally::default();
    // The first one starts the shadow; starting it again would forget what it differed in.
    let start = (index == 0).then_some(start);
    start
        .into_iter()
        .chain(vec![
            Write::CountShadow { version: shadow, tally, differences: vec![difference] },
            Write::InsertAccount(account(&name)),
            Write::SetPassword { account: account_id(&name), hash: Secret::new("$argon2id$") },
            add_device(&format!("d{index}"), &name),
            Write::InsertCase(case_row(&format!("c{index}"), &name)),
            Write::Enqueue(item(&format!("m{index}"))),
            Write::Decision(DecisionRow {
                at: at(0),
                case: case_id("c").handle(),
                version: version("v1"),
                hook: "open".to_owned(),
                input: "{}".to_owned(),
                verdict: "{}".to_owned(),
                micros: 1,
            }),
        ])
        .collect()
}

#[test]
fn after_a_rotation_every_row_comes_under_the_new_key_and_stays_readable() {
    run(async {
        let bench = Bench::new();
        let store = bench.open();
        for index in 0..10 {
            commit(&store, some_of_everything(index)).await;
        }
        let old = bench.keyring.current();
        let new = bench.keyring.rotate().unwrap();
        commit(&store, some_of_everything(10)).await;
        // Seven columns of ten rows, and the four keys of the database.
        assert_eq!(sealed_otherwise(&bench, new).iter().map(|(_, count)| count).sum::<i64>(), 74);

        let (mut rows, mut calls) = (0, 0);
        loop {
            let resealed = store.reseal(7).await.unwrap();
            assert!(resealed.rows <= 7 + 4, "{resealed:?}");
            (rows, calls) = (rows + resealed.rows, calls + 1);
            if resealed.finished {
                break;
            }
            // Life goes on between the batches.
            commit(&store, [entry("meanwhile")]).await;
        }
        assert!(calls >= 9, "{calls}");
        assert_eq!((rows, sealed_otherwise(&bench, new)), (74, vec![]));
        assert_eq!(store.reseal(1000).await.unwrap().rows, 0);

        bench.keyring.forget(old).unwrap();
        let mut store = Some(store);
        for _ in ["as it runs", "after a restart"] {
            let store = store.take().unwrap_or_else(|| bench.open());
            let record = store.account(&account_id("user3"), at(0)).await.unwrap().unwrap();
            assert_eq!(record.account, account("user3"));
            assert!(store.account(&account_id("nobody"), at(0)).await.unwrap().is_none());
            let secret = store.device_secret(&device_id("d3")).await.unwrap().unwrap();
            assert_eq!(secret.expose(), "JBSWY3DPEHPK3PXPd3");
            assert_eq!(store.case(&case_id("c3")).await.unwrap().unwrap().row, case_row("c3", "user3"));
            assert_eq!(store.due_deliveries(at(0), 99).await.unwrap().len(), 11);
            assert_eq!(store.decisions(at(0), 0, 99).await.unwrap().len(), 11);
            assert_eq!(store.differences(at(0), 0, 99).await.unwrap().len(), 11);
            assert_eq!(store.verify_journal().await.unwrap().broken, None);
        }
    });
}

#[test]
fn changes_during_a_resealing_are_not_lost() {
    run(async {
        let bench = Bench::new();
        let store = bench.open();
        for index in 0..20 {
            commit(&store, [Write::InsertCase(case_row(&format!("c{index}"), "alice"))]).await;
        }
        bench.keyring.rotate().unwrap();
        let writers: Vec<_> = (0..20)
            .map(|index| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    for revision in 1..=10 {
                        let row = case_row(&format!("c{index}"), "alice");
                        commit(&store, [Write::UpdateCase { row, revision }]).await;
                    }
                })
            })
            .collect();
        while !store.reseal(3).await.unwrap().finished {}
        for writer in writers {
            writer.await.unwrap();
        }
        for index in 0..20 {
            let stored = store.case(&case_id(&format!("c{index}"))).await.unwrap().unwrap();
            assert_eq!(stored.revision, 11);
        }
        assert_eq!(sealed_otherwise(&bench, bench.keyring.current()), vec![]);
    });
}

#[test]
fn a_closed_store_takes_no_more_changes_and_still_reads() {
    run(async {
        let bench = Bench::new();
        let store = SqliteStore::open(&bench.options(), Arc::clone(&bench.keyring)).unwrap();
        let change = || change(at(0), vec![entry("x")]);
        store.commit(change()).await.unwrap();
        store.close();
        refused!(store.commit(change()).await, readmit_store::CommitError::Closed);
        refused!(store.reseal(1).await, readmit_store::StoreError::Closed);
        assert_eq!(store.counts().await.unwrap().journal, 1);
    });
}
