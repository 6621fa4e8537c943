//! What is counted, who may read it, and what is made of it: scrapes of a real daemon, read by Prometheus itself.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what helps a test fails as the test does")]

mod documents;
mod kit;
mod life;
mod prometheus;
mod server;
mod traces;
