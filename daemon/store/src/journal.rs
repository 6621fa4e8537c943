//! The journal: what happened, in an order that nobody can change unseen.
//!
//! Each entry's hash covers the hash before it and every field, so a changed, removed or reordered entry
//! breaks the chain from there on. The head (the last number and hash) is signed once a commit with a key that
//! is sealed in the store, so a cut end or a whole rewritten chain shows too. What cannot be noticed from
//! within is the whole database put back to an earlier state: heads are kept elsewhere and compared ([`crate::Anchor`],
//! and wherever the daemon exports them to). Entries go away at the beginning alone, behind a signed
//! [`crate::Checkpoint`] that the rest is chained to.

use readmit_recovery::id::{AccountId, CaseHandle};
use readmit_recovery::time::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::head::Checkpoint;

/// Something to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What happened: `case.opened`, `factor.proven` …
    pub kind: String,
    /// In which case.
    pub case: Option<CaseHandle>,
    /// To which account.
    pub account: Option<AccountId>,
    /// Everything else. Lies in clear on the disk, so no secret and no whole address may be in it.
    pub detail: Map<String, Value>,
}

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its number, from 1 without a gap.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What happened.
    pub entry: Entry,
    /// Its hash, over everything above and the hash before.
    pub hash: [u8; 32],
}

/// Where the journal ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 before the first.
    pub seq: u64,
    /// The hash of the last entry; zeros before the first.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of an empty journal.
    pub const EMPTY: Self = Self { seq: 0, hash: [0; 32] };
}

/// What a check of the whole journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalReport {
    /// How many entries were read.
    pub rows: u64,
    /// The signed head.
    pub head: Head,
    /// The Ed25519 signature of the head: over `readmit-journal-head-1`, the number as 8 bytes big-endian,
    /// the hash.
    pub signature: [u8; 64],
    /// The Ed25519 key that it verifies with.
    pub public_key: [u8; 32],
    /// The number of the first entry that is wrong, and what is wrong with it.
    pub broken: Option<(u64, &'static str)>,
    /// Where the journal begins, if older entries were removed.
    pub checkpoint: Option<Checkpoint>,
    /// How often an earlier state was put back, the latest [`crate::limits::MAX_RESTORES_TOLD`].
    pub restores: Vec<Restored>,
}

/// What a look at some entries of the journal found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalSlice {
    /// The last entry that holds: where the next look goes on.
    pub last: Head,
    /// How many entries were read.
    pub rows: u32,
    /// Whether there is nothing more to look at: the end was reached, or something is wrong.
    pub finished: bool,
    /// The number of the first entry that is wrong, and what is wrong with it.
    pub broken: Option<(u64, &'static str)>,
}

/// An entry that says that an earlier state was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The number of the entry `store.restored`.
    pub seq: u64,
    /// Where the journal of the backup ended.
    pub back_to: Head,
    /// The last head that was known before.
    pub replaced: Head,
}

/// The fields of an entry as the hash covers them.
pub(crate) struct Link<'a> {
    pub(crate) seq: u64,
    pub(crate) at: u64,
    pub(crate) actor: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) case: Option<&'a str>,
    pub(crate) account: Option<&'a str>,
    pub(crate) detail: &'a str,
}

impl Link<'_> {
    /// The hash of this entry behind one whose hash is `previous`.
    pub(crate) fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(b"readmit-journal-1");
        digest.update(previous);
        digest.update(self.seq.to_be_bytes());
        digest.update(self.at.to_be_bytes());
        // Each text behind its length, and an absent one unlike an empty one: no two entries read the same.
        for text in [Some(self.actor), Some(self.kind), self.case, self.account, Some(self.detail)] {
            match text {
                None => digest.update(u64::MAX.to_be_bytes()),
                Some(text) => {
                    digest.update((text.len() as u64).to_be_bytes());
                    digest.update(text.as_bytes());
                }
            }
        }
        digest.finalize().into()
    }
}

/// The JSON of a detail with the keys of every object sorted, whichever features `serde_json` was built with.
pub(crate) fn canonical(detail: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_object(detail, &mut text);
    text
}

fn write_object(object: &Map<String, Value>, text: &mut String) {
    let mut members: Vec<_> = object.iter().collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    text.push('{');
    for (index, (key, value)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(key.as_str()).to_string());
        text.push(':');
        write_value(value, text);
    }
    text.push('}');
}

fn write_value(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => write_object(object, text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn link() -> Link<'static> {
        Link { seq: 7, at: 9, actor: "uid:0", kind: "k", case: Some("c"), account: None, detail: "{}" }
    }

    #[test]
    fn the_hash_covers_every_field() {
        let hash = |link: Link<'_>| link.hash(&[1; 32]);
        let changed = [
            Link { seq: 8, ..link() }.hash(&[1; 32]),
            Link { at: 8, ..link() }.hash(&[1; 32]),
            Link { actor: "uid:1", ..link() }.hash(&[1; 32]),
            Link { kind: "l", ..link() }.hash(&[1; 32]),
            Link { case: Some(""), ..link() }.hash(&[1; 32]),
            Link { case: None, ..link() }.hash(&[1; 32]),
            Link { case: None, account: Some("c"), ..link() }.hash(&[1; 32]),
            Link { account: Some(""), ..link() }.hash(&[1; 32]),
            Link { detail: "{} ", ..link() }.hash(&[1; 32]),
            Link { actor: "uid:0k", kind: "", ..link() }.hash(&[1; 32]),
            link().hash(&[2; 32]),
        ];
        for (index, other) in changed.iter().enumerate() {
            assert_ne!(*other, hash(link()), "change {index}");
        }
        assert_eq!(hash(link()), hash(link()));
    }

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let mut detail = Map::new();
        detail.insert("b".into(), json!([{"z": 1, "a": null}, "x\"y"]));
        detail.insert("a".into(), json!({"d": 1.5, "c": true}));
        let text = canonical(&detail);
        assert_eq!(text, r#"{"a":{"c":true,"d":1.5},"b":[{"a":null,"z":1},"x\"y"]}"#);
        assert_eq!(serde_json::from_str::<Map<String, Value>>(&text).unwrap(), detail);
    }
}
