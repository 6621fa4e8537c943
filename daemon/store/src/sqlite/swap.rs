//! Putting one database in the place of another, so that whenever the power goes there is the old one or the new one, each
//! with its anchor.
//!
//! The note beside the database is the moment from which on the new one counts: what it says is done again until it is
//! done.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::anchor::Anchor;
use crate::durable::{directory_of, remove_if_there, replace, sync_directory, with_suffix};
use crate::error::StoreError;
use crate::limits::MAX_ANCHOR_BYTES;

/// What stands behind a database's name in that of the one that is to take its place.
pub(super) const CANDIDATE: &str = ".restoring";
const NOTE: &str = ".restore";
const NOTE_ANCHOR: &str = ".restore.anchor";
/// What SQLite keeps beside a database; before it, so that they move first.
const PARTS: [&str; 3] = ["-wal", "-shm", ""];

/// What is to be done.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// The name that the replaced database gets, in the same directory.
    aside: String,
}

/// Puts the candidate in the place of the database, which is kept under the name that is returned.
pub(super) fn swap(
    path: &Path,
    anchor_path: Option<&Path>,
    anchor: &Anchor,
    aside: &str,
) -> Result<PathBuf, StoreError> {
    anchor.write(&with_suffix(path, NOTE_ANCHOR))?;
    let note = serde_json::to_vec(&Note { aside: aside.to_owned() }).unwrap_or_default();
    let file = with_suffix(path, NOTE);
    replace(&file, &note).map_err(StoreError::file("write", &file))?;
    finish(path, anchor_path)?;
    Ok(directory_of(path).join(aside))
}

/// Ends what an earlier restore has begun: all of it, if it had come to the note, and nothing of it otherwise.
pub(super) fn finish(path: &Path, anchor_path: Option<&Path>) -> Result<(), StoreError> {
    let (file, candidate) = (with_suffix(path, NOTE), with_suffix(path, CANDIDATE));
    let failed = |source| StoreError::file("put a database in place of", path)(source);
    let Some(note) = read(&file)? else { return discard(path).map_err(failed) };
    if candidate.exists() {
        let aside = directory_of(path).join(&note.aside);
        for part in PARTS {
            let from = with_suffix(path, part);
            if from.exists() {
                std::fs::rename(&from, with_suffix(&aside, part)).map_err(failed)?;
            }
        }
        std::fs::rename(&candidate, path).and_then(|()| sync_directory(path)).map_err(failed)?;
    }
    let noted = with_suffix(path, NOTE_ANCHOR);
    if let (Some(anchor), Some(anchor_path)) = (Anchor::read(&noted)?, anchor_path) {
        anchor.write(anchor_path)?;
    }
    remove_if_there(&file).and_then(|()| sync_directory(path)).map_err(failed)?;
    discard(path).map_err(failed)
}

/// Removes what a restore leaves that did not come to its note, or is done.
pub(super) fn discard(path: &Path) -> std::io::Result<()> {
    let candidate = with_suffix(path, CANDIDATE);
    for part in PARTS.into_iter().chain([".lock", "-journal"]) {
        remove_if_there(&with_suffix(&candidate, part))?;
    }
    remove_if_there(&with_suffix(path, NOTE_ANCHOR))
}

fn read(file: &Path) -> Result<Option<Note>, StoreError> {
    let failed = StoreError::file("read", file);
    match std::fs::read(file) {
        Ok(text) if text.len() as u64 <= MAX_ANCHOR_BYTES => {
            serde_json::from_slice(&text).map(Some).map_err(|error| failed(std::io::Error::other(error)))
        }
        Ok(_) => Err(failed(std::io::ErrorKind::FileTooLarge.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}
