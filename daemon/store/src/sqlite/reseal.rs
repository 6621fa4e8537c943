//! Sealing old rows again under the current key, a few at a time, while everything runs.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::session::Session;
use crate::error::{CommitError, StoreError};
use crate::keyring::KeyId;
use crate::store::Resealed;

/// Where the next call goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    column: usize,
    number: i64,
}

/// A way through all rows.
#[derive(Debug, Default)]
pub(super) struct Pass {
    cursor: Cursor,
    key: Option<KeyId>,
    rows: u32,
    found_nothing: Option<KeyId>,
}

impl Pass {
    /// Where to go on; from the start, if the key is another one than before.
    pub(super) fn begin(&mut self, key: KeyId) -> Cursor {
        if self.key != Some(key) || self.cursor == Cursor::default() {
            *self = Self { key: Some(key), found_nothing: self.found_nothing, ..Self::default() };
        }
        self.cursor
    }

    /// Notes how far it is.
    pub(super) fn go_on(&mut self, cursor: Cursor, resealed: Resealed) {
        self.cursor = cursor;
        self.rows = self.rows.saturating_add(resealed.rows);
        if resealed.finished && self.rows == 0 {
            self.found_nothing = self.key;
        }
    }

    /// The key under which a whole pass found nothing to seal again: what is sealed since is under it too.
    pub(super) const fn found_nothing_under(&self) -> Option<KeyId> {
        self.found_nothing
    }
}

/// The keys that rows of a database need.
pub(super) fn keys_in_use(connection: &Connection) -> Result<BTreeSet<KeyId>, StoreError> {
    let mut keys = BTreeSet::new();
    for Column { table, column, .. } in &COLUMNS {
        let sql = format!("SELECT DISTINCT substr({column}, 1, 4) FROM {table} WHERE {column} IS NOT NULL");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number: [u8; 4] = row.get(0)?;
            keys.insert(KeyId(u32::from_be_bytes(number)));
        }
    }
    Ok(keys)
}

/// A sealed column, where it is, and the name in its seal.
struct Column {
    seal: &'static str,
    table: &'static str,
    column: &'static str,
    read: &'static str,
    write: &'static str,
}

const COLUMNS: [Column; 7] = [
    Column {
        seal: "accounts",
        table: "accounts",
        column: "body",
        read: "SELECT number, id, body FROM accounts WHERE number > ?1 ORDER BY number LIMIT ?2",
        write: "UPDATE accounts SET body = ?2 WHERE number = ?1",
    },
    Column {
        seal: "passwords",
        table: "accounts",
        column: "password",
        read: "SELECT number, id, password FROM accounts WHERE number > ?1 ORDER BY number LIMIT ?2",
        write: "UPDATE accounts SET password = ?2 WHERE number = ?1",
    },
    Column {
        seal: "devices",
        table: "devices",
        column: "secret",
        read: "SELECT number, id, secret FROM devices WHERE number > ?1 ORDER BY number LIMIT ?2",
        write: "UPDATE devices SET secret = ?2 WHERE number = ?1",
    },
    Column {
        seal: "cases",
        table: "cases",
        column: "body",
        read: "SELECT number, id, body FROM cases WHERE number > ?1 ORDER BY number LIMIT ?2",
        write: "UPDATE cases SET body = ?2 WHERE number = ?1",
    },
    Column {
        seal: "outbox",
        table: "outbox",
        column: "payload",
        read: "SELECT number, id, payload FROM outbox WHERE number > ?1 ORDER BY number LIMIT ?2",
        write: "UPDATE outbox SET payload = ?2 WHERE number = ?1",
    },
    Column {
        seal: "decisions",
        table: "decisions",
        column: "body",
        read: "SELECT id, CAST(id AS TEXT), body FROM decisions WHERE id > ?1 ORDER BY id LIMIT ?2",
        write: "UPDATE decisions SET body = ?2 WHERE id = ?1",
    },
    Column {
        seal: "differences",
        table: "differences",
        column: "body",
        read: "SELECT id, CAST(id AS TEXT), body FROM differences WHERE id > ?1 ORDER BY id LIMIT ?2",
        write: "UPDATE differences SET body = ?2 WHERE id = ?1",
    },
];

impl Session<'_> {
    /// Looks at up to `batch` rows from `cursor` on, and says where to go on.
    pub(super) fn reseal(&self, cursor: Cursor, batch: u32) -> Result<(Cursor, Resealed), CommitError> {
        let mut resealed = Resealed { rows: 0, finished: false };
        if cursor == Cursor::default() {
            resealed.rows += self.reseal_secrets()?;
        }
        let (mut cursor, mut left) = (cursor, batch.max(1));
        while let Some(column) = COLUMNS.get(cursor.column) {
            let rows: Vec<(i64, String, Option<Vec<u8>>)> = self
                .connection
                .prepare_cached(column.read)?
                .query_map((cursor.number, left), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<Result<_, _>>()?;
            let seen = u32::try_from(rows.len()).unwrap_or(left);
            for (number, id, blob) in rows {
                cursor.number = number;
                if let Some(blob) = blob
                    && let Some(fresh) = self.sealed_again(column.seal, &id, &blob)?
                {
                    self.execute(column.write, (number, fresh))?;
                    resealed.rows += 1;
                }
            }
            if seen == left {
                return Ok((cursor, resealed));
            }
            left -= seen;
            cursor = Cursor { column: cursor.column + 1, number: 0 };
        }
        resealed.finished = true;
        Ok((Cursor::default(), resealed))
    }

    fn reseal_secrets(&self) -> Result<u32, CommitError> {
        let rows: Vec<(String, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT name, sealed FROM secrets")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut count = 0;
        for (name, blob) in rows {
            if let Some(fresh) = self.sealed_again("secrets", &name, &blob)? {
                let values = [Value::from(name), Value::from(fresh)];
                self.execute("UPDATE secrets SET sealed = ?2 WHERE name = ?1", values)?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn sealed_again(
        &self,
        table: &'static str,
        id: &str,
        blob: &[u8],
    ) -> Result<Option<Vec<u8>>, CommitError> {
        let failed = |source| CommitError::from(StoreError::Seal { table, source });
        if !self.sealer.is_old(blob).map_err(failed)? {
            return Ok(None);
        }
        let plain = self.sealer.unseal(table, id, blob).map_err(failed)?;
        self.seal(table, id, &plain).map(Some)
    }
}
