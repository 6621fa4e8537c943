//! Looking at the journal while everything runs: a bounded number of entries at a time, and whether it still leads to a
//! head that it had before.

use std::path::Path;

use super::column::number;
use super::pool::Reader;
use super::prune::checkpoint;
use super::{journal, rollback};
use crate::error::StoreError;
use crate::head::SignedHead;
use crate::journal::{Head, JournalSlice};

impl Reader<'_> {
    /// Checks the links of so many entries behind `behind`, and, where they are the last, how the journal ends.
    pub(super) fn check_journal(
        &self,
        public_key: &[u8; 32],
        behind: Option<Head>,
        limit: u32,
    ) -> Result<JournalSlice, StoreError> {
        let _snapshot = self.connection.unchecked_transaction()?;
        let begin = checkpoint(self.connection)?;
        // What was looked at last may have been removed since, by the rules of retention.
        let behind = behind.filter(|head| begin.as_ref().is_none_or(|begin| begin.head.seq <= head.seq));
        let forged = begin.as_ref().filter(|begin| !begin.is_genuine(public_key));
        if let Some(begin) = forged {
            let broken = Some((begin.head.seq, "the checkpoint's signature is forged"));
            return Ok(JournalSlice { last: begin.head, rows: 0, finished: true, broken });
        }
        // From the beginning on, also what stands before the first number.
        let from = behind.map_or(i64::MIN, |head| number(head.seq).saturating_add(1));
        let start = behind.or(begin.map(|begin| begin.head)).unwrap_or(Head::EMPTY);
        self.check_links(public_key, start, from, limit)
    }

    fn check_links(
        &self,
        public_key: &[u8; 32],
        start: Head,
        from: i64,
        limit: u32,
    ) -> Result<JournalSlice, StoreError> {
        let mut statement = self.statement(
            "SELECT seq, at, actor, kind, case_id, account, detail, hash FROM journal
             WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
        )?;
        let mut entries = statement.query((from, limit))?;
        let (mut last, mut rows) = (start, 0);
        while let Some(entry) = entries.next()? {
            rows += 1;
            match journal::check_link(entry, &last) {
                Ok(head) => last = head,
                Err(found) => {
                    return Ok(JournalSlice { last, rows, finished: true, broken: Some(found) });
                }
            }
        }
        let finished = rows < limit;
        let broken = if finished { self.check_end(public_key, &last)? } else { None };
        Ok(JournalSlice { last, rows, finished, broken })
    }

    fn check_end(
        &self,
        public_key: &[u8; 32],
        last: &Head,
    ) -> Result<Option<(u64, &'static str)>, StoreError> {
        let tail = journal::tail(self.connection, public_key)?;
        // Entries that were looked at are gone, and the head with them.
        let cut = (tail.last.seq < last.seq).then_some((tail.last.seq + 1, "the end was cut off"));
        Ok(tail.broken.or(cut))
    }

    /// Whether the journal leads to a head that it had before.
    pub(super) fn leads_to(
        &self,
        public_key: &[u8; 32],
        path: &Path,
        known: &SignedHead,
    ) -> Result<(), StoreError> {
        let _snapshot = self.connection.unchecked_transaction()?;
        let tail = journal::tail(self.connection, public_key)?;
        if let Some((seq, why)) = tail.broken {
            return Err(StoreError::JournalBroken { seq, why });
        }
        rollback::refuse_earlier(self.connection, path, &tail.last, public_key, known)
    }
}
