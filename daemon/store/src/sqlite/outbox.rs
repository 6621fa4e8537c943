//! The outbox as a table.

use readmit_recovery::id::DeliveryId;
use readmit_recovery::time::Timestamp;
use rusqlite::{Params, Row};

use super::column::{time, to_count, to_time};
use super::pool::{Reader, bounds};
use super::session::Session;
use crate::error::{CommitError, StoreError};
use crate::limits::MAX_PAGE;
use crate::outbox::{Delivery, DeliveryState, OutboxItem};
use crate::store::Page;

impl Session<'_> {
    pub(super) fn enqueue(&self, item: &OutboxItem) -> Result<(), CommitError> {
        self.insert(
            "INSERT INTO outbox (id, case_id, channel, at_most_once, not_before, deadline, state, attempt, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', 0, ?7)",
            (
                item.id.as_str(),
                item.case.as_ref().map(|case| case.as_str()),
                &item.channel,
                item.at_most_once,
                time(item.not_before),
                time(item.deadline),
                self.seal("outbox", item.id.as_str(), &item.payload)?,
            ),
        )
    }

    pub(super) fn take_delivery(&self, id: &DeliveryId) -> Result<(), CommitError> {
        self.advance(
            id,
            "UPDATE outbox SET state = 'taken', attempt = attempt + 1 WHERE id = ?1 AND state = 'queued'",
            [id.as_str()],
        )
    }

    pub(super) fn requeue_delivery(&self, id: &DeliveryId, not_before: Timestamp) -> Result<(), CommitError> {
        self.advance(
            id,
            "UPDATE outbox SET state = 'queued', not_before = ?2 WHERE id = ?1 AND state = 'taken'",
            (id.as_str(), time(not_before)),
        )
    }

    pub(super) fn finish_delivery(&self, id: &DeliveryId) -> Result<(), CommitError> {
        self.advance(
            id,
            "UPDATE outbox SET state = 'done', ended_at = ?2, payload = NULL WHERE id = ?1 AND state <> 'done'",
            (id.as_str(), time(self.at)),
        )
    }

    pub(super) fn cancel_delivery(&self, id: &DeliveryId) -> Result<(), CommitError> {
        self.advance(
            id,
            "UPDATE outbox SET state = 'done', ended_at = ?2, payload = NULL WHERE id = ?1 AND state = 'queued'",
            (id.as_str(), time(self.at)),
        )
    }

    fn advance(&self, id: &DeliveryId, sql: &str, parameters: impl Params) -> Result<(), CommitError> {
        if self.execute(sql, parameters)? > 0 {
            return Ok(());
        }
        let there = self.finds("SELECT 1 FROM outbox WHERE id = ?1", [id.as_str()])?;
        Err(if there { CommitError::Stale } else { CommitError::NotFound })
    }
}

impl Reader<'_> {
    pub(super) fn due_deliveries(&self, now: Timestamp, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        self.statement(
            "SELECT id, case_id, channel, at_most_once, not_before, deadline, state, attempt, payload
             FROM outbox WHERE state = 'queued' AND not_before <= ?1 ORDER BY not_before, number LIMIT ?2",
        )?
        .query_and_then((time(now), bounds(Page::new(0, limit)).0), |row| self.delivery(row))?
        .collect()
    }

    pub(super) fn taken_deliveries(&self) -> Result<Vec<Delivery>, StoreError> {
        self.statement(
            "SELECT id, case_id, channel, at_most_once, not_before, deadline, state, attempt, payload
             FROM outbox WHERE state = 'taken' ORDER BY number LIMIT ?1",
        )?
        .query_and_then([MAX_PAGE], |row| self.delivery(row))?
        .collect()
    }

    pub(super) fn next_delivery_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.earliest("SELECT min(not_before) FROM outbox WHERE state = 'queued'")
    }

    fn delivery(&self, row: &Row<'_>) -> Result<Delivery, StoreError> {
        let text = |index| row.get::<_, String>(index);
        let malformed = |column| StoreError::Malformed { table: "outbox", column };
        let id: DeliveryId = text(0)?.try_into().map_err(|_| malformed("id"))?;
        let case: Option<String> = row.get(1)?;
        let state = match text(6)?.as_str() {
            "queued" => DeliveryState::Queued,
            "taken" => DeliveryState::Taken,
            _ => return Err(malformed("state")),
        };
        Ok(Delivery {
            item: OutboxItem {
                case: case.map(TryInto::try_into).transpose().map_err(|_| malformed("case_id"))?,
                channel: text(2)?,
                at_most_once: row.get(3)?,
                not_before: to_time(row, 4)?,
                deadline: to_time(row, 5)?,
                payload: self.unseal("outbox", id.as_str(), &row.get::<_, Vec<u8>>(8)?)?,
                id,
            },
            state,
            attempt: to_count(row, 7)?,
        })
    }
}
