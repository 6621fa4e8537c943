//! The Lua policy host of Readmit: reads policies, checks them as a whole, and asks them.
//!
//! A policy decides what a person must prove to get back in and what happens to the account afterwards. It is
//! written in Luau and is a pure function of the question: no clock, no randomness, no input or output, nothing
//! kept between two decisions. What goes wrong in it never lets anyone in.
//!
//! - [`Sources`] are the files; their hash is the version.
//! - [`PolicySet`] is a version loaded; [`PolicySet::decide`] answers one [`Question`].
//! - [`PolicyHost`] holds the set in force and those of open cases.
//! - [`workbench`] is for those who write policies: it tests, verifies, draws and compares them.
//!
//! What a verdict then does is left to `readmit-recovery`; watching the directory, storing sources and logging
//! decisions are left to the daemon.
//!
//! [`Question`]: readmit_recovery::facts::Question

mod code;
mod coverage;
mod decode;
pub mod defaults;
mod fact;
mod host;
mod input;
mod inspection;
pub mod limits;
mod load_error;
mod meter;
mod misuse;
mod parts;
mod probe;
mod raised;
mod set;
mod sources;
mod spelling;
mod verdicts;
mod vm;
mod vocabulary;
pub mod workbench;

pub use coverage::Coverage;
pub use fact::{Fact, UnknownFact};
pub use host::PolicyHost;
pub use load_error::{Fault, LoadError, Problem};
pub use meter::Budget;
pub use set::{Decision, PolicySet, Traced, Watched};
pub use sources::Sources;
pub use vocabulary::Channels;
