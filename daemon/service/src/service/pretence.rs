//! Pretended deliveries: nobody gets them, and nobody can tell them from real ones.

use std::time::Duration;

use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::Phase;
use readmit_store::OutboxItem;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Service;
use super::limits::{CLOCK_LOOK, FIRST_RING};
use crate::plugins::{Ended, PluginState, Timing};

impl Service {
    /// Lets a delivery that nobody gets take its time, and a call ring.
    pub(super) async fn pretend(
        &self,
        item: &OutboxItem,
        disposition: Disposition,
        left: Duration,
        called_off: &CancellationToken,
    ) -> Ended {
        let ends_at = Instant::now() + left;
        let over = async {
            let channel = if disposition == Disposition::NoAnswer { "voice" } else { "email" };
            if !self.is_served(channel).await {
                return Ended::because(Disposition::Unreachable, "");
            }
            if disposition == Disposition::NoAnswer {
                self.progressed(item.id.clone(), Phase::Calling).await;
                tokio::time::sleep(FIRST_RING.min(left)).await;
                self.progressed(item.id.clone(), Phase::Ringing).await;
            }
            tokio::time::sleep_until(ends_at).await;
            Ended::because(disposition, "")
        };
        // As a real one ends when it is called off, or the daemon stops.
        tokio::select! {
            ended = over => ended,
            () = called_off.cancelled() => Ended::because(Disposition::Cancelled, ""),
            () = self.stopping.cancelled() => Ended::because(Disposition::Interrupted, ""),
        }
    }

    /// Whether a real delivery on this channel would find a plugin, after waiting as long as one would.
    async fn is_served(&self, channel: &str) -> bool {
        let Ok(plugins) = self.plugins() else { return false };
        let patience = Timing::default();
        let patience = if channel == "voice" { patience.call_patience } else { patience.message_patience };
        let until = Instant::now() + patience;
        loop {
            let mut may_come = false;
            for plugin in plugins.list() {
                let silent = plugin.channels.is_empty() && plugin.state == PluginState::Starting;
                let serves = plugin.channels.iter().any(|offered| offered == channel);
                if serves && plugin.state == PluginState::Running {
                    return true;
                }
                may_come |= serves || silent;
            }
            if !may_come || Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(CLOCK_LOOK).await;
        }
    }
}
