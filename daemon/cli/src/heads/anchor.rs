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

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::json;

    use super::*;

    fn written(seq: u64, signed_seq: u64) -> String {
        let key = SigningKey::from_bytes(&[7; 32]);
        let signed = [b"readmit-journal-head-1".as_slice(), &signed_seq.to_be_bytes(), &[9; 32]].concat();
        json!({
            "readmit_anchor": 1, "seq": seq, "hash": hex::encode([9; 32]), "at": 1_700_000_000,
            "signature": hex::encode(key.sign(&signed).to_bytes()),
            "public_key": hex::encode(key.verifying_key().to_bytes()),
        })
        .to_string()
    }

    #[test]
    fn an_anchor_counts_only_as_it_was_signed() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("anchor");
        assert_eq!(anchor(&file), Anchored::Absent);
        assert!(matches!(anchor(place.path()), Anchored::Hidden(_)), "a directory cannot be read");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            anchor(&file)
        };
        match read(&written(5, 5)) {
            Anchored::At(head, at) => assert_eq!((head.seq, at), (5, 1_700_000_000)),
            other => panic!("{other:?}"),
        }
        assert_eq!(read(&written(6, 5)), Anchored::Useless("its signature is forged"));
        let newer = written(5, 5).replace("\"readmit_anchor\":1", "\"readmit_anchor\":2");
        assert_eq!(read(&newer), Anchored::Useless("another version of readmitd wrote it"));
        assert_eq!(read(""), Anchored::Useless("it cannot be understood"));
    }

    #[test]
    fn no_more_is_read_than_an_anchor_has() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let most = usize::try_from(ANCHOR_BYTES).unwrap();
        for (length, fits) in [(most, true), (most + 1, false)] {
            let text = written(5, 5);
            std::fs::write(file.path(), format!("{}{text}", " ".repeat(length - text.len()))).unwrap();
            assert_eq!(matches!(anchor(file.path()), Anchored::At(..)), fits, "{length}");
        }
    }
}
