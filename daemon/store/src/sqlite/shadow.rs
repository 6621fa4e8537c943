//! The candidate set of policies and its differences.

use std::collections::BTreeMap;

use readmit_recovery::id::PolicyVersion;
use readmit_recovery::time::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::column::{number, time, to_number, to_time, to_time_if_any};
use super::pool::{Reader, bounds};
use super::session::Session;
use crate::error::{CommitError, StoreError};
use crate::limits::MAX_DIFFERENCES;
use crate::shadow::{DifferenceRow, ShadowRow, ShadowTally, StoredDifference};
use crate::store::Page;

/// What is sealed of a difference.
#[derive(Serialize, Deserialize)]
struct Body {
    input: String,
    verdict: String,
    shadow: String,
}

impl Session<'_> {
    pub(super) fn start_shadow(
        &self,
        version: &PolicyVersion,
        files: &BTreeMap<String, String>,
    ) -> Result<(), CommitError> {
        let files = serde_json::to_string(files).map_err(StoreError::malformed("shadow", "files"))?;
        self.execute("DELETE FROM differences", [])?;
        self.execute("DELETE FROM shadow", [])?;
        self.execute(
            "INSERT INTO shadow (id, version, files, started_at) VALUES (1, ?1, ?2, ?3)",
            (version.as_str(), files, time(self.at)),
        )?;
        Ok(())
    }

    pub(super) fn stop_shadow(&self) -> Result<(), CommitError> {
        self.change("UPDATE shadow SET stopped_at = ?1 WHERE stopped_at IS NULL", [time(self.at)])
    }

    pub(super) fn count_shadow(
        &self,
        version: &PolicyVersion,
        tally: &ShadowTally,
        differences: &[DifferenceRow],
    ) -> Result<(), CommitError> {
        let t = tally;
        let counts = [t.asked, t.same, t.weaker, t.stronger, t.failing, t.other, t.dropped];
        let [asked, same, weaker, stronger, failing, other, dropped] = counts.map(number);
        let changed = self.execute(
            "UPDATE shadow SET asked = asked + ?2, same = same + ?3, weaker = weaker + ?4,
             stronger = stronger + ?5, failing = failing + ?6, other = other + ?7, dropped = dropped + ?8
             WHERE version = ?1",
            (version.as_str(), asked, same, weaker, stronger, failing, other, dropped),
        )?;
        if changed == 0 {
            return Err(CommitError::Stale);
        }
        differences.iter().try_for_each(|row| self.add_difference(row))?;
        self.execute(
            "DELETE FROM differences WHERE id <= (SELECT max(id) FROM differences) - ?1",
            [MAX_DIFFERENCES],
        )?;
        Ok(())
    }

    fn add_difference(&self, row: &DifferenceRow) -> Result<(), CommitError> {
        // Known before the row is, because the seal is bound to it. Nobody else writes.
        let id: i64 = self
            .connection
            .prepare_cached(
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'differences'), 0) + 1",
            )?
            .query_row([], |found| found.get(0))?;
        let body =
            Body { input: row.input.clone(), verdict: row.verdict.clone(), shadow: row.shadow.clone() };
        let body = serde_json::to_vec(&body)
            .map(Zeroizing::new)
            .map_err(StoreError::malformed("differences", "body"))?;
        self.insert(
            "INSERT INTO differences (id, at, case_id, version, hook, change, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                id,
                time(row.at),
                row.case.as_str(),
                row.version.as_str(),
                &row.hook,
                &row.change,
                self.seal("differences", &id.to_string(), &body)?,
            ),
        )
    }
}

impl Reader<'_> {
    pub(super) fn shadow(&self) -> Result<Option<ShadowRow>, StoreError> {
        self.statement(
            "SELECT version, files, started_at, stopped_at, asked, same, weaker, stronger, failing,
             other, dropped FROM shadow",
        )?
        .query_and_then([], |row| {
            let version: String = row.get(0)?;
            let files: String = row.get(1)?;
            Ok(ShadowRow {
                version: version.try_into().map_err(StoreError::malformed("shadow", "version"))?,
                files: serde_json::from_str(&files).map_err(StoreError::malformed("shadow", "files"))?,
                started_at: to_time(row, 2)?,
                stopped_at: to_time_if_any(row, 3)?,
                tally: ShadowTally {
                    asked: to_number(row, 4)?,
                    same: to_number(row, 5)?,
                    weaker: to_number(row, 6)?,
                    stronger: to_number(row, 7)?,
                    failing: to_number(row, 8)?,
                    other: to_number(row, 9)?,
                    dropped: to_number(row, 10)?,
                },
            })
        })?
        .next()
        .transpose()
    }

    pub(super) fn differences(
        &self,
        since: Timestamp,
        after_id: u64,
        limit: u32,
    ) -> Result<Vec<StoredDifference>, StoreError> {
        self.statement(
            "SELECT id, at, case_id, version, hook, change, body FROM differences
             WHERE id > ?1 AND at >= ?2 ORDER BY id LIMIT ?3",
        )?
        .query_and_then((number(after_id), time(since), bounds(Page::new(0, limit)).0), |row| {
            let malformed = |column| StoreError::Malformed { table: "differences", column };
            let id = to_number(row, 0)?;
            let plain = self.unseal("differences", &id.to_string(), &row.get::<_, Vec<u8>>(6)?)?;
            let body: Body = serde_json::from_slice(&plain).map_err(|_| malformed("body"))?;
            Ok(StoredDifference {
                id,
                row: DifferenceRow {
                    at: to_time(row, 1)?,
                    case: row.get::<_, String>(2)?.try_into().map_err(|_| malformed("case_id"))?,
                    version: row.get::<_, String>(3)?.try_into().map_err(|_| malformed("version"))?,
                    hook: row.get(4)?,
                    change: row.get(5)?,
                    input: body.input,
                    verdict: body.verdict,
                    shadow: body.shadow,
                },
            })
        })?
        .collect()
    }
}
