//! Hands letters to one SMTP server over connections that are kept.
//!
//! The connections themselves (RFC 5321, STARTTLS, AUTH) are lettre's. Its own pool is not used: it returns a
//! connection after the caller was told, so that the next letter may find none, it has no limit of time for a
//! reply, and it keeps a connection whose letter was given up half way, on which every later reply would belong
//! to another letter. Here a connection is kept only after a whole exchange.

mod exchange;
mod failure;
mod pool;
mod probe;

pub(crate) use failure::Failure;
pub(crate) use pool::Pool;
pub use pool::SetupError;
