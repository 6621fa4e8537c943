//! How the database is just now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use readmit_recovery::time::Timestamp;
use rusqlite::OptionalExtension;

use super::column::to_time;
use super::pool::Reader;
use crate::error::StoreError;
use crate::journal::Head;
use crate::overview::Overview;

impl Reader<'_> {
    pub(super) fn overview(&self, path: &Path) -> Result<Overview, StoreError> {
        let _snapshot = self.connection.unchecked_transaction()?;
        let count = |sql| Ok::<_, StoreError>(u64::from(self.count(sql, [])?));
        let open_cases = self.open_cases()?;
        let open: u64 = open_cases.values().sum();
        let (head, head_at) = self.last_entry()?;
        let (free_bytes, disk_bytes) = room(path)?;
        Ok(Overview {
            accounts: count("SELECT count(*) FROM accounts")?,
            closed_cases: count("SELECT count(*) FROM cases")?.saturating_sub(open),
            open_cases,
            queued_deliveries: count("SELECT count(*) FROM outbox WHERE state = 'queued'")?,
            taken_deliveries: count("SELECT count(*) FROM outbox WHERE state = 'taken'")?,
            oldest_due: self.earliest("SELECT min(not_before) FROM outbox WHERE state = 'queued'")?,
            head,
            head_at,
            bytes: size(path),
            free_bytes,
            disk_bytes,
        })
    }

    /// Only the open ones are walked over: there are few of them, however many have ended.
    fn open_cases(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement =
            self.statement("SELECT state, count(*) FROM cases WHERE closed = 0 GROUP BY state")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        rows.map(|row| row.map(|(state, count)| (state, count.unsigned_abs())).map_err(StoreError::from))
            .collect()
    }

    fn last_entry(&self) -> Result<(Head, Option<Timestamp>), StoreError> {
        let mut statement = self.statement("SELECT at, seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?;
        let last = statement
            .query_row([], |row| Ok((to_time(row, 0), row.get::<_, i64>(1)?, row.get::<_, [u8; 32]>(2)?)))
            .optional()?;
        match last {
            None => Ok((Head::EMPTY, None)),
            Some((at, seq, hash)) => Ok((Head { seq: seq.unsigned_abs(), hash }, Some(at?))),
        }
    }
}

/// The database with its write-ahead log. A file that is not there takes nothing.
fn size(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let sizes =
        [path.to_owned(), PathBuf::from(log)].map(|file| file.metadata().map_or(0, |found| found.len()));
    sizes.iter().sum()
}

/// What is left for others than root, and the whole.
fn room(path: &Path) -> Result<(u64, u64), StoreError> {
    let found = rustix::fs::statvfs(path)
        .map_err(|errno| StoreError::file("look at the disk of", path)(errno.into()))?;
    Ok((found.f_bavail.saturating_mul(found.f_frsize), found.f_blocks.saturating_mul(found.f_frsize)))
}
