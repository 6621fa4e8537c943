//! What the tests run: the real executable on its pipes, and real SIP peers.

mod baresip;
mod peer;
mod plugin;
mod relay;
mod trunk;

pub use baresip::Baresip;
pub use peer::{BlackHole, Sipp, Softphone, free_port};
pub use plugin::{CODE, Ended, NUMBER, PASSWORD, Plugin, USERNAME};
pub use relay::{Relay, Weather};
pub use trunk::{Certificates, Handshake, Kamailio, Names};

use std::time::Duration;

/// How long anything may take before a test fails instead of waiting on.
pub const PATIENCE: Duration = Duration::from_secs(90);
