//! Signed heads of the journal, as they left the store: from the system's journal, from the anchor, or from whatever kept
//! them; and whether the journal still leads to them.

mod anchor;
mod comparison;

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use serde_json::Value;

use crate::failure::{Failure, Kind};
use crate::limits::{HEAD_LINE_BYTES, HEADS_BYTES, HEADS_COMPARED};
use crate::work::aside;

pub use anchor::{Anchored, anchor};
pub use comparison::{Problem, compare};

/// What the daemon marks its heads with.
const MESSAGE_ID: &str = "5d0c7a1e0b6f4b7c9e6b3a8f2d41c9e7";

/// A head that its key has signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// The number of the entry.
    pub seq: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// The key, in hexadecimal.
    pub public_key: String,
}

/// What was found.
pub struct Found {
    /// Where.
    pub source: String,
    /// The heads, without doubles, in order.
    pub heads: Vec<Head>,
    /// How many were there whose signature does not fit.
    pub forged: usize,
}

/// The heads in a file, `-` being standard input.
///
/// # Errors
/// It cannot be read.
pub async fn of_file(path: &Path) -> Result<Found, Failure> {
    let (path, source) = (path.to_owned(), path.display().to_string());
    let read = aside(move || {
        if path == Path::new("-") {
            return Ok(read(std::io::stdin().lock(), "standard input"));
        }
        let name = path.display().to_string();
        std::fs::File::open(&path).map(|file| read(file, &name))
    });
    read.await?.map_err(|error| {
        Failure::new(Kind::Failed, format!("the heads in {source} cannot be read: {error}"))
            .with_hint("name a file that journalctl -o json or the daemon's log was written to")
    })
}

/// The heads in the system's journal; none, where there is no such thing or this user may not read it.
///
/// # Errors
/// The work broke down.
pub async fn of_journal() -> Result<Found, Failure> {
    aside(|| {
        let nothing = |why: &str| Found {
            source: format!("the system's journal ({why})"),
            heads: Vec::new(),
            forged: 0,
        };
        // The unit's name is systemd's word, not the sender's: nobody else can put heads there.
        let child = Command::new("journalctl")
            .args(["--quiet", "--no-pager", "--output=json", "_SYSTEMD_UNIT=readmitd.service"])
            .arg(format!("MESSAGE_ID={MESSAGE_ID}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else { return nothing("there is no journalctl") };
        let Some(output) = child.stdout.take() else { return nothing("it gives nothing") };
        let found = read(output, "the system's journal");
        match child.wait() {
            Ok(status) if status.success() => found,
            _ if found.heads.is_empty() => nothing("journalctl cannot read it"),
            _ => found,
        }
    })
    .await
}

fn read(from: impl Read, source: &str) -> Found {
    let (mut heads, mut forged) = (Vec::new(), 0);
    for line in BufReader::new(from.take(HEADS_BYTES)).split(b'\n') {
        let Ok(line) = line else { break };
        if line.len() > HEAD_LINE_BYTES {
            continue;
        }
        let line = String::from_utf8_lossy(&line);
        let Some((head, signature)) = head_of(&line) else { continue };
        if is_genuine(&head, &signature) {
            heads.push(head)
        } else {
            forged += 1
        }
        // A bounded number is kept while reading; what goes is the oldest.
        if heads.len() > 2 * HEADS_COMPARED {
            settle(&mut heads);
        }
    }
    settle(&mut heads);
    Found { source: source.to_owned(), heads, forged }
}

fn settle(heads: &mut Vec<Head>) {
    heads.sort();
    heads.dedup();
    heads.drain(..heads.len().saturating_sub(HEADS_COMPARED));
}

/// The head in a line: an object of `journalctl -o json`, or a line of the daemon's log.
fn head_of(line: &str) -> Option<(Head, String)> {
    let object: Option<Value> = serde_json::from_str(line).ok();
    let field = |name: &str| -> Option<String> {
        match &object {
            Some(object) => {
                let object = object.get("fields").unwrap_or(object);
                match object.get(name)? {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                }
            }
            None => {
                let (_, rest) = line.split_once(&format!("{name}="))?;
                Some(rest.split_whitespace().next()?.trim_matches('"').to_owned())
            }
        }
    };
    let head = Head {
        seq: field("READMIT_JOURNAL_SEQ")?.parse().ok()?,
        hash: field("READMIT_JOURNAL_HASH")?,
        public_key: field("READMIT_JOURNAL_PUBLIC_KEY")?,
    };
    Some((head, field("READMIT_JOURNAL_SIGNATURE")?))
}

/// Over `readmit-journal-head-1`, the number as 8 bytes big-endian, the hash.
fn is_genuine(head: &Head, signature: &str) -> bool {
    let (mut hash, mut key, mut bytes) = ([0; 32], [0; 32], [0; 64]);
    let decoded = hex::decode_to_slice(&head.hash, &mut hash)
        .and_then(|()| hex::decode_to_slice(&head.public_key, &mut key))
        .and_then(|()| hex::decode_to_slice(signature, &mut bytes));
    let signed = [b"readmit-journal-head-1".as_slice(), &head.seq.to_be_bytes(), &hash].concat();
    decoded.is_ok()
        && VerifyingKey::from_bytes(&key)
            .is_ok_and(|key| key.verify(&signed, &Signature::from_bytes(&bytes)).is_ok())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::json;

    use super::*;

    fn fields(seq: u64, signed_seq: u64) -> Value {
        let key = SigningKey::from_bytes(&[7; 32]);
        let signed = [b"readmit-journal-head-1".as_slice(), &signed_seq.to_be_bytes(), &[9; 32]].concat();
        json!({
            "READMIT_JOURNAL_SEQ": seq.to_string(), "READMIT_JOURNAL_HASH": hex::encode([9; 32]),
            "READMIT_JOURNAL_SIGNATURE": hex::encode(key.sign(&signed).to_bytes()),
            "READMIT_JOURNAL_PUBLIC_KEY": hex::encode(key.verifying_key().to_bytes()),
        })
    }

    fn logged(fields: &Value) -> String {
        let pairs = fields.as_object().unwrap().iter();
        let pairs: Vec<_> = pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap())).collect();
        format!(
            "2026-11-22T10:00:00Z  INFO readmit::head: the journal ends MESSAGE_ID=\"x\" {}",
            pairs.join(" ")
        )
    }

    #[test]
    fn heads_are_found_in_either_form_and_only_once() {
        let text =
            format!("{}\nanother line\n{}\n{{}}\n{}\n", fields(5, 5), logged(&fields(5, 5)), fields(6, 6));
        let found = read(text.as_bytes(), "x");
        assert_eq!(found.heads.iter().map(|head| head.seq).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(found.forged, 0);
    }

    #[test]
    fn what_the_key_has_not_signed_is_no_head() {
        let found = read(fields(7, 6).to_string().as_bytes(), "x");
        assert!(found.heads.is_empty());
        assert_eq!(found.forged, 1);
    }
}
