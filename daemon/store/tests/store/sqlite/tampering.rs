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

/// What a look at all of it finds; one that takes so many entries at a time must find the same.
async fn checked(store: &Arc<dyn Store>) -> JournalReport {
    let report = store.verify_journal().await.unwrap();
    for limit in [1, 3, 10, 1000] {
        let mut behind = None;
        let broken = loop {
            let slice = store.check_journal(behind, limit).await.unwrap();
            assert!(slice.rows <= limit, "{slice:?}");
            if slice.finished {
                break slice.broken;
            }
            behind = Some(slice.last);
        };
        assert_eq!(broken, report.broken, "{limit} at a time");
    }
    report
}

async fn report(bench: &Bench) -> JournalReport {
    checked(&bench.open()).await
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
            let report = checked(&store).await;
            assert_eq!(report.broken.map(|(seq, _)| seq), Some(wanted), "{sql}: {report:?}");
        }
    });
}

/// What was looked at already may go by the rules of retention, or be cut off by somebody.
#[test]
fn a_look_goes_on_where_it_was_whatever_became_of_that_place() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        for _ in 0..10 {
            commit(&as_store, [entry("x")]).await;
        }
        let place = store.check_journal(None, 5).await.unwrap();
        assert_eq!((place.last.seq, place.finished), (5, false));
        let day = std::time::Duration::from_secs(24 * 3600);
        let rules = readmit_store::Retention { journal: day, decisions: day, cases: day, differences: day };
        let by = readmit_store::By { at: at(10 * 24 * 3600), actor: "daemon".to_owned() };
        assert_eq!(store.prune(&rules, 8, &by).await.unwrap().journal, 8);
        let rest = store.check_journal(Some(place.last), 100).await.unwrap();
        assert_eq!((rest.rows, rest.finished, rest.broken), (3, true, None));
        // Cut off so that the rest fits its head: whoever had looked further knows.
        let (raw, before) = (bench.raw(), store.head().await.unwrap());
        commit(&as_store, [entry("y")]).await;
        let place = store.check_journal(None, 100).await.unwrap();
        raw.execute_batch("DROP TRIGGER journal_is_not_cut; DELETE FROM journal WHERE seq = 12").unwrap();
        raw.execute(
            "UPDATE journal_head SET seq = 11, hash = ?1, signature = ?2",
            (before.head.hash, before.signature),
        )
        .unwrap();
        assert_eq!(store.verify_journal().await.unwrap().broken, None);
        let found = store.check_journal(Some(place.last), 100).await.unwrap();
        assert_eq!(found.broken, Some((12, "the end was cut off")));
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
