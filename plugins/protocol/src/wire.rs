//! What goes over the wire: JSON-RPC 2.0, one message a line.
//!
//! Both directions serialize and deserialize, because the daemon uses the same types as the plugins. Nothing
//! here reads or writes: [`crate::frames`] cuts lines, [`crate::serve()`] answers them.

mod envelope;
mod messages;
mod secret;

pub use envelope::{ErrorObject, Id, Message, MessageError, ParamsError, code, parse_params};
pub use messages::{
    About, Call, Cancel, Check, Checked, Deliver, Done, Ended, Initialize, Log, LogLevel, Probe, ProbeStep,
    Probed, Progress, disposition, method, phase,
};
pub use secret::Secret;
