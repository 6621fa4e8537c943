//! The keys that only this database needs: they lie in it, sealed, and stay when the keyring rotates.

use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::keyring::KeyringError;
use crate::seal::Sealer;

/// The keys of one database.
pub(super) struct Secrets {
    /// Hashes the subjects of quotas, so that no address lies there.
    pub(super) subjects: Zeroizing<[u8; 32]>,
    /// Keys the answers about accounts that do not exist, so that they are the same after a restart.
    pub(super) decoys: Zeroizing<[u8; 32]>,
    /// Signs the sign-ins that are handed to other logins.
    pub(super) sign_in: Zeroizing<[u8; 32]>,
    /// Signs the head of the journal.
    pub(super) journal: Zeroizing<[u8; 32]>,
    /// Whether they were made just now, and the database with them.
    pub(super) fresh: bool,
}

/// Reads the keys, or makes them in a new database.
pub(super) fn load(connection: &Connection, sealer: &Sealer) -> Result<Secrets, StoreError> {
    let (journal, fresh) = load_one(connection, sealer, "journal")?;
    let (subjects, _) = load_one(connection, sealer, "subjects")?;
    let (decoys, _) = load_one(connection, sealer, "decoys")?;
    let (sign_in, _) = load_one(connection, sealer, "sign_in")?;
    Ok(Secrets { subjects, decoys, sign_in, journal, fresh })
}

fn load_one(
    connection: &Connection,
    sealer: &Sealer,
    name: &str,
) -> Result<(Zeroizing<[u8; 32]>, bool), StoreError> {
    let sealed: Option<Vec<u8>> = connection
        .query_row("SELECT sealed FROM secrets WHERE name = ?1", [name], |row| row.get(0))
        .optional()?;
    let failed = |source| StoreError::Seal { table: "secrets", source };
    if let Some(sealed) = sealed {
        let plain = sealer.unseal("secrets", name, &sealed).map_err(failed)?;
        let key: &[u8; 32] =
            plain.as_slice().try_into().map_err(StoreError::malformed("secrets", "sealed"))?;
        return Ok((Zeroizing::new(*key), false));
    }
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut()).map_err(KeyringError::Random)?;
    let sealed = sealer.seal("secrets", name, key.as_slice()).map_err(failed)?;
    connection.execute("INSERT INTO secrets (name, sealed) VALUES (?1, ?2)", (name, sealed))?;
    Ok((key, true))
}
