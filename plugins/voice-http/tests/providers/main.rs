//! The executable against providers that this project did not write: Twilio's own validator and description, PyJWT.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

mod calls;
mod contract;
mod hostile;
mod kit;
mod placing;
mod readme;
mod signatures;
mod tls;
mod vonage;
