//! The journal as a table: appending, reading, and checking it.

use readmit_recovery::id::CaseHandle;
use readmit_recovery::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value};

use super::column::{number, time, to_number, to_time};
use super::pool::{Reader, bounds};
use super::prune::checkpoint;
use super::session::Session;
use crate::error::{CommitError, StoreError};
use crate::head::{HeadSigner, SignedHead, verify_head};
use crate::journal::{Entry, Head, JournalReport, JournalRow, Link, Restored, canonical};
use crate::limits::{MAX_PAGE, MAX_RESTORES_TOLD};
use crate::store::Page;
use crate::upkeep::By;

impl Session<'_> {
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), CommitError> {
        let detail = canonical(&entry.detail);
        let link = Link {
            seq: self.head.seq + 1,
            // As the column holds it, so that the check computes the same.
            at: number(self.at.unix()).unsigned_abs(),
            actor: &self.actor,
            kind: &entry.kind,
            case: entry.case.as_ref().map(|case| case.as_str()),
            account: entry.account.as_ref().map(|account| account.as_str()),
            detail: &detail,
        };
        let hash = link.hash(&self.head.hash);
        self.execute(
            "INSERT INTO journal (seq, at, actor, kind, case_id, account, detail, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                number(link.seq),
                time(self.at),
                link.actor,
                link.kind,
                link.case,
                link.account,
                link.detail,
                hash,
            ),
        )?;
        self.head = Head { seq: link.seq, hash };
        Ok(())
    }

    /// Appends what the store itself does for somebody.
    pub(super) fn note<const N: usize>(
        &mut self,
        by: &By,
        kind: &str,
        detail: [(&str, Value); N],
    ) -> Result<(), CommitError> {
        self.at = by.at;
        self.actor.clone_from(&by.actor);
        let detail = detail.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        self.append(&Entry { kind: kind.to_owned(), case: None, account: None, detail })
    }
}

/// The kind of the entry that says that an earlier state was put back.
pub(super) const RESTORED: &str = "store.restored";

/// Writes the signed head.
pub(super) fn write_head(
    connection: &Connection,
    signer: &HeadSigner,
    head: &Head,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO journal_head (id, seq, hash, signature) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE
             SET seq = excluded.seq, hash = excluded.hash, signature = excluded.signature",
        )?
        .execute((number(head.seq), head.hash, signer.sign(head)))?;
    Ok(())
}

/// How the journal ends, and whether it ends as the signed head says.
pub(super) struct Tail {
    /// The last entry that there is.
    pub(super) last: Head,
    /// The highest number that an entry or the head has.
    pub(super) highest: u64,
    /// What is wrong with the end.
    pub(super) broken: Option<(u64, &'static str)>,
}

/// Looks at the end of the journal.
pub(super) fn tail(connection: &Connection, public_key: &[u8; 32]) -> Result<Tail, StoreError> {
    let last = connection
        .query_row("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?))
        })
        .optional()?
        .map(|(seq, hash)| Head { seq: u64::try_from(seq).unwrap_or(0), hash });
    let last = match last {
        Some(last) => last,
        None => checkpoint(connection)?.map_or(Head::EMPTY, |checkpoint| checkpoint.head),
    };
    let signed = signed_head(connection)?;
    let broken = check_end(&last, signed.as_ref(), public_key);
    let highest = signed.map_or(last.seq, |(head, _)| head.seq.max(last.seq));
    Ok(Tail { last, highest, broken })
}

pub(super) fn signed_head(connection: &Connection) -> Result<Option<(Head, [u8; 64])>, StoreError> {
    let row = connection
        .query_row("SELECT seq, hash, signature FROM journal_head WHERE id = 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    Ok(row.map(|(seq, hash, signature)| (Head { seq: u64::try_from(seq).unwrap_or(0), hash }, signature)))
}

fn check_end(
    last: &Head,
    signed: Option<&(Head, [u8; 64])>,
    public_key: &[u8; 32],
) -> Option<(u64, &'static str)> {
    let Some((head, signature)) = signed else { return Some((last.seq, "the signed head is missing")) };
    if !verify_head(head, signature, public_key) {
        return Some((head.seq, "the head's signature is forged"));
    }
    if last.seq < head.seq {
        return Some((last.seq + 1, "the end was cut off"));
    }
    if last.seq > head.seq {
        return Some((head.seq + 1, "it was added behind the signed head"));
    }
    (last.hash != head.hash).then_some((head.seq, "its hash is not the one that was signed"))
}

impl Reader<'_> {
    pub(super) fn journal(
        &self,
        since: Timestamp,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StoreError> {
        self.statement(
            "SELECT seq, at, actor, kind, case_id, account, detail, hash FROM journal
             WHERE seq > ?1 AND at >= ?2 ORDER BY seq LIMIT ?3",
        )?
        .query_and_then((number(after_seq), time(since), bounds(Page::new(0, limit)).0), journal_row)?
        .collect()
    }

    pub(super) fn journal_of(&self, case: &CaseHandle) -> Result<Vec<JournalRow>, StoreError> {
        self.statement(
            "SELECT seq, at, actor, kind, case_id, account, detail, hash FROM journal
             WHERE case_id = ?1 ORDER BY seq LIMIT ?2",
        )?
        .query_and_then((case.as_str(), MAX_PAGE), journal_row)?
        .collect()
    }

    /// Where the journal ends, as it is signed.
    pub(super) fn head(&self, public_key: &[u8; 32]) -> Result<SignedHead, StoreError> {
        let (head, signature) = signed_head(self.connection)?
            .ok_or(StoreError::JournalBroken { seq: 0, why: "the signed head is missing" })?;
        Ok(SignedHead { head, signature, public_key: *public_key })
    }
}

/// Reads every entry and checks its link, then the end. The first wrong entry is reported; what follows is only
/// counted.
pub(super) fn verify(connection: &Connection, public_key: &[u8; 32]) -> Result<JournalReport, StoreError> {
    let _snapshot = connection.unchecked_transaction()?;
    let begin = checkpoint(connection)?;
    let mut broken = begin
        .as_ref()
        .filter(|checkpoint| !checkpoint.is_genuine(public_key))
        .map(|checkpoint| (checkpoint.head.seq, "the checkpoint's signature is forged"));
    let mut statement = connection
        .prepare("SELECT seq, at, actor, kind, case_id, account, detail, hash FROM journal ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut previous = begin.as_ref().map_or(Head::EMPTY, |checkpoint| checkpoint.head);
    let (mut count, mut restores) = (0, std::collections::VecDeque::new());
    while let Some(row) = rows.next()? {
        count += 1;
        if broken.is_none() {
            match check_link(row, &previous) {
                Ok(head) => previous = head,
                Err(found) => broken = Some(found),
            }
            if let Some(restored) = restored(row, previous.seq) {
                restores.push_back(restored);
                if restores.len() > MAX_RESTORES_TOLD {
                    restores.pop_front();
                }
            }
        }
    }
    let tail = tail(connection, public_key)?;
    let (head, signature) = signed_head(connection)?.unwrap_or((Head::EMPTY, [0; 64]));
    Ok(JournalReport {
        rows: count,
        head,
        signature,
        public_key: *public_key,
        broken: broken.or(tail.broken),
        checkpoint: begin,
        restores: restores.into(),
    })
}

/// What an entry says of a restore, if it is about one.
fn restored(row: &Row<'_>, seq: u64) -> Option<Restored> {
    if row.get_ref(3).ok()?.as_str().ok()? != RESTORED {
        return None;
    }
    let detail: Map<String, Value> = serde_json::from_str(row.get_ref(6).ok()?.as_str().ok()?).ok()?;
    let head = |seq: &str, hash: &str| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(detail.get(hash)?.as_str()?, &mut bytes).ok()?;
        Some(Head { seq: detail.get(seq)?.as_u64()?, hash: bytes })
    };
    Some(Restored {
        seq,
        back_to: head("back_to_seq", "back_to_hash")?,
        replaced: head("replaced_seq", "replaced_hash")?,
    })
}

pub(super) fn check_link(row: &Row<'_>, previous: &Head) -> Result<Head, (u64, &'static str)> {
    let expected = previous.seq + 1;
    let unreadable = |_| (expected, "it cannot be read");
    let text = |index| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
    let text_if_any = |index| row.get_ref(index)?.as_str_or_null().map_err(rusqlite::Error::from);
    let seq = to_number(row, 0).map_err(|_| (expected, "it cannot be read"))?;
    if seq != expected {
        return Err((expected, "it is missing"));
    }
    let link = Link {
        seq,
        at: to_number(row, 1).map_err(|_| (expected, "it cannot be read"))?,
        actor: text(2).map_err(unreadable)?,
        kind: text(3).map_err(unreadable)?,
        case: text_if_any(4).map_err(unreadable)?,
        account: text_if_any(5).map_err(unreadable)?,
        detail: text(6).map_err(unreadable)?,
    };
    let hash: [u8; 32] = row.get(7).map_err(unreadable)?;
    if link.hash(&previous.hash) != hash {
        return Err((expected, "it, or the entry before it, was changed or moved"));
    }
    Ok(Head { seq, hash })
}

fn journal_row(row: &Row<'_>) -> Result<JournalRow, StoreError> {
    let malformed = |column| StoreError::Malformed { table: "journal", column };
    let case: Option<String> = row.get(4)?;
    let account: Option<String> = row.get(5)?;
    let detail: Map<String, Value> =
        serde_json::from_str(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?)
            .map_err(|_| malformed("detail"))?;
    Ok(JournalRow {
        seq: to_number(row, 0)?,
        at: to_time(row, 1)?,
        actor: row.get(2)?,
        entry: Entry {
            kind: row.get(3)?,
            case: case.map(TryInto::try_into).transpose().map_err(|_| malformed("case_id"))?,
            account: account.map(TryInto::try_into).transpose().map_err(|_| malformed("account"))?,
            detail,
        },
        hash: row.get(7)?,
    })
}
