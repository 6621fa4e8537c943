//! Sweeping: rows that no longer count go away, a bounded number at a time.

use readmit_recovery::time::Timestamp;
use rusqlite::Connection;

use super::column::{number, time};
use crate::error::StoreError;
use crate::limits::{DAY, DELIVERED_KEPT, EXPIRED_KEPT, SWEEP_ROWS};

/// Whether anything is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swept {
    /// Nothing is.
    All,
    /// More may be.
    Part,
}

/// Deletes what no longer counts at `now`.
pub(super) fn sweep(connection: &Connection, now: Timestamp) -> Result<Swept, StoreError> {
    let before = |kept: std::time::Duration| now.unix().saturating_sub(kept.as_secs());
    let expired = number(before(EXPIRED_KEPT));
    let steps = [
        (
            "DELETE FROM quotas WHERE subject IN
             (SELECT subject FROM quotas WHERE expires_at <= ?1 LIMIT ?2)",
            time(now),
        ),
        (
            "DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires_at <= ?1 LIMIT ?2)",
            expired,
        ),
        (
            "DELETE FROM passes WHERE (account, hash) IN
             (SELECT account, hash FROM passes WHERE expires_at <= ?1 LIMIT ?2)",
            expired,
        ),
        (
            "DELETE FROM outbox WHERE number IN
             (SELECT number FROM outbox WHERE state = 'done' AND ended_at <= ?1 LIMIT ?2)",
            number(before(DELIVERED_KEPT)),
        ),
        (
            "DELETE FROM failure_minutes WHERE (account, minute) IN
             (SELECT account, minute FROM failure_minutes WHERE minute < ?1 LIMIT ?2)",
            number(before(DAY) / 60),
        ),
        (
            "DELETE FROM failures WHERE (account, factor) IN
             (SELECT account, factor FROM failures WHERE known = 0 AND last_at <= ?1 LIMIT ?2)",
            number(before(DAY)),
        ),
    ];
    let mut swept = Swept::All;
    for (sql, until) in steps {
        let rows = connection.prepare_cached(sql)?.execute((until, SWEEP_ROWS))?;
        if rows >= SWEEP_ROWS as usize {
            swept = Swept::Part;
        }
    }
    Ok(swept)
}
