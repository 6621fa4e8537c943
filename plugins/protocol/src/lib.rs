//! The plugin protocol of Readmit: wire types, and a runtime for plugin authors.
//!
//! A plugin is any executable that speaks JSON-RPC 2.0, one message a line, on its standard input and output or
//! on a unix socket. In Rust it is an implementation of [`Plugin`] and one call of [`serve()`]; this crate then
//! does the framing, the handshake, the deadlines, and the promise that the same id is never delivered twice.
//!
//! The daemon uses [`wire`] and [`frames`] for its own side. Supervision (starting, replacing, backing off) is
//! the daemon's; retries towards a provider are the plugin's. No type of the recovery domain is known here.

pub mod credential;
pub mod frames;
pub mod journal;
mod known;
pub mod limits;
mod listen;
mod outbox;
mod plugin;
mod serve;
mod session;
pub mod wire;
mod work;

pub use known::Known;
pub use listen::OwnSocket;
pub use outbox::{Daemon, Gone};
pub use plugin::Plugin;
pub use serve::{ServeError, serve, serve_connection};
pub use wire::{
    About, Call, Checked, Deliver, Ended, LogLevel, ProbeStep, Probed, Secret, disposition, phase,
};

/// The version of the protocol that this crate speaks.
pub const PROTOCOL: u32 = 1;

/// The README, so that its Rust example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
