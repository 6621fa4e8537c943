//! A journal that somebody with the disk in hand has changed.

use std::sync::Arc;

use readmit_recovery::time::Timestamp;
use readmit_store::{JournalReport, OnBrokenJournal, SqliteStore, Store, StoreError};

use super::Bench;
use crate::kit::*;

/// Ten entries, then `sql` by somebody else.
async fn tampered(sql: &str) -> Bench {
    let bench = Bench::new();
    let store = bench.open();
    for _ in 0..10 {
        commit(&store, [entry("case.opened")]).await;
    }
    drop(store);
    let raw = bench.raw();
    raw.execute_batch("DROP TRIGGER journal_is_not_changed; DROP TRIGGER journal_is_not_cut;").unwrap();
    raw.execute_batch(sql).unwrap();
    bench
}

async fn report(bench: &Bench) -> JournalReport {
    bench.open().verify_journal().await.unwrap()
}

fn opened(bench: &Bench, on_broken_journal: OnBrokenJournal) -> Result<SqliteStore, StoreError> {
    let options = readmit_store::SqliteOptions { on_broken_journal, ..bench.options() };
    SqliteStore::open(&options, Arc::clone(&bench.keyring))
}

#[test]
fn a_changed_removed_or_reordered_entry_is_named() {
    run(async {
        let table = [
            (4, "UPDATE journal SET detail = '{}' WHERE seq = 4"),
            (4, "UPDATE journal SET actor = 'uid:0' WHERE seq = 4"),
            (4, "UPDATE journal SET at = at + 1 WHERE seq = 4"),
            (4, "UPDATE journal SET kind = 'x' WHERE seq = 4"),
            (4, "UPDATE journal SET case_id = NULL WHERE seq = 4"),
            (4, "UPDATE journal SET case_id = account, account = case_id WHERE seq = 4"),
            (4, "UPDATE journal SET hash = zeroblob(32) WHERE seq = 4"),
            (4, "UPDATE journal SET hash = zeroblob(3) WHERE seq = 4"),
            (4, "UPDATE journal SET kind = CAST(x'ff' AS TEXT) WHERE seq = 4"),
            (4, "DELETE FROM journal WHERE seq = 4"),
            (1, "DELETE FROM journal WHERE seq = 1"),
            (1, "DELETE FROM journal WHERE seq < 10"),
            (
                4,
                "UPDATE journal SET seq = 99 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 5;
                 UPDATE journal SET seq = 5 WHERE seq = 99",
            ),
            (1, "UPDATE journal SET seq = -4 WHERE seq = 4"),
            (
                1,
                "INSERT INTO journal SELECT 0, at, actor, kind, case_id, account, detail, hash
                 FROM journal WHERE seq = 4",
            ),
        ];
        for (wanted, sql) in table {
            let report = report(&tampered(sql).await).await;
            assert_eq!(report.broken.map(|(seq, _)| seq), Some(wanted), "{sql}: {report:?}");
        }
        assert_eq!(report(&tampered("SELECT 1").await).await.broken, None);
    });
}

const AT_THE_END: [(u64, &str); 7] = [
    (9, "DELETE FROM journal WHERE seq > 8"),
    (1, "DELETE FROM journal"),
    (
        8,
        "DELETE FROM journal WHERE seq > 8;
         UPDATE journal_head SET seq = 8, hash = (SELECT hash FROM journal WHERE seq = 8)",
    ),
    (10, "DELETE FROM journal_head"),
    (10, "UPDATE journal_head SET signature = zeroblob(64)"),
    (10, "UPDATE journal_head SET hash = zeroblob(32)"),
    (
        11,
        "INSERT INTO journal SELECT 11, at, actor, kind, case_id, account, detail, hash
          FROM journal WHERE seq = 10",
    ),
];

#[test]
fn a_cut_end_or_a_forged_head_keeps_the_store_from_opening() {
    run(async {
        for (wanted, sql) in AT_THE_END {
            let bench = tampered(sql).await;
            match bench.try_open() {
                Err(StoreError::JournalBroken { seq, .. }) => assert_eq!(seq, wanted, "{sql}"),
                other => panic!("{sql}: {:?}", other.map(|_| ())),
            }
        }
    });
}

#[test]
fn a_cut_end_or_a_forged_head_under_a_running_store_is_found() {
    run(async {
        for (wanted, sql) in AT_THE_END {
            let bench = tampered("SELECT 1").await;
            let store = bench.open();
            bench.raw().execute_batch(sql).unwrap();
            let report = store.verify_journal().await.unwrap();
            assert_eq!(report.broken.map(|(seq, _)| seq), Some(wanted), "{sql}: {report:?}");
        }
    });
}

#[test]
fn an_administrator_may_go_on_and_the_place_stays_visible() {
    run(async {
        let bench = tampered("DELETE FROM journal WHERE seq > 8").await;
        let store = opened(&bench, OnBrokenJournal::Continue).unwrap();
        let rows = store.journal(Timestamp::default(), 8, 10).await.unwrap();
        let last = rows.last().unwrap();
        assert_eq!((last.seq, last.entry.kind.as_str()), (11, "journal.broken"));
        assert_eq!(last.entry.detail["entry"], 9);
        store.commit(change(at(1), vec![entry("case.opened")])).await.unwrap();
        assert_eq!(store.verify_journal().await.unwrap().broken, Some((9, "it is missing")));
        drop(store);
        // It has been said once; from now on the store opens as always.
        let store = opened(&bench, OnBrokenJournal::Refuse).unwrap();
        assert_eq!(store.verify_journal().await.unwrap().broken, Some((9, "it is missing")));
    });
}

#[test]
fn the_database_itself_refuses_to_change_the_journal() {
    run(async {
        let bench = Bench::new();
        commit(&bench.open(), [entry("case.opened")]).await;
        for sql in ["UPDATE journal SET kind = 'x'", "DELETE FROM journal"] {
            let refused = bench.raw().execute(sql, []).unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
        assert_eq!(report(&bench).await.broken, None);
    });
}
