//! The plugins: started, watched, replaced, and asked to deliver.
//!
//! [`Supervisor`] is the one door. What may be sent, and how often, the core and the service have decided before;
//! here every request comes to an end with a disposition, whatever a plugin does or does not do.
//!
//! A message is delivered at least once (its id keeps a plugin from delivering it twice), a call at most once.

mod backoff;
mod connection;
pub mod limits;
mod listening;
mod live;
mod mask;
mod probe;
mod process;
mod request;
mod route;
mod status;
mod supervisor;
mod throttle;
mod worker;

use futures_util::future::BoxFuture;
use readmit_recovery::id::DeliveryId;
use readmit_recovery::secret::Secret;

pub use limits::Timing;
pub use probe::{Probe, ProbeStep};
pub use request::{CallRequest, Checked, Ended, MessageRequest};
pub use status::{PluginState, PluginStatus};
pub use supervisor::{Supervisor, UnknownPlugin};

/// What the supervisor tells the service while it works.
pub trait Events: Send + Sync + 'static {
    /// A call has come this far: `ringing`, `answered`, `prompting`, or a word of the plugin's own. It is told
    /// only of live calls, each phase once in a row, and must return at once.
    fn progress(&self, id: &DeliveryId, phase: &str);

    /// A person typed these digits in this call. It is asked only for live calls of the plugin that asks, once at
    /// a time and never more often than the call has tries.
    fn check(&self, id: &DeliveryId, digits: Secret) -> BoxFuture<'static, Checked>;

    /// A plugin is now in this state. It must return at once.
    fn state(&self, plugin: &str, state: PluginState);
}
