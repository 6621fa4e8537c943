//! The command line against a double of the daemon on a private bus: what it sends, what it shows, how it
//! ends.

#![cfg(test)]

mod activation;
mod covering;
mod diff;
mod errors;
mod fake;
mod graph;
mod health;
mod keeping;
mod lists;
mod mutating;
mod policies;
mod policy_check;
mod programs;
mod recover;
mod replay;
mod run;
mod story;
mod terminal;
mod testing;
mod top;
mod verbs;
mod verifying;
