//! The supervisor against real processes that behave as badly as they can.
//!
//! `stress_plugin.py` is the plugin; its first argument says how it misbehaves. Nothing here sleeps: every test waits
//! for the event that it is about, and a bound on the whole wait keeps a broken supervisor from hanging the run.

#![cfg(test)]

mod kit;
mod lies;
mod life;
mod log;
mod routing;
mod runtime;
