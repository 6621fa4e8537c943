//! Whether the database is the one that was here before, and no earlier state of it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::column::number;
use super::prune::checkpoint;
use crate::anchor::Anchor;
use crate::error::StoreError;
use crate::head::SignedHead;
use crate::journal::Head;

/// Refuses to make a new database where there was one before.
pub(super) fn refuse_gone(path: &Path, anchor: Option<&Anchor>) -> Result<(), StoreError> {
    let is_there = path.metadata().is_ok_and(|found| found.len() > 0);
    match anchor {
        Some(anchor) if !is_there => {
            Err(StoreError::Gone { path: path.to_owned(), known: anchor.head.head.seq })
        }
        _ => Ok(()),
    }
}

/// Refuses a database that ends before a head that is known, or whose journal is another one.
pub(super) fn refuse_earlier(
    connection: &Connection,
    path: &Path,
    found: &Head,
    public_key: &[u8; 32],
    signed: &SignedHead,
) -> Result<(), StoreError> {
    let known = signed.head;
    let other = |why| StoreError::OtherHistory { path: path.to_owned(), why, known: known.seq };
    if signed.public_key != *public_key {
        return Err(other("its journal is signed with another key"));
    }
    if known.seq > found.seq {
        return Err(StoreError::RolledBack { path: path.to_owned(), found: found.seq, known: known.seq });
    }
    match hash_at(connection, known.seq)? {
        Some(hash) if hash == known.hash => Ok(()),
        Some(_) => Err(other("its journal tells another story")),
        // Entries behind an exported head are never pruned, so a checkpoint beyond it is younger.
        None if checkpoint(connection)?.is_some_and(|checkpoint| checkpoint.head.seq > known.seq) => Ok(()),
        None => Err(other("an entry of its journal is missing")),
    }
}

/// The hash of an entry, also of the last one that was pruned.
pub(super) fn hash_at(connection: &Connection, seq: u64) -> Result<Option<[u8; 32]>, StoreError> {
    if seq == 0 {
        return Ok(Some(Head::EMPTY.hash));
    }
    let hash = connection
        .query_row("SELECT hash FROM journal WHERE seq = ?1", [number(seq)], |row| row.get(0))
        .optional()?;
    if hash.is_some() {
        return Ok(hash);
    }
    let begin = checkpoint(connection)?.filter(|checkpoint| checkpoint.head.seq == seq);
    Ok(begin.map(|checkpoint| checkpoint.head.hash))
}
