//! Who may do what: a system bus with the bus policy that is shipped, real users, a real polkitd with the actions and
//! the roles that are shipped, and the daemon as its own user.
//!
//! polkitd and the bus read the system's directories, so each test has them in a mount namespace of its own. That needs
//! root.

#![cfg(test)]

mod agent;
mod asking;
mod doctor;
mod documented;
mod flood;
mod logind;
mod persons;
mod reaching;
mod roles;
mod secrets;
mod system;
