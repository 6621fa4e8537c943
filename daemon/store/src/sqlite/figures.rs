//! What is going on, counted. Only what has not ended is looked at, by indices that hold nothing else.

use super::column::to_count;
use super::pool::Reader;
use crate::error::StoreError;
use crate::figures::{CaseFigure, DeliveryFigure, Figures};
use crate::outbox::DeliveryState;

impl Reader<'_> {
    pub(super) fn figures(&self) -> Result<Figures, StoreError> {
        let _snapshot = self.connection.unchecked_transaction()?;
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
            // Never deleted from, so the highest number is the count.
            journal: u64::from(self.count("SELECT coalesce(max(seq), 0) FROM journal", [])?),
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
}
