//! What is going on, counted. Only what has not ended is looked at, by indices that hold nothing else.

use readmit_recovery::time::Timestamp;
use rusqlite::OptionalExtension;

use super::column::{to_count, to_time};
use super::pool::Reader;
use crate::error::StoreError;
use crate::figures::{CaseFigure, DeliveryFigure, Figures};
use crate::journal::Head;
use crate::outbox::DeliveryState;

impl Reader<'_> {
    pub(super) fn figures(&self) -> Result<Figures, StoreError> {
        let _snapshot = self.connection.unchecked_transaction()?;
        self.going_on()
    }

    /// What is going on, as the transaction under way sees it.
    pub(super) fn going_on(&self) -> Result<Figures, StoreError> {
        let (head, head_at) = self.last_entry()?;
        let mut deliveries = self.figured_deliveries(
            DeliveryState::Queued,
            "SELECT channel, count(*) FROM outbox WHERE state = 'queued' GROUP BY channel",
        )?;
        deliveries.extend(self.figured_deliveries(
            DeliveryState::Taken,
            "SELECT channel, count(*) FROM outbox WHERE state = 'taken' GROUP BY channel",
        )?);
        Ok(Figures {
            cases: self.figured_cases()?,
            oldest_escalated: self
                .earliest("SELECT min(opened_at) FROM cases WHERE closed = 0 AND state = 'escalated'")?,
            deliveries,
            oldest_due: self.earliest("SELECT min(not_before) FROM outbox WHERE state = 'queued'")?,
            head,
            head_at,
        })
    }

    fn figured_cases(&self) -> Result<Vec<CaseFigure>, StoreError> {
        let mut statement = self
            .statement("SELECT state, reason, count(*) FROM cases WHERE closed = 0 GROUP BY state, reason")?;
        let mut rows = statement.query([])?;
        let mut cases = Vec::new();
        while let Some(row) = rows.next()? {
            cases.push(CaseFigure { state: row.get(0)?, reason: row.get(1)?, count: to_count(row, 2)? });
        }
        Ok(cases)
    }

    fn figured_deliveries(&self, state: DeliveryState, sql: &str) -> Result<Vec<DeliveryFigure>, StoreError> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query([])?;
        let mut deliveries = Vec::new();
        while let Some(row) = rows.next()? {
            deliveries.push(DeliveryFigure { channel: row.get(0)?, state, count: to_count(row, 1)? });
        }
        Ok(deliveries)
    }

    fn last_entry(&self) -> Result<(Head, Option<Timestamp>), StoreError> {
        let mut statement = self.statement("SELECT at, seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?;
        let last = statement
            .query_row([], |row| Ok((to_time(row, 0), row.get::<_, i64>(1)?, row.get::<_, [u8; 32]>(2)?)))
            .optional()?;
        match last {
            None => Ok((Head::EMPTY, None)),
            Some((at, seq, hash)) => Ok((Head { seq: seq.unsigned_abs(), hash }, Some(at?))),
        }
    }
}
