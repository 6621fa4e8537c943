//! The packages, installed on a Debian that runs.
#![expect(clippy::unwrap_used, reason = "what helps a test fails as the test does")]

mod contents;
mod example;
mod install;
mod kit;
mod lifetime;
mod packages;
mod people;
