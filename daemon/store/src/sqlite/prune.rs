//! Retention: what is older than the rules keep goes away, a bounded number at a time, while everything runs.

use readmit_recovery::time::Timestamp;
use rusqlite::OptionalExtension;

use super::column::{number, time};
use super::session::Session;
use crate::error::{CommitError, StoreError};
use crate::head::Checkpoint;
use crate::journal::Head;
use crate::limits::PRUNE_ROWS;
use crate::retention::{Pruned, Retention};
use crate::upkeep::By;

impl Session<'_> {
    /// Removes up to [`PRUNE_ROWS`] of each kind; of the journal no entry behind `exported`.
    pub(super) fn prune(&mut self, rules: &Retention, exported: u64, by: &By) -> Result<Pruned, CommitError> {
        let before =
            |kept: std::time::Duration| Timestamp::from_unix(by.at.unix().saturating_sub(kept.as_secs()));
        // The newest row of a log stays, so that its number is not given again.
        let decisions = self.remove(
            "DELETE FROM decisions WHERE id IN
             (SELECT id FROM (SELECT id, at FROM decisions ORDER BY id LIMIT ?2) WHERE at < ?1)
             AND id < (SELECT max(id) FROM decisions)",
            before(rules.decisions),
        )?;
        let differences = self.remove(
            "DELETE FROM differences WHERE id IN
             (SELECT id FROM (SELECT id, at FROM differences ORDER BY id LIMIT ?2) WHERE at < ?1)",
            before(rules.differences),
        )?;
        let cases = self.remove(
            "DELETE FROM cases WHERE number IN
             (SELECT number FROM cases WHERE closed = 1 AND opened_at < ?1 ORDER BY opened_at LIMIT ?2)",
            before(rules.cases),
        )?;
        let journal = self.prune_journal(before(rules.journal), rules, exported, by)?;
        let finished = [journal, decisions, cases, differences].iter().all(|rows| *rows < PRUNE_ROWS);
        Ok(Pruned { journal, decisions, cases, differences, finished })
    }

    fn remove(&self, sql: &str, before: Timestamp) -> Result<u32, CommitError> {
        let rows = self.execute(sql, (time(before), PRUNE_ROWS))?;
        Ok(u32::try_from(rows).unwrap_or(u32::MAX))
    }

    fn prune_journal(
        &mut self,
        before: Timestamp,
        rules: &Retention,
        exported: u64,
        by: &By,
    ) -> Result<u32, CommitError> {
        let Some(last) = self.last_old_entry(before, exported)? else { return Ok(0) };
        let rule = format!("journal_days={}", rules.journal.as_secs() / (24 * 3600));
        let checkpoint = self.signer.checkpoint(last, by.at, &rule);
        self.put_checkpoint(&checkpoint)?;
        let removed = self.execute("DELETE FROM journal WHERE seq <= ?1", [number(last.seq)])?;
        let detail = [
            ("to", last.seq.into()),
            ("hash", hex::encode(last.hash).into()),
            ("removed", removed.into()),
            ("rule", rule.into()),
        ];
        self.note(by, "journal.pruned", detail)?;
        Ok(u32::try_from(removed).unwrap_or(u32::MAX))
    }

    /// The last entry of those at the beginning that are all old; looks at [`PRUNE_ROWS`] of them.
    fn last_old_entry(&self, before: Timestamp, exported: u64) -> Result<Option<Head>, CommitError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, hash, at FROM journal WHERE seq <= ?1 ORDER BY seq LIMIT ?2")?;
        let mut rows = statement.query((number(exported), PRUNE_ROWS))?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(2)? >= time(before) {
                break;
            }
            last = Some(Head { seq: super::column::to_number(row, 0)?, hash: row.get(1)? });
        }
        Ok(last)
    }

    fn put_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), CommitError> {
        self.execute(
            "INSERT INTO journal_checkpoint (id, seq, hash, at, rule, signature) VALUES (1, ?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at = excluded.at,
             rule = excluded.rule, signature = excluded.signature",
            (
                number(checkpoint.head.seq),
                checkpoint.head.hash,
                time(checkpoint.at),
                &checkpoint.rule,
                checkpoint.signature,
            ),
        )?;
        Ok(())
    }
}

/// Where the journal begins, if older entries were removed.
pub(super) fn checkpoint(connection: &rusqlite::Connection) -> Result<Option<Checkpoint>, StoreError> {
    let there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'journal_checkpoint'";
    if connection.query_row(there, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    let row = connection
        .query_row("SELECT seq, hash, at, rule, signature FROM journal_checkpoint", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    Ok(row.map(|(seq, hash, at, rule, signature)| Checkpoint {
        head: Head { seq: seq.unsigned_abs(), hash },
        at: Timestamp::from_unix(at.unsigned_abs()),
        rule,
        signature,
    }))
}
