//! The keys that the database keeps, each sealed with the newest of the keyring's own: a new one needs no new file, and a
//! backup of the database brings them along.

use readmit_recovery::time::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use super::column::{number, time, to_time};
use super::pool::Reader;
use super::session::Session;
use crate::error::{CommitError, StoreError};
use crate::keyring::{Key, KeyId, KeyringError, fresh_key};
use crate::limits::MAX_KEYS;
use crate::seal::{Sealer, sealed_with};
use crate::upkeep::{By, RetiredKey};

const TABLE: &str = "data_keys";

/// Hands the keys to the keyring. Those that an older key of it has sealed are sealed again.
pub(super) fn load(connection: &Connection, sealer: &Sealer) -> Result<(), StoreError> {
    let there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'data_keys'";
    if connection.query_row(there, [], |_| Ok(())).optional()?.is_none() {
        return Ok(());
    }
    for (id, blob) in rows(connection)? {
        let plain = sealer.unseal(TABLE, &name(id), &blob).map_err(failed)?;
        let key: &[u8; 32] = plain.as_slice().try_into().map_err(StoreError::malformed(TABLE, "sealed"))?;
        sealer.keyring().hold(id, Zeroizing::new(*key));
    }
    seal_at_root(connection, sealer)
}

/// Seals every key with the newest of the keyring's own.
fn seal_at_root(connection: &Connection, sealer: &Sealer) -> Result<(), StoreError> {
    for (id, blob) in rows(connection)? {
        if sealed_with(&blob).map_err(failed)? == sealer.keyring().root() {
            continue;
        }
        let plain = sealer.unseal(TABLE, &name(id), &blob).map_err(failed)?;
        let sealed = sealer.seal_at_root(TABLE, &name(id), &plain).map_err(failed)?;
        connection.execute("UPDATE data_keys SET sealed = ?2 WHERE number = ?1", (id.0, sealed))?;
    }
    Ok(())
}

fn rows(connection: &Connection) -> Result<Vec<(KeyId, Vec<u8>)>, StoreError> {
    let mut statement = connection.prepare("SELECT number, sealed FROM data_keys ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((KeyId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Session<'_> {
    /// Puts a fresh key on file, for the keyring to hold once it is on disk.
    pub(super) fn add_data_key(&mut self, by: &By) -> Result<(KeyId, Key), CommitError> {
        let keyring = self.sealer.keyring();
        let full = || CommitError::from(StoreError::from(KeyringError::Full));
        if keyring.ids().len() >= MAX_KEYS {
            return Err(full());
        }
        let newest = keyring.current();
        let id = if newest.is_data() { newest.0.checked_add(1).map(KeyId) } else { Some(KeyId::FIRST_DATA) };
        let id = id.ok_or_else(full)?;
        let key = fresh_key().map_err(StoreError::from)?;
        let sealed = self.sealer.seal_at_root(TABLE, &name(id), key.as_slice()).map_err(failed)?;
        self.insert(
            "INSERT INTO data_keys (number, made_at, sealed) VALUES (?1, ?2, ?3)",
            (id.0, time(by.at), sealed),
        )?;
        self.execute("INSERT INTO resealing (since) VALUES (?1)", [time(by.at)])?;
        self.note(by, "key.rotated", [("key", id.to_string().into())])?;
        Ok((id, key))
    }

    /// Seals the keys of the database with the keyring's newest.
    pub(super) fn follow_root(&mut self, by: &By) -> Result<(), CommitError> {
        seal_at_root(self.connection, self.sealer)?;
        let root = self.sealer.keyring().root().to_string();
        self.note(by, "key.rotated", [("key", root.into())])
    }

    /// Removes keys of the database: everything is sealed again.
    pub(super) fn end_resealing(&mut self, by: &By, old: &[KeyId]) -> Result<(), CommitError> {
        for id in old {
            self.execute("DELETE FROM data_keys WHERE number = ?1", [id.0])?;
            self.note(by, "key.forgotten", [("key", id.to_string().into())])?;
        }
        self.execute("DELETE FROM resealing", [])?;
        Ok(())
    }

    /// Puts a fresh signing key of sign-ins on file; the one before stays known by its public half.
    pub(super) fn replace_sign_in_key(&mut self, by: &By, retired: RetiredKey) -> Result<Key, CommitError> {
        let key = fresh_key().map_err(StoreError::from)?;
        let sealed = self.seal("secrets", "sign_in", key.as_slice())?;
        self.change("UPDATE secrets SET sealed = ?1 WHERE name = 'sign_in'", [sealed])?;
        self.execute("DELETE FROM retired_sign_in_keys WHERE until <= ?1", [time(by.at)])?;
        self.insert(
            "INSERT INTO retired_sign_in_keys (public_key, until) VALUES (?1, ?2)",
            (retired.public_key, number(retired.until.unix())),
        )?;
        self.note(by, "key.rotated", [("key", "sign_in".into())])?;
        Ok(key)
    }
}

impl Reader<'_> {
    /// Whether rows may be sealed with an older key than the newest of the database.
    pub(super) fn is_resealing(&self) -> Result<bool, StoreError> {
        Ok(self.count("SELECT count(*) FROM resealing", [])? > 0)
    }

    /// The keys that signed sign-ins until lately.
    pub(super) fn retired_sign_in_keys(&self, now: Timestamp) -> Result<Vec<RetiredKey>, StoreError> {
        self.statement(
            "SELECT public_key, until FROM retired_sign_in_keys WHERE until > ?1 ORDER BY until DESC",
        )?
        .query_and_then([time(now)], |row| {
            Ok(RetiredKey { public_key: row.get(0)?, until: to_time(row, 1)? })
        })?
        .collect()
    }
}

fn name(id: KeyId) -> String {
    id.0.to_string()
}

fn failed(source: crate::seal::SealError) -> StoreError {
    StoreError::Seal { table: TABLE, source }
}
