//! The daemon as a service: what it tells the service manager, what it walls itself off from, and what it bears of clocks
//! and disks.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what helps a test fails as the test does")]

mod clocks;
mod disks;
#[cfg(test)]
mod doctor;
mod heads;
mod installed;
mod manager;
mod sandbox;
mod service;
mod starting;
mod units;
mod watchdog;
mod webhooks;
