//! The functional core of Readmit: a recovery case and everything that decides about it.
//!
//! No I/O, no clock, no randomness, no async: the time, the random bytes and the policy are arguments, so
//! everything here can be tested as a table. The one door is [`case::Case::apply`].

pub mod account;
pub mod address;
pub mod assurance;
pub mod case;
pub mod command;
pub mod disposition;
pub mod event;
pub mod factor;
pub mod facts;
pub mod id;
pub mod limits;
pub mod plan;
pub mod recovery_code;
pub mod rules;
pub mod secret;
pub mod support;
pub mod time;
pub mod totp;
pub mod verdict;
