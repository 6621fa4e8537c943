//! The kit of the end-to-end tests: a small world of real parts.
//!
//! A [`World`] has a bus of its own (dbus-daemon), the daemon and its plugins as they were built, an SMTP server and
//! a softphone that are not ours, and a clock that a test can set. Nothing in it is shared with another world, so
//! tests run side by side. Nothing here sleeps: everything waits for an event, for at most [`PATIENCE`].
//!
//! The kit panics with what is missing or wrong, as tests do; it has no other way to fail.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and what it leaves to read goes to standard error"
)]

mod bus;
mod case;
mod clock;
mod daemon;
mod desk;
mod dict;
mod mailbox;
mod person;
mod phone;
mod programs;
mod prompts;
mod script;
mod world;

use std::time::Duration;

pub use case::Case;
pub use clock::Clock;
pub use daemon::kill;
pub use desk::{BusError, Desk, Signals};
pub use mailbox::{Mail, Mailbox};
pub use person::{PASSWORD, Person, code_at};
pub use phone::Phone;
pub use programs::{Ended, program, run};
pub use world::{Builder, World};

/// How long anything may take before a test fails instead of waiting on. It bounds a hang and measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits for something, but not for ever.
pub async fn patiently<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
