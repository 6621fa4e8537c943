//! The service without a bus: a real store, real policies, real plugins in this process.
//!
//! Nothing here sleeps: what is waited for is an event, and a bound on the whole wait keeps a broken service from
//! hanging the run.

#![cfg(test)]

mod accounts;
mod authority;
mod bus;
mod calling;
mod contacts;
mod deliveries;
mod explaining;
mod hand_over;
mod house;
mod input;
mod limits;
mod policies;
mod post;
mod progress;
mod races;
mod readiness;
mod reloads;
mod shadow;
mod sign_in;
mod timers;
mod unknown;
