//! The decision log and the policies on file.

use std::collections::BTreeMap;

use readmit_recovery::id::PolicyVersion;
use readmit_recovery::time::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::column::{number, time, to_number, to_time};
use super::pool::{Reader, bounds};
use super::session::Session;
use crate::decision::{DecisionRow, PolicyRow, StoredDecision};
use crate::error::{CommitError, StoreError};
use crate::limits::MAX_PAGE;
use crate::store::Page;

/// What is sealed of a decision.
#[derive(Serialize, Deserialize)]
struct Body {
    input: String,
    verdict: String,
}

impl Session<'_> {
    pub(super) fn log_decision(&self, row: &DecisionRow) -> Result<(), CommitError> {
        // Known before the row is, because the seal is bound to it. Nothing is deleted here, and nobody else
        // writes.
        let id: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM decisions")?
            .query_row([], |found| found.get(0))?;
        let body = Body { input: row.input.clone(), verdict: row.verdict.clone() };
        let body = serde_json::to_vec(&body)
            .map(Zeroizing::new)
            .map_err(StoreError::malformed("decisions", "body"))?;
        self.insert(
            "INSERT INTO decisions (id, at, case_id, version, hook, micros, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                id,
                time(row.at),
                row.case.as_str(),
                row.version.as_str(),
                &row.hook,
                number(row.micros),
                self.seal("decisions", &id.to_string(), &body)?,
            ),
        )
    }

    pub(super) fn keep_policy(
        &self,
        version: &PolicyVersion,
        files: &BTreeMap<String, String>,
    ) -> Result<(), CommitError> {
        let files = serde_json::to_string(files).map_err(StoreError::malformed("policies", "files"))?;
        self.execute(
            "INSERT INTO policies (version, stored_at, files) VALUES (?1, ?2, ?3)
             ON CONFLICT (version) DO NOTHING",
            (version.as_str(), time(self.at), files),
        )?;
        Ok(())
    }
}

impl Reader<'_> {
    pub(super) fn decisions(
        &self,
        since: Timestamp,
        after_id: u64,
        limit: u32,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        self.statement(
            "SELECT id, at, case_id, version, hook, micros, body FROM decisions
             WHERE id > ?1 AND at >= ?2 ORDER BY id LIMIT ?3",
        )?
        .query_and_then((number(after_id), time(since), bounds(Page::new(0, limit)).0), |row| {
            let malformed = |column| StoreError::Malformed { table: "decisions", column };
            let id = to_number(row, 0)?;
            let plain = self.unseal("decisions", &id.to_string(), &row.get::<_, Vec<u8>>(6)?)?;
            let body: Body = serde_json::from_slice(&plain).map_err(|_| malformed("body"))?;
            Ok(StoredDecision {
                id,
                row: DecisionRow {
                    at: to_time(row, 1)?,
                    case: row.get::<_, String>(2)?.try_into().map_err(|_| malformed("case_id"))?,
                    version: row.get::<_, String>(3)?.try_into().map_err(|_| malformed("version"))?,
                    hook: row.get(4)?,
                    input: body.input,
                    verdict: body.verdict,
                    micros: to_number(row, 5)?,
                },
            })
        })?
        .collect()
    }

    pub(super) fn policy(&self, version: &PolicyVersion) -> Result<Option<PolicyRow>, StoreError> {
        self.statement("SELECT stored_at, files FROM policies WHERE version = ?1")?
            .query_and_then([version.as_str()], |row| {
                let files: String = row.get(1)?;
                Ok(PolicyRow {
                    version: version.clone(),
                    stored_at: to_time(row, 0)?,
                    files: serde_json::from_str(&files)
                        .map_err(StoreError::malformed("policies", "files"))?,
                })
            })?
            .next()
            .transpose()
    }

    pub(super) fn policies(&self) -> Result<Vec<(PolicyVersion, Timestamp)>, StoreError> {
        self.statement("SELECT version, stored_at FROM policies ORDER BY number DESC LIMIT ?1")?
            .query_and_then([MAX_PAGE], |row| {
                let version: String = row.get(0)?;
                let version = version.try_into().map_err(StoreError::malformed("policies", "version"))?;
                Ok((version, to_time(row, 1)?))
            })?
            .collect()
    }
}
