//! The kit of the end-to-end tests: a small world of real parts.
//!
//! A [`World`] has a bus of its own (dbus-daemon), the daemon and its plugins as they were built, an SMTP server and
//! a softphone that are not ours, a clock that a test can set, and, where a test wants it, the portal with browsers
//! before it. Nothing in it is shared with another world, so tests run side by side. Nothing here sleeps: everything
//! waits for an event, for at most [`PATIENCE`].
//!
//! The kit panics with what is missing or wrong, as tests do; it has no other way to fail.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and what it leaves to read goes to standard error"
)]

mod axe;
mod browser;
mod bus;
mod call_provider;
mod case;
mod chrome;
mod clock;
mod daemon;
mod desk;
mod dict;
mod host;
mod html;
mod mailbox;
mod person;
mod phone;
mod picture;
mod plugins;
mod portal;
mod programs;
mod prompts;
mod relying_party;
mod root;
mod script;
mod service_manager;
mod web;
mod web_server;
mod world;

use std::time::Duration;

pub use browser::{Browser, Key};
pub use call_provider::CallProvider;
pub use case::Case;
pub use chrome::Setup;
pub use clock::Clock;
pub use daemon::kill;
pub use desk::{BusError, Desk, Signals};
pub use host::Host;
pub use html::{Element, Form, Html};
pub use mailbox::{Mail, Mailbox};
pub use person::{PASSWORD, Person, code_at};
pub use phone::Phone;
pub use portal::{Portal, free_address};
pub use programs::{Ended, program, run};
pub use relying_party::RelyingParty;
pub use script::python;
pub use service_manager::ServiceManager;
pub use web::{Answer, Web};
pub use web_server::WebServer;
pub use world::{Builder, World};

/// How long anything may take before a test fails instead of waiting on. It bounds a hang and measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits for something, but not for ever.
pub async fn patiently<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
