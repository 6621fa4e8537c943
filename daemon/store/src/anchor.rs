//! The anchor: the last signed head that left the database, in a file beside it or elsewhere.
//!
//! A database that ends before its anchor, or tells another story, was put back to an earlier state; the daemon does not
//! serve it silently. The anchor guards against accidents and against whoever has the database alone. Whoever may
//! write both files can change both: heads in the system's journal, or on another machine, are for that.

use std::io::Read as _;
use std::path::Path;

use readmit_recovery::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::error::StoreError;
use crate::head::SignedHead;
use crate::journal::Head;
use crate::limits::MAX_ANCHOR_BYTES;

/// A head with the time at which it was exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The head.
    pub head: SignedHead,
    /// When it was exported.
    pub at: Timestamp,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    readmit_anchor: u32,
    seq: u64,
    #[serde(with = "hex")]
    hash: [u8; 32],
    #[serde(with = "hex")]
    signature: [u8; 64],
    #[serde(with = "hex")]
    public_key: [u8; 32],
    at: u64,
}

/// The form of the file.
const FORM: u32 = 1;

impl Anchor {
    /// Reads the anchor; none if there is no file.
    ///
    /// # Errors
    /// [`StoreError::Anchor`] if it is malformed or its signature forged, [`StoreError::File`] if it cannot be read.
    pub fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        let mut text = Vec::new();
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::file("open", path)(error)),
        };
        file.take(MAX_ANCHOR_BYTES).read_to_end(&mut text).map_err(StoreError::file("read", path))?;
        let wrong = |why| StoreError::Anchor { path: path.to_owned(), why };
        let document: Document =
            serde_json::from_slice(&text).map_err(|_| wrong("it cannot be understood"))?;
        if document.readmit_anchor != FORM {
            return Err(wrong("a newer program wrote it"));
        }
        let head = SignedHead {
            head: Head { seq: document.seq, hash: document.hash },
            signature: document.signature,
            public_key: document.public_key,
        };
        if !head.is_genuine() {
            return Err(wrong("its signature is forged"));
        }
        Ok(Some(Self { head, at: Timestamp::from_unix(document.at) }))
    }

    /// Puts the anchor in place of the one before it; it is on disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::File`]; then the one before it is still there.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        let document = Document {
            readmit_anchor: FORM,
            seq: self.head.head.seq,
            hash: self.head.head.hash,
            signature: self.head.signature,
            public_key: self.head.public_key,
            at: self.at.unix(),
        };
        let mut text = serde_json::to_vec(&document)
            .map_err(|error| StoreError::file("write", path)(std::io::Error::other(error)))?;
        text.push(b'\n');
        durable::replace(path, &text).map_err(StoreError::file("write", path))
    }
}
