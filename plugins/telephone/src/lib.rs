//! What every plugin that calls people shares: which numbers may be called, what a person hears, and the words for how a
//! call ended. A plugin adds the way to a provider: SIP, or a provider's HTTP interface.

pub mod admission;
mod kind;
pub mod limits;
pub mod log;
pub mod number;
pub mod outcome;
pub mod prompts;
pub mod range;
