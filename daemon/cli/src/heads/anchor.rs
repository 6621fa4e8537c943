//! The anchor: the file in which the daemon keeps the last head that left the store.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use serde::Deserialize;

use super::{Head, is_genuine};
use crate::limits::ANCHOR_BYTES;

/// What is in the place of the anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchored {
    /// A head, and when it was written, in Unix seconds.
    At(Head, u64),
    /// No file.
    Absent,
    /// A file that nothing can be learnt from.
    Useless(&'static str),
    /// A file that could not be read.
    Hidden(String),
}

/// The file's form; a later form may have more.
#[derive(Deserialize)]
struct Document {
    readmit_anchor: u32,
    seq: u64,
    hash: String,
    signature: String,
    public_key: String,
    at: u64,
}

/// Reads the anchor.
#[must_use]
pub fn anchor(path: &Path) -> Anchored {
    let mut text = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(ANCHOR_BYTES).read_to_end(&mut text));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => return Anchored::Absent,
        Err(error) => return Anchored::Hidden(error.to_string()),
        Ok(_) => {}
    }
    let Ok(found) = serde_json::from_slice::<Document>(&text) else {
        return Anchored::Useless("it cannot be understood");
    };
    if found.readmit_anchor != 1 {
        return Anchored::Useless("another version of readmitd wrote it");
    }
    let head = Head { seq: found.seq, hash: found.hash, public_key: found.public_key };
    if is_genuine(&head, &found.signature) {
        Anchored::At(head, found.at)
    } else {
        Anchored::Useless("its signature is forged")
    }
}
