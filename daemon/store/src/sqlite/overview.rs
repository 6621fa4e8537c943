//! How the database is just now.

use std::path::{Path, PathBuf};

use super::pool::Reader;
use crate::error::StoreError;
use crate::overview::Overview;

impl Reader<'_> {
    pub(super) fn overview(&self, path: &Path) -> Result<Overview, StoreError> {
        let _snapshot = self.connection.unchecked_transaction()?;
        let count = |sql| Ok::<_, StoreError>(u64::from(self.count(sql, [])?));
        let figures = self.going_on()?;
        let open: u64 = figures.open_cases().values().sum();
        let (free_bytes, disk_bytes) = room(path)?;
        Ok(Overview {
            accounts: count("SELECT count(*) FROM accounts")?,
            closed_cases: count("SELECT count(*) FROM cases")?.saturating_sub(open),
            figures,
            bytes: size(path),
            free_bytes,
            disk_bytes,
        })
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
