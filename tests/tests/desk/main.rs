//! The administrator's day at the command line, with the real daemon, its plugins, a mail server, a telephone, and the
//! programs that read what is written for them: man pages, shells, JSON Schema.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what helps a test fails as the test does"
)]

mod doctor;
mod lists;
mod manual;
mod schemas;
mod shells;
mod watching;
