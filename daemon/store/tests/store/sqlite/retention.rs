//! What is old goes away, and the rest still proves itself.

use std::sync::Arc;
use std::time::Duration;

use readmit_recovery::time::Timestamp;
use readmit_store::limits::PRUNE_ROWS;
use readmit_store::{By, Pruned, Retention, SqliteStore, Store, StoreError, Write};

use super::Bench;
use crate::kit::*;

const DAY: u64 = 24 * 3600;

fn rules(days: u64) -> Retention {
    let kept = Duration::from_secs(days * DAY);
    Retention { journal: kept, decisions: kept, cases: kept, differences: kept }
}

async fn prune_all(store: &SqliteStore, days: u64, exported: u64, now: Timestamp) -> Pruned {
    let mut sum = Pruned::default();
    loop {
        let by = By { at: now, actor: "daemon".to_owned() };
        let pruned = store.prune(&rules(days), exported, &by).await.unwrap();
        assert!(pruned.journal <= PRUNE_ROWS && pruned.cases <= PRUNE_ROWS, "{pruned:?}");
        sum.journal += pruned.journal;
        sum.cases += pruned.cases;
        if pruned.finished {
            return sum;
        }
    }
}

/// So many entries on the first day, and one on the tenth.
async fn with_old_entries(count: usize) -> (Bench, Arc<SqliteStore>) {
    let bench = Bench::new();
    let store = bench.try_open_anchored().unwrap();
    let as_store: Arc<dyn Store> = store.clone();
    let mut left = count;
    while left > 0 {
        let now = left.min(500);
        commit(&as_store, (0..now).map(|_| entry("old"))).await;
        left -= now;
    }
    as_store.commit(change(at(10 * DAY), vec![entry("new")])).await.unwrap();
    (bench, store)
}

#[test]
fn old_entries_go_and_the_chain_holds_from_the_checkpoint_on() {
    run(async {
        let (bench, store) = with_old_entries(1200).await;
        bench.export(&store).await;
        let hash = store.journal(at(0), 1199, 1).await.unwrap()[0].hash;
        let pruned = prune_all(&store, 5, 1201, at(10 * DAY)).await;
        assert_eq!(pruned.journal, 1200);
        let report = store.verify_journal().await.unwrap();
        assert_eq!(report.broken, None);
        let checkpoint = report.checkpoint.unwrap();
        assert_eq!((checkpoint.head.seq, checkpoint.head.hash), (1200, hash));
        assert_eq!((checkpoint.rule.as_str(), checkpoint.at), ("journal_days=5", at(10 * DAY)));
        assert!(checkpoint.is_genuine(&store.journal_public_key()));
        let kinds = store.journal(at(0), 0, 99).await.unwrap();
        let kinds: Vec<_> = kinds.iter().map(|row| row.entry.kind.as_str()).collect();
        assert_eq!(kinds, ["new", "journal.pruned", "journal.pruned", "journal.pruned"]);
        assert_eq!(store.counts().await.unwrap().journal, 4);
        drop(store);
        let store = bench.try_open_anchored().unwrap();
        assert_eq!(store.verify_journal().await.unwrap().broken, None);
        assert_eq!(prune_all(&store, 5, 1204, at(10 * DAY)).await, Pruned::default());
    });
}

#[test]
fn nothing_goes_that_was_not_exported() {
    run(async {
        let (_bench, store) = with_old_entries(10).await;
        assert_eq!(prune_all(&store, 5, 0, at(10 * DAY)).await.journal, 0);
        assert_eq!(prune_all(&store, 5, 4, at(10 * DAY)).await.journal, 4);
        assert_eq!(store.verify_journal().await.unwrap().checkpoint.unwrap().head.seq, 4);
    });
}

/// Whoever has the disk in hand cannot cut the beginning off by saying that a rule did.
#[test]
fn a_beginning_that_was_cut_off_is_found() {
    run(async {
        let table = [
            "DELETE FROM journal WHERE seq <= 6",
            "UPDATE journal_checkpoint SET seq = 6, hash = (SELECT hash FROM journal WHERE seq = 6);
             DELETE FROM journal WHERE seq <= 6",
            "DELETE FROM journal_checkpoint",
            "UPDATE journal_checkpoint SET rule = 'journal_days=9999'",
            "UPDATE journal_checkpoint SET at = at - 1",
        ];
        for sql in table {
            let (bench, store) = with_old_entries(10).await;
            prune_all(&store, 5, 3, at(10 * DAY)).await;
            drop(store);
            bench.raw().execute_batch(&format!("DROP TRIGGER journal_is_not_cut; {sql}")).unwrap();
            let report = bench.try_open_anchored().unwrap().verify_journal().await.unwrap();
            assert!(report.broken.is_some(), "{sql}: {report:?}");
        }
    });
}

#[test]
fn the_database_itself_lets_only_what_was_checkpointed_go() {
    run(async {
        let (bench, store) = with_old_entries(10).await;
        prune_all(&store, 5, 3, at(10 * DAY)).await;
        drop(store);
        let refused = bench.raw().execute("DELETE FROM journal WHERE seq = 4", []).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    });
}

#[test]
fn closed_cases_go_and_open_ones_stay() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        for (id, closed) in [("open", false), ("closed", true)] {
            let row = readmit_store::CaseRow { closed, ..case_row(id, "alice") };
            commit(&as_store, [Write::InsertCase(row)]).await;
        }
        assert_eq!(prune_all(&store, 100, 0, at(10 * DAY)).await.cases, 0);
        assert_eq!(prune_all(&store, 5, 0, at(10 * DAY)).await.cases, 1);
        assert!(store.case(&case_id("open")).await.unwrap().is_some());
        assert!(store.case(&case_id("closed")).await.unwrap().is_none());
    });
}

/// Removing an account leaves the chain as it is.
#[test]
fn an_account_is_removed_without_breaking_the_chain() {
    run(async {
        let bench = Bench::new();
        let store = bench.open();
        commit(&store, [Write::InsertAccount(account("alice")), add_device("d", "alice"), entry("x")]).await;
        commit(&store, [Write::RemoveAccount(account_id("alice")), entry("account_removed")]).await;
        let report = store.verify_journal().await.unwrap();
        assert_eq!((report.rows, report.broken), (2, None));
        drop(store);
        let bytes = bench.bytes();
        for text in [b"alice.private".as_slice(), b"14155550123", b"JBSWY3DP"] {
            assert!(!bytes.windows(text.len()).any(|window| window == text));
        }
    });
}

/// An error of this module's own is never met in passing.
#[test]
fn a_closed_store_prunes_nothing() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        store.close();
        let by = By { at: at(0), actor: "daemon".to_owned() };
        refused!(store.prune(&rules(1), 0, &by).await, StoreError::Closed);
    });
}
