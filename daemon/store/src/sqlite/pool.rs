//! Read-only connections. Reads take microseconds, so they run where they are asked for, beside the writer and
//! never through it.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OpenFlags, Params};
use zeroize::Zeroizing;

use super::column::to_time_if_any;
use crate::error::StoreError;
use crate::limits::{BUSY_WAIT, IDLE_READERS, MAX_PAGE, READER_CACHE_KIB};
use crate::seal::Sealer;
use crate::store::{Counts, Page};

/// The readers of one database.
pub(super) struct Pool {
    path: PathBuf,
    sealer: Sealer,
    idle: Mutex<Vec<Connection>>,
}

/// One reader at work.
pub(super) struct Reader<'a> {
    pub(super) connection: &'a Connection,
    sealer: &'a Sealer,
}

impl Pool {
    /// The pool of a database that the writer has opened.
    pub(super) fn new(path: PathBuf, sealer: Sealer) -> Self {
        Self { path, sealer, idle: Mutex::new(Vec::new()) }
    }

    /// The database.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads with a connection of the pool.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let result = read(&Reader { connection: &connection, sealer: &self.sealer });
        let mut idle = self.idle.lock();
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        result
    }

    /// Closes the connections that nobody uses just now.
    pub(super) fn rest(&self) {
        self.idle.lock().clear();
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        connection.set_prepared_statement_cache_capacity(crate::limits::STATEMENTS);
        keep_plans(&connection)?;
        Ok(connection)
    }
}

impl Reader<'_> {
    /// A statement, prepared once a connection.
    pub(super) fn statement(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        Ok(self.connection.prepare_cached(sql)?)
    }

    /// The one small number that a query gives.
    pub(super) fn count(&self, sql: &str, parameters: impl Params) -> Result<u32, StoreError> {
        let count: i64 = self.statement(sql)?.query_row(parameters, |row| row.get(0))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// The one time that a query gives, if any.
    pub(super) fn earliest(&self, sql: &str) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query([])?;
        match rows.next()? {
            Some(row) => to_time_if_any(row, 0),
            None => Ok(None),
        }
    }

    /// How much of what there is.
    pub(super) fn counts(&self) -> Result<Counts, StoreError> {
        let _snapshot = self.connection.unchecked_transaction()?;
        let count = |sql| Ok::<_, StoreError>(u64::from(self.count(sql, [])?));
        Ok(Counts {
            accounts: count("SELECT count(*) FROM accounts")?,
            devices: count("SELECT count(*) FROM devices")?,
            cases: count("SELECT count(*) FROM cases")?,
            open_cases: count("SELECT count(*) FROM cases WHERE closed = 0")?,
            queued_deliveries: count("SELECT count(*) FROM outbox WHERE state = 'queued'")?,
            taken_deliveries: count("SELECT count(*) FROM outbox WHERE state = 'taken'")?,
            // Without a gap, as rows go away at the beginning alone.
            journal: count(
                "SELECT coalesce((SELECT max(seq) FROM journal) - (SELECT min(seq) FROM journal) + 1, 0)",
            )?,
            decisions: count(
                "SELECT coalesce((SELECT max(id) FROM decisions) - (SELECT min(id) FROM decisions) + 1, 0)",
            )?,
            policies: count("SELECT count(*) FROM policies")?,
        })
    }

    /// Unseals a blob of a row.
    pub(super) fn unseal(
        &self,
        table: &'static str,
        id: &str,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.sealer.unseal(table, id, blob).map_err(|source| StoreError::Seal { table, source })
    }

    /// Unseals a secret text of a row.
    pub(super) fn unseal_text(
        &self,
        table: &'static str,
        id: &str,
        blob: &[u8],
    ) -> Result<Secret, StoreError> {
        let plain = self.unseal(table, id, blob)?;
        let text = std::str::from_utf8(&plain).map_err(StoreError::malformed(table, "sealed text"))?;
        Ok(Secret::new(text))
    }
}

/// Keeps the plan of a statement as it was prepared. Otherwise SQLite prepares it again whenever a parameter that
/// the planner looked at is bound anew, which here is every time, and takes longer than the query.
pub(super) fn keep_plans(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The limit and offset of a page, within what one read may return.
pub(super) fn bounds(page: Page) -> (u32, u32) {
    (page.limit.min(MAX_PAGE), page.offset)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rusqlite::StatementStatus;

    use super::*;

    fn nested(pool: &Pool, depth: usize) -> Result<(), StoreError> {
        if depth == 0 {
            return Ok(());
        }
        pool.read(|reader| {
            reader.count("SELECT 1", [])?;
            nested(pool, depth - 1)
        })
    }

    #[test]
    fn so_many_readers_are_kept_and_no_more() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.db");
        drop(Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)"));
        let sealer = Sealer::new(Arc::new(crate::Keyring::ephemeral([7; 32])));
        let pool = Pool::new(path, sealer);
        nested(&pool, IDLE_READERS).unwrap();
        assert_eq!(pool.idle.lock().len(), IDLE_READERS);
        nested(&pool, IDLE_READERS + 2).unwrap();
        assert_eq!(pool.idle.lock().len(), IDLE_READERS);
    }

    #[test]
    fn a_statement_is_prepared_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.db");
        let tables = "CREATE TABLE t (id INTEGER PRIMARY KEY, owner TEXT, at INTEGER) STRICT;
                      CREATE INDEX by_owner ON t (owner);
                      CREATE INDEX by_time ON t (owner, at) WHERE at IS NOT NULL;";
        Connection::open(&path).unwrap().execute_batch(tables).unwrap();
        let pool = Pool::new(path, Sealer::new(Arc::new(crate::Keyring::ephemeral([7; 32]))));
        for owner in ["a", "b", "c"] {
            let prepared_again = pool.read(|reader| {
                let mut statement = reader.statement("SELECT id FROM t WHERE owner = ?1 ORDER BY at, id")?;
                assert!(statement.query([owner])?.next()?.is_none());
                Ok(statement.get_status(StatementStatus::RePrepare))
            });
            assert_eq!(prepared_again.unwrap(), 0, "{owner}");
        }
    }

    #[test]
    fn a_page_is_never_larger_than_the_limit() {
        assert_eq!(bounds(Page::new(7, MAX_PAGE)), (MAX_PAGE, 7));
        assert_eq!(bounds(Page::new(7, MAX_PAGE + 1)), (MAX_PAGE, 7));
    }
}
