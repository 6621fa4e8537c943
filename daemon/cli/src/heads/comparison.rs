//! Whether the journal leads to the heads that left the store.

use serde_json::{Value, json};

use super::Head;
use crate::bus::administration::AuditProxy;
use crate::bus::value::object;
use crate::failure::Failure;
use crate::output::number;

/// A head that the journal does not lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The number of its entry.
    pub seq: u64,
    /// What is wrong.
    pub why: String,
}

impl Problem {
    /// For scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({"seq": self.seq, "why": self.why})
    }
}

/// What is wrong between the heads and the journal, whose whole chain was verified with this answer; the earliest first.
/// The heads were read before that: the journal only grows, so it must lead to every head that was there before.
///
/// # Errors
/// The daemon's.
pub async fn compare(heads: &[Head], answer: &Value, journal: &AuditProxy) -> Result<Vec<Problem>, Failure> {
    let mut problems = Vec::new();
    for head in heads {
        let seq = head.seq;
        let why = if answer["public_key"] != head.public_key.as_str() {
            format!("entry {seq} was signed with another key: the database, or its key, was replaced")
        } else if seq > number(answer, "seq") && !is_explained(seq, answer) {
            format!("it was cut off at the end: entry {seq} was signed, and the last is {}", answer["seq"])
        } else if !is_there(head, answer, journal).await? && !is_explained(seq, answer) {
            format!("entry {seq} is another than the one that was signed")
        } else {
            continue;
        };
        problems.push(Problem { seq, why });
    }
    Ok(problems)
}

/// Whether the entry is the one that the head names, or was removed by the rules of retention.
async fn is_there(head: &Head, answer: &Value, journal: &AuditProxy) -> Result<bool, Failure> {
    let begin = &answer["checkpoint"];
    let hash = match number(begin, "seq") {
        removed if head.seq < removed || head.seq == 0 => return Ok(true),
        removed if head.seq == removed => begin["hash"].clone(),
        _ if head.seq > number(answer, "seq") => return Ok(false),
        _ => {
            let entries = journal.read_behind(head.seq - 1, 1).await?;
            entries
                .first()
                .map(object)
                .filter(|entry| number(entry, "seq") == head.seq)
                .map_or(Value::Null, |entry| entry["hash"].clone())
        }
    };
    Ok(hash == head.hash.as_str())
}

/// Whether the journal itself says that this entry was given up by going back to a backup.
fn is_explained(seq: u64, answer: &Value) -> bool {
    answer["restores"].as_array().into_iter().flatten().any(|restored| {
        (number(restored, "back_to_seq") + 1..=number(restored, "replaced_seq")).contains(&seq)
    })
}
