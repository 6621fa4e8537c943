//! Who may do what: a system bus with the bus policy that is shipped, real users, a real polkitd with the actions and
//! the roles that are shipped, and the daemon as its own user.
//!
//! polkitd and the bus read the system's directories, so each test has them in a mount namespace of its own. That needs
//! root.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod logind;
#[cfg(test)]
mod persons;
#[cfg(test)]
mod reaching;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod system;
