//! The command line against a double of the daemon on a private bus: what it sends, what it shows, how it
//! ends.

mod errors;
mod fake;
mod programs;
mod recover;
mod run;
mod terminal;
mod verbs;
