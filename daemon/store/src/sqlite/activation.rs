//! The activations of policies, and the one that waits for approval.

use std::collections::BTreeMap;

use readmit_recovery::id::PolicyVersion;
use rusqlite::Row;

use super::column::{time, to_count, to_time};
use super::pool::Reader;
use super::session::Session;
use crate::activation::{Activation, Found, PendingPolicy};
use crate::error::{CommitError, StoreError};
use crate::limits::MAX_PAGE;

impl Session<'_> {
    pub(super) fn activate_policy(
        &self,
        version: &PolicyVersion,
        found: &Found,
        tests: u32,
    ) -> Result<(), CommitError> {
        if !self.finds("SELECT 1 FROM policies WHERE version = ?1", [version.as_str()])? {
            return Err(CommitError::NotFound);
        }
        let approved_by = if self.is_pending(version)? { self.approvals()? } else { Vec::new() };
        let approved_by = to_json(&approved_by, "activations", "approved_by")?;
        let (found, built_in) = to_columns(found);
        self.execute(
            "INSERT INTO activations (version, at, actor, approved_by, tests, found, built_in)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (version.as_str(), time(self.at), &self.actor, approved_by, tests, found, built_in),
        )?;
        self.clear_pending().map(|_| ())
    }

    pub(super) fn policies_found(&self, found: &Found) -> Result<(), CommitError> {
        self.change(
            "UPDATE activations SET found = ?1, built_in = ?2
             WHERE number = (SELECT max(number) FROM activations)",
            to_columns(found),
        )
    }

    pub(super) fn propose_policy(
        &self,
        version: &PolicyVersion,
        files: &BTreeMap<String, String>,
        found: &Found,
        tests: u32,
        restores: bool,
    ) -> Result<(), CommitError> {
        self.clear_pending()?;
        let files = to_json(files, "pending_policy", "files")?;
        let (found, built_in) = to_columns(found);
        self.insert(
            "INSERT INTO pending_policy (id, version, files, since, actor, tests, restores, found, built_in)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (version.as_str(), files, time(self.at), &self.actor, tests, restores, found, built_in),
        )
    }

    pub(super) fn approve_policy(&self, version: &PolicyVersion) -> Result<(), CommitError> {
        if !self.is_pending(version)? {
            return Err(CommitError::NotFound);
        }
        self.insert("INSERT INTO pending_approvals (actor) VALUES (?1)", [&self.actor])
    }

    pub(super) fn withdraw_policy(&self) -> Result<(), CommitError> {
        if self.clear_pending()? == 0 { Err(CommitError::NotFound) } else { Ok(()) }
    }

    fn is_pending(&self, version: &PolicyVersion) -> Result<bool, CommitError> {
        self.finds("SELECT 1 FROM pending_policy WHERE version = ?1", [version.as_str()])
    }

    fn clear_pending(&self) -> Result<usize, CommitError> {
        self.execute("DELETE FROM pending_approvals", [])?;
        self.execute("DELETE FROM pending_policy", [])
    }

    fn approvals(&self) -> Result<Vec<String>, CommitError> {
        let mut statement =
            self.connection.prepare_cached("SELECT actor FROM pending_approvals ORDER BY number")?;
        let actors = statement.query_map([], |row| row.get(0))?;
        Ok(actors.collect::<Result<_, _>>()?)
    }
}

impl Reader<'_> {
    pub(super) fn activation(&self) -> Result<Option<Activation>, StoreError> {
        self.statement(
            "SELECT version, at, actor, approved_by, tests, found, built_in FROM activations
             ORDER BY number DESC LIMIT 1",
        )?
        .query_and_then([], activation)?
        .next()
        .transpose()
    }

    pub(super) fn activations(&self) -> Result<Vec<Activation>, StoreError> {
        self.statement(
            "SELECT version, at, actor, approved_by, tests, found, built_in FROM activations
             WHERE number IN (SELECT max(number) FROM activations GROUP BY version)
             ORDER BY number DESC LIMIT ?1",
        )?
        .query_and_then([MAX_PAGE], activation)?
        .collect()
    }

    pub(super) fn pending_policy(&self) -> Result<Option<PendingPolicy>, StoreError> {
        // The approvals of this one, not of a later one.
        let _snapshot = self.connection.unchecked_transaction()?;
        let approved_by = self
            .statement("SELECT actor FROM pending_approvals ORDER BY number")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<Vec<String>, _>>()?;
        let pending: Option<PendingPolicy> = self
            .statement(
                "SELECT version, files, since, actor, tests, restores, found, built_in FROM pending_policy",
            )?
            .query_and_then([], |row| {
                let files: String = row.get(1)?;
                let malformed = StoreError::malformed("pending_policy", "files");
                Ok::<_, StoreError>(PendingPolicy {
                    version: to_version(row.get(0)?, "pending_policy", "version")?,
                    files: serde_json::from_str(&files).map_err(malformed)?,
                    since: to_time(row, 2)?,
                    actor: row.get(3)?,
                    approved_by: Vec::new(),
                    tests: to_count(row, 4)?,
                    restores: row.get(5)?,
                    found: to_found(row, 6, "pending_policy")?,
                })
            })?
            .next()
            .transpose()?;
        Ok(pending.map(|pending| PendingPolicy { approved_by, ..pending }))
    }
}

fn activation(row: &Row<'_>) -> Result<Activation, StoreError> {
    let approved_by: String = row.get(3)?;
    let malformed = StoreError::malformed("activations", "approved_by");
    Ok(Activation {
        version: to_version(row.get(0)?, "activations", "version")?,
        at: to_time(row, 1)?,
        actor: row.get(2)?,
        approved_by: serde_json::from_str(&approved_by).map_err(malformed)?,
        tests: to_count(row, 4)?,
        found: to_found(row, 5, "activations")?,
    })
}

fn to_version(text: String, table: &'static str, column: &'static str) -> Result<PolicyVersion, StoreError> {
    text.try_into().map_err(StoreError::malformed(table, column))
}

fn to_columns(found: &Found) -> (Option<&str>, bool) {
    match found {
        Found::Files(version) => (Some(version.as_str()), false),
        Found::BuiltIn(version) => (Some(version.as_str()), true),
        Found::Nothing => (None, false),
    }
}

fn to_found(row: &Row<'_>, column: usize, table: &'static str) -> Result<Found, StoreError> {
    let Some(found) = row.get::<_, Option<String>>(column)? else { return Ok(Found::Nothing) };
    let version = to_version(found, table, "found")?;
    Ok(if row.get(column + 1)? { Found::BuiltIn(version) } else { Found::Files(version) })
}

fn to_json(
    value: &impl serde::Serialize,
    table: &'static str,
    column: &'static str,
) -> Result<String, CommitError> {
    Ok(serde_json::to_string(value).map_err(StoreError::malformed(table, column))?)
}
