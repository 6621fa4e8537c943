//! The copy from before a new schema: a backup like any other, beside the database.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use readmit_recovery::time::Timestamp;
use rusqlite::Connection;

use super::{copying, secrets};
use crate::durable;
use crate::error::StoreError;
use crate::head::HeadSigner;
use crate::limits::SCHEMA_COPIES;
use crate::seal::Sealer;

/// Keeps a copy of a database of this schema; of those from before, the newest stay.
pub(super) fn keep_copy(
    connection: &Connection,
    path: &Path,
    sealer: &Sealer,
    schema: i64,
) -> Result<(), StoreError> {
    // The copy, and the backup that is made of it in the same place.
    copying::refuse_without_room(path, copying::copied_bytes(path).saturating_mul(2))?;
    let copy = durable::with_suffix(path, &format!(".schema-{schema}.bak"));
    let draft = durable::with_suffix(&copy, ".part");
    let failed = |source| StoreError::file("make", &copy)(source);
    durable::remove_if_there(&draft).map_err(failed)?;
    let signer = {
        // Keys that it has not yet are made with its new schema, and not kept here.
        let _undone = connection.unchecked_transaction()?;
        HeadSigner::new(&secrets::load(connection, sealer)?.journal)
    };
    let file = durable::create_new(&draft).map_err(failed)?;
    copying::back_up(connection, path, &signer, now(), &file).inspect_err(|_| {
        // What is left of it is in the way of the next try alone.
        let _ = durable::remove_if_there(&draft);
    })?;
    std::fs::rename(&draft, &copy).and_then(|()| durable::sync_directory(&copy)).map_err(failed)?;
    tracing::info!(copy = %copy.display(), "the database was copied before its new schema");
    let older = copies(path);
    for (_, old) in older.iter().take(older.len().saturating_sub(SCHEMA_COPIES)) {
        if let Err(error) = durable::remove_if_there(old) {
            tracing::warn!(%error, copy = %old.display(), "an old copy of the database is still there");
        }
    }
    Ok(())
}

/// The newest copy of a schema that this program knows.
pub(super) fn usable_copy(path: &Path, known: i64) -> Option<PathBuf> {
    copies(path).into_iter().rfind(|(schema, _)| *schema <= known).map(|(_, copy)| copy)
}

/// The copies beside a database, the oldest schema first.
fn copies(path: &Path) -> Vec<(i64, PathBuf)> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let schema = |copy: &Path| -> Option<i64> {
        let copy = copy.file_name()?.to_str()?;
        copy.strip_prefix(name)?.strip_prefix(".schema-")?.strip_suffix(".bak")?.parse().ok()
    };
    let files = std::fs::read_dir(durable::directory_of(path)).into_iter().flatten().flatten();
    let mut copies: Vec<_> =
        files.map(|file| file.path()).filter_map(|copy| Some((schema(&copy)?, copy))).collect();
    copies.sort();
    copies
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_unix(since.map_or(0, |since| since.as_secs()))
}
