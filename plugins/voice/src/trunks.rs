//! All trunks: in which order a call tries them, and how they start and end together.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use readmit_plugin::ProbeStep;

use crate::resolve::Resolver;
use crate::settings::Checked;
use crate::signalling::{Signalling, SignallingError};

/// The trunks of the settings, in their order.
pub struct Trunks(Vec<Arc<Signalling>>);

impl Trunks {
    /// Opens the endpoint of each.
    ///
    /// # Errors
    ///
    /// [`SignallingError`] names the setting to look at.
    pub async fn open(settings: &Checked) -> Result<Trunks, SignallingError> {
        let resolver = Arc::new(Resolver::new(&settings.dns_servers));
        let mut trunks = Vec::new();
        for trunk in &settings.trunks {
            trunks.push(Signalling::open(trunk, resolver.clone()).await?);
        }
        Ok(Trunks(trunks))
    }

    /// The order to try them in: that of the settings, those last that were not there when last heard of.
    pub(crate) fn in_order(&self) -> Vec<Arc<Signalling>> {
        let mut order = self.0.clone();
        order.sort_by_key(|trunk| trunk.health.is_down());
        order
    }

    /// Tries the way to each.
    pub async fn probe(&self, within: Duration) -> Vec<ProbeStep> {
        join_all(self.0.iter().map(|trunk| trunk.probe(within))).await.into_iter().flatten().collect()
    }

    /// Waits for the ends of calls, then stops answering.
    pub async fn close(&self) {
        join_all(self.0.iter().map(|trunk| trunk.close())).await;
    }
}
