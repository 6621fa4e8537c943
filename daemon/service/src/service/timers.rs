//! Deadlines: a hold that ends, a case that expires.

use std::sync::Arc;

use readmit_recovery::event::Event;
use tokio_util::sync::CancellationToken;

use super::limits::{BATCH, CLOCK_LOOK};
use super::{Fault, Service, now};

impl Service {
    /// Keeps deadlines until `shutdown`. Looks at the clock once a second, since it may be set.
    pub(super) async fn keep_deadlines(self: &Arc<Self>, shutdown: &CancellationToken) {
        loop {
            if let Err(fault) = self.keep_due().await {
                tracing::error!(%fault, "keeping deadlines failed");
            }
            tokio::select! {
                () = tokio::time::sleep(CLOCK_LOOK) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn keep_due(&self) -> Result<(), Fault> {
        loop {
            let due = self.store.due_cases(now(), BATCH).await?;
            let last_round = due.len() < BATCH as usize;
            for stored in due {
                self.apply(&stored.row.id, "timer", Event::TimePassed, Vec::new()).await?;
            }
            if last_round {
                return Ok(());
            }
        }
    }
}
