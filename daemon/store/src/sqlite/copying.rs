//! Copies of the database as of one moment, made while everything runs.

use std::fs::File;
use std::path::Path;

use readmit_recovery::time::Timestamp;
use rusqlite::Connection;

use super::journal::signed_head;
use super::open_copy;
use crate::backup::{Copied, Manifest, write};
use crate::durable;
use crate::error::StoreError;
use crate::head::HeadSigner;
use crate::journal::Head;
use crate::limits::FREE_BESIDE_COPY;

/// What stands behind a database's name in that of the copy that a backup is made from.
pub(super) const COPY: &str = ".copy";

/// Writes a backup of the database that `connection` reads. Readers and the writer go on meanwhile.
pub(super) fn back_up(
    connection: &Connection,
    path: &Path,
    signer: &HeadSigner,
    at: Timestamp,
    to: &File,
) -> Result<Manifest, StoreError> {
    refuse_without_room(path, copied_bytes(path))?;
    let copy = Copy::of(connection, path)?;
    let (schema, head) = {
        let copied = open_copy(&copy.path)?;
        let schema: i64 = copied.pragma_query_value(None, "user_version", |row| row.get(0))?;
        // The journal came with the third step.
        let head = if schema < 3 { None } else { signed_head(&copied)? };
        (schema, head.map_or(Head::EMPTY, |(head, _)| head))
    };
    Ok(write(&copy.path, &Copied { schema, head, at }, signer, to)?)
}

/// A copy beside the database; it is gone when this is.
struct Copy {
    path: std::path::PathBuf,
}

impl Copy {
    fn of(connection: &Connection, database: &Path) -> Result<Self, StoreError> {
        let path = durable::with_suffix(database, COPY);
        durable::remove_if_there(&path).map_err(StoreError::file("remove", &path))?;
        // Made here, so that nobody else may ever read it; SQLite takes an empty file.
        drop(durable::create_new(&path).map_err(StoreError::file("make", &path))?);
        let copy = Self { path };
        let name = copy.path.to_str().ok_or_else(|| {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidFilename, "its name is not UTF-8");
            StoreError::file("make", &copy.path)(source)
        })?;
        connection.execute("VACUUM INTO ?1", [name])?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = durable::remove_if_there(&self.path) {
            tracing::warn!(%error, "the copy that a backup was made from is still there");
        }
    }
}

/// What a copy of the database takes.
pub(super) fn copied_bytes(path: &Path) -> u64 {
    size(path) + size(&durable::with_suffix(path, "-wal"))
}

/// Says how much room is missing for so many bytes beside the database, before it is missing.
pub(super) fn refuse_without_room(path: &Path, bytes: u64) -> Result<(), StoreError> {
    let directory = durable::directory_of(path);
    let failed = StoreError::file("look at", directory);
    let found = rustix::fs::statvfs(directory).map_err(|errno| failed(errno.into()))?;
    let needed = bytes.saturating_add(FREE_BESIDE_COPY);
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if free < needed {
        return Err(StoreError::NoRoom { path: path.to_owned(), needed, free });
    }
    Ok(())
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |found| found.len())
}
