//! Limits and failures that outlive restarts.

use std::time::Duration;

use readmit_recovery::factor::Factor;
use readmit_recovery::id::AccountId;
use rusqlite::OptionalExtension;

use super::column::{number, time};
use super::session::Session;
use crate::error::{CommitError, StoreError};
use crate::quota::Tally;

impl Session<'_> {
    pub(super) fn charge(
        &self,
        scope: &'static str,
        subject: &str,
        window: Duration,
        amount: u32,
        max: u32,
    ) -> Result<(), CommitError> {
        let key = self.subject(scope, subject)?;
        let kept: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT tally FROM quotas WHERE subject = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let mut tally = match kept {
            None => Tally::default(),
            Some(bytes) => {
                Tally::from_bytes(&bytes).ok_or(StoreError::Malformed { table: "quotas", column: "tally" })?
            }
        };
        tally
            .charge(self.at, window, amount, max)
            .map_err(|retry_at| CommitError::RateLimited { scope, retry_at })?;
        self.execute(
            "INSERT INTO quotas (subject, tally, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (subject) DO UPDATE SET tally = excluded.tally, expires_at = excluded.expires_at",
            (key, tally.to_bytes(), time(tally.expires_at(window))),
        )?;
        Ok(())
    }

    pub(super) fn forget(&self, scope: &'static str, subject: &str) -> Result<(), CommitError> {
        let key = self.subject(scope, subject)?;
        self.execute("DELETE FROM quotas WHERE subject = ?1", [key])?;
        Ok(())
    }

    pub(super) fn count_failure(&self, account: &AccountId, factor: &Factor) -> Result<(), CommitError> {
        self.execute(
            "INSERT INTO failures (account, factor, consecutive, last_at, known)
             VALUES (?1, ?2, 1, ?3, EXISTS (SELECT 1 FROM accounts WHERE id = ?1))
             ON CONFLICT (account, factor) DO UPDATE
             SET consecutive = consecutive + 1, last_at = excluded.last_at, known = excluded.known",
            (account.as_str(), factor.as_str(), time(self.at)),
        )?;
        self.execute(
            "INSERT INTO failure_minutes (account, minute, count) VALUES (?1, ?2, 1)
             ON CONFLICT (account, minute) DO UPDATE SET count = count + 1",
            (account.as_str(), number(self.at.unix() / 60)),
        )?;
        Ok(())
    }

    pub(super) fn clear_failures(&self, account: &AccountId, factor: &Factor) -> Result<(), CommitError> {
        self.execute(
            "DELETE FROM failures WHERE account = ?1 AND factor = ?2",
            (account.as_str(), factor.as_str()),
        )?;
        Ok(())
    }
}
