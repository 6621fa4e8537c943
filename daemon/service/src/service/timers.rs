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
            let mut kept = 0;
            for stored in &due {
                match self.apply(&stored.row.id, "timer", Event::TimePassed, Vec::new()).await {
                    Ok(_) => kept += 1,
                    // The others' deadlines do not wait for this one.
                    Err(fault) => tracing::error!(%fault, "keeping a deadline failed"),
                }
            }
            if kept < BATCH {
                return Ok(());
            }
        }
    }
}
