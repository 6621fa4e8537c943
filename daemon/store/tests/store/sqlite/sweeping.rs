//! Rows that no longer count go away, a bounded number at a time.

use std::time::Duration;

use readmit_recovery::factor::Factor;
use readmit_store::limits::{DELIVERED_KEPT, EXPIRED_KEPT, SWEEP_ROWS};
use readmit_store::{CommitError, TokenPurpose, Write};

use super::Bench;
use crate::kit::*;

fn rows(bench: &Bench, table: &str) -> u32 {
    let sql = format!("SELECT count(*) FROM {table}");
    bench.raw().query_row(&sql, [], |row| row.get(0)).unwrap()
}

fn token(index: u32) -> Write {
    Write::AddToken {
        hash: hash(&index.to_string()),
        purpose: TokenPurpose::Link,
        case: case_id("c"),
        challenge: 1,
        expires_at: at(60),
    }
}

#[test]
fn what_no_longer_counts_is_swept_and_what_counts_is_not() {
    run(async {
        let bench = Bench::new();
        let store = bench.open();
        let alice = || account_id("alice");
        let charge = |window| Write::Charge {
            scope: "calls",
            subject: format!("{window}"),
            window: Duration::from_secs(window),
            amount: 1,
            max: 1,
        };
        commit(
            &store,
            [
                Write::InsertAccount(account("alice")),
                Write::InsertCase(case_row("c", "alice")),
                token(1),
                Write::IssuePass { account: alice(), hash: hash("pass"), expires_at: at(60) },
                charge(60),
                charge(10_000_000),
                Write::CountFailure { account: alice(), factor: Factor::Voice },
                Write::CountFailure { account: account_id("nobody"), factor: Factor::Voice },
                Write::Enqueue(item("done")),
                Write::Enqueue(item("queued")),
                Write::FinishDelivery { id: delivery_id("done") },
            ],
        )
        .await;
        let left = || {
            ["tokens", "passes", "quotas", "failures", "failure_minutes", "outbox"]
                .map(|table| rows(&bench, table))
        };
        assert_eq!(left(), [1, 1, 2, 2, 2, 2]);
        let at_last = EXPIRED_KEPT.as_secs() + 59;
        attempt_at(&store, at(at_last), entry("x")).await.unwrap();
        assert_eq!(left(), [1, 1, 1, 1, 0, 2]);
        attempt_at(&store, at(at_last + 61), entry("x")).await.unwrap();
        assert_eq!(left(), [0, 0, 1, 1, 0, 2]);
        attempt_at(&store, at(DELIVERED_KEPT.as_secs()), entry("x")).await.unwrap();
        assert_eq!(left(), [0, 0, 1, 1, 0, 1]);
        refused!(attempt(&store, Write::Enqueue(item("queued"))).await, CommitError::Exists);
    });
}

#[test]
fn one_sweep_takes_so_many_rows_and_the_next_change_the_rest() {
    run(async {
        let bench = Bench::new();
        let store = bench.open();
        commit(&store, [Write::InsertCase(case_row("c", "alice"))]).await;
        for part in 0..2 {
            commit(&store, (0..SWEEP_ROWS / 2 + 5).map(|index| token(1000 * part + index))).await;
        }
        let later = at(EXPIRED_KEPT.as_secs() + 3600);
        attempt_at(&store, later, entry("x")).await.unwrap();
        assert_eq!(rows(&bench, "tokens"), 10);
        attempt_at(&store, later, entry("x")).await.unwrap();
        assert_eq!(rows(&bench, "tokens"), 0);
    });
}
