//! The decision log, for auditors and for those who hold a candidate against it.

use readmit_recovery::time::Timestamp;
use readmit_store::{Entry, StoredDecision, Write};
use serde_json::{Map, Value};

use super::limits::{MAX_LIST_BYTES, MAX_ROWS};
use super::{Fault, Service};

impl Service {
    /// The decision log from a time and behind a number on. Fewer than `limit` rows come where they are large; none
    /// means that there are no more. Reading it is journalled, as it holds what is on file about people.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn decisions(
        &self,
        since: Timestamp,
        after: u64,
        limit: u32,
        actor: &str,
    ) -> Result<Vec<StoredDecision>, Fault> {
        let rows = self.store.decisions(since, after, limit.min(MAX_ROWS)).await?;
        let rows = within_bytes(rows, |one| one.row.input.len() + one.row.verdict.len());
        if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
            let entry = access("decisions_read", first.id, last.id, rows.len());
            self.commit(actor, vec![entry]).await?;
        }
        Ok(rows)
    }
}

/// As many rows from the beginning as one answer holds, at least one.
pub(super) fn within_bytes<T>(mut rows: Vec<T>, size: impl Fn(&T) -> usize) -> Vec<T> {
    let mut bytes = 0;
    let fitting = rows.iter().take_while(|row| {
        bytes += size(row);
        bytes <= MAX_LIST_BYTES
    });
    let count = fitting.count().max(1);
    rows.truncate(count);
    rows
}

/// That somebody has read what is on file about people.
pub(super) fn access(kind: &str, first: u64, last: u64, rows: usize) -> Write {
    let numbers = [("first", first), ("last", last), ("rows", rows as u64)];
    let detail: Map<String, Value> =
        numbers.into_iter().map(|(name, number)| (name.to_owned(), Value::from(number))).collect();
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: None, detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_so_many_bytes_and_at_least_one_row() {
        let sizes = |rows: &[usize]| within_bytes(rows.to_vec(), |size| *size);
        assert!(sizes(&[]).is_empty());
        assert_eq!(sizes(&[MAX_LIST_BYTES + 1, 1]), [MAX_LIST_BYTES + 1]);
        assert_eq!(sizes(&[1, MAX_LIST_BYTES - 1, 1]), [1, MAX_LIST_BYTES - 1]);
    }
}
