//! The service without a bus: a real store, real policies, real plugins in this process.
//!
//! Nothing here sleeps: what is waited for is an event, and a bound on the whole wait keeps a broken service from
//! hanging the run.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod authority;
#[cfg(test)]
mod bus;
#[cfg(test)]
mod calling;
#[cfg(test)]
mod contacts;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod explaining;
#[cfg(test)]
mod hand_over;
#[cfg(test)]
mod house;
#[cfg(test)]
mod input;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod post;
mod progress;
#[cfg(test)]
mod races;
#[cfg(test)]
mod readiness;
#[cfg(test)]
mod reloads;
#[cfg(test)]
mod shadow;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod timers;
#[cfg(test)]
mod unknown;
