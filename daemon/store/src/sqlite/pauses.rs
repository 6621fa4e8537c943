//! Channels that somebody has stopped.

use super::column::{time, to_time};
use super::pool::Reader;
use super::session::Session;
use crate::error::{CommitError, StoreError};
use crate::pause::Pause;

impl Session<'_> {
    pub(super) fn pause(&self, channel: &str, because: &str) -> Result<(), CommitError> {
        self.insert(
            "INSERT INTO pauses (channel, since, actor, because) VALUES (?1, ?2, ?3, ?4)",
            (channel, time(self.at), &self.actor, because),
        )
    }

    pub(super) fn resume(&self, channel: &str) -> Result<(), CommitError> {
        self.change("DELETE FROM pauses WHERE channel = ?1", [channel])
    }
}

impl Reader<'_> {
    pub(super) fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        self.statement("SELECT channel, since, actor, because FROM pauses ORDER BY channel")?
            .query_and_then([], |row| {
                Ok(Pause {
                    channel: row.get(0)?,
                    since: to_time(row, 1)?,
                    actor: row.get(2)?,
                    because: row.get(3)?,
                })
            })?
            .collect()
    }
}
