//! What the tests run: the real executable on its pipes, and real SIP peers.

mod baresip;
mod network;
mod peer;
mod plugin;
#[path = "../../../../telephone/tests/kit/process.rs"]
mod process;
mod trunk;

pub use baresip::Baresip;
pub use network::{Network, Weather};
pub use peer::{BlackHole, Sipp, Softphone, copied, free_port};
pub use plugin::{PASSWORD, Plugin, USERNAME};
pub use process::{CODE, Ended, NUMBER, PATIENCE};
pub use trunk::{Certificates, Handshake, Kamailio, Names};
