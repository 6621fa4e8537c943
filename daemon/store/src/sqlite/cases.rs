//! Cases: what they are looked up by in clear, the body sealed.

use readmit_recovery::id::{CaseHandle, CaseId};
use readmit_recovery::time::Timestamp;
use rusqlite::{Connection, Row};

use super::column::{number, time, to_number, to_time, to_time_if_any};
use super::pool::{Reader, bounds};
use super::session::Session;
use crate::case::{CaseFilter, CaseOrder, CaseRow, StoredCase};
use crate::error::{CommitError, StoreError};
use crate::store::Page;

/// Gives the cases that were there before handles were theirs.
pub(super) fn fill_handles(connection: &Connection) -> rusqlite::Result<()> {
    let mut without = connection.prepare("SELECT number, id FROM cases WHERE handle IS NULL")?;
    let mut set = connection.prepare("UPDATE cases SET handle = ?2 WHERE number = ?1")?;
    let rows = without.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for row in rows.collect::<Result<Vec<_>, _>>()? {
        // What is no id is no case that anybody could find.
        set.execute((row.0, handle_of(&row.1)))?;
    }
    Ok(())
}

pub(super) fn handle_of(id: &str) -> Option<String> {
    CaseId::parse(id).ok().map(|id| id.handle().to_string())
}

impl Session<'_> {
    pub(super) fn insert_case(&self, row: &CaseRow) -> Result<(), CommitError> {
        self.insert(
            "INSERT INTO cases (id, account, state, reason, policy, opened_at, next_deadline, closed,
                                recovered_at, revision, body, handle)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11)",
            (
                row.id.as_str(),
                row.account.as_str(),
                &row.state,
                &row.reason,
                row.policy.as_str(),
                time(row.opened_at),
                row.next_deadline.map(time),
                row.closed,
                self.recovered_at(row),
                self.seal("cases", row.id.as_str(), &row.body)?,
                row.id.handle().as_str(),
            ),
        )
    }

    pub(super) fn update_case(&self, row: &CaseRow, revision: u64) -> Result<(), CommitError> {
        let changed = self.execute(
            "UPDATE cases SET state = ?3, reason = ?4, policy = ?5, next_deadline = ?6, closed = ?7,
                              recovered_at = coalesce(recovered_at, ?8), revision = revision + 1, body = ?9
             WHERE id = ?1 AND revision = ?2",
            (
                row.id.as_str(),
                number(revision),
                &row.state,
                &row.reason,
                row.policy.as_str(),
                row.next_deadline.map(time),
                row.closed,
                self.recovered_at(row),
                self.seal("cases", row.id.as_str(), &row.body)?,
            ),
        )?;
        if changed > 0 {
            return Ok(());
        }
        Err(if self.case_is_there(&row.id)? { CommitError::Stale } else { CommitError::NotFound })
    }

    pub(super) fn case_is_there(&self, id: &CaseId) -> Result<bool, CommitError> {
        self.finds("SELECT 1 FROM cases WHERE id = ?1", [id.as_str()])
    }

    fn recovered_at(&self, row: &CaseRow) -> Option<i64> {
        matches!(row.state.as_str(), "recovered" | "completed").then(|| time(self.at))
    }
}

impl Reader<'_> {
    pub(super) fn case(&self, id: &CaseId) -> Result<Option<StoredCase>, StoreError> {
        self.statement(
            "SELECT id, account, state, reason, policy, opened_at, next_deadline, closed, revision, body
             FROM cases WHERE id = ?1",
        )?
        .query_and_then([id.as_str()], |row| self.stored_case(row))?
        .next()
        .transpose()
    }

    pub(super) fn case_of(&self, handle: &CaseHandle) -> Result<Option<StoredCase>, StoreError> {
        self.statement(
            "SELECT id, account, state, reason, policy, opened_at, next_deadline, closed, revision, body
             FROM cases WHERE handle = ?1",
        )?
        .query_and_then([handle.as_str()], |row| self.stored_case(row))?
        .next()
        .transpose()
    }

    pub(super) fn cases(&self, filter: &CaseFilter, page: Page) -> Result<Vec<CaseRow>, StoreError> {
        let (limit, offset) = bounds(page);
        // Three texts for what the planner can answer from an index each; SQLite plans before it knows values.
        let sql = match (&filter.account, filter.closed) {
            (Some(_), _) => {
                "SELECT id, account, state, reason, policy, opened_at, next_deadline, closed, revision, body
                 FROM cases WHERE account = ?1 AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR closed = ?3)
                 ORDER BY number DESC LIMIT ?4 OFFSET ?5"
            }
            (None, Some(false)) => {
                "SELECT id, account, state, reason, policy, opened_at, next_deadline, closed, revision, body
                 FROM cases WHERE closed = 0 AND ?1 IS NULL AND (?2 IS NULL OR state = ?2) AND ?3 IS NOT NULL
                 ORDER BY number DESC LIMIT ?4 OFFSET ?5"
            }
            (None, _) => {
                "SELECT id, account, state, reason, policy, opened_at, next_deadline, closed, revision, body
                 FROM cases WHERE ?1 IS NULL AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR closed = ?3)
                 ORDER BY number DESC LIMIT ?4 OFFSET ?5"
            }
        };
        let account = filter.account.as_ref().map(|account| account.as_str());
        // Two texts for the same reason: an index is read in either direction.
        let sql = match filter.order {
            CaseOrder::Newest => sql.to_owned(),
            CaseOrder::Oldest => sql.replace("ORDER BY number DESC", "ORDER BY number"),
        };
        self.statement(&sql)?
            .query_and_then((account, filter.state.as_deref(), filter.closed, limit, offset), |row| {
                self.stored_case(row).map(|stored| stored.row)
            })?
            .collect()
    }

    pub(super) fn due_cases(&self, now: Timestamp, limit: u32) -> Result<Vec<StoredCase>, StoreError> {
        self.statement(
            "SELECT id, account, state, reason, policy, opened_at, next_deadline, closed, revision, body
             FROM cases WHERE next_deadline <= ?1 ORDER BY next_deadline LIMIT ?2",
        )?
        .query_and_then((time(now), bounds(Page::new(0, limit)).0), |row| self.stored_case(row))?
        .collect()
    }

    pub(super) fn next_deadline(&self) -> Result<Option<Timestamp>, StoreError> {
        self.earliest("SELECT min(next_deadline) FROM cases WHERE next_deadline IS NOT NULL")
    }

    fn stored_case(&self, row: &Row<'_>) -> Result<StoredCase, StoreError> {
        let text = |index| row.get::<_, String>(index);
        let malformed = |column| StoreError::Malformed { table: "cases", column };
        let id: CaseId = text(0)?.try_into().map_err(|_| malformed("id"))?;
        Ok(StoredCase {
            row: CaseRow {
                account: text(1)?.try_into().map_err(|_| malformed("account"))?,
                state: text(2)?,
                reason: text(3)?,
                policy: text(4)?.try_into().map_err(|_| malformed("policy"))?,
                opened_at: to_time(row, 5)?,
                next_deadline: to_time_if_any(row, 6)?,
                closed: row.get(7)?,
                body: self.unseal("cases", id.as_str(), &row.get::<_, Vec<u8>>(9)?)?,
                id,
            },
            revision: to_number(row, 8)?,
        })
    }
}
