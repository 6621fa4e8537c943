//! The voice plugin of Readmit: calls a person over a SIP trunk, asks for the digits on their screen, and tells
//! the daemon what became of it.
//!
//! The parts that decide are pure: [`sdp`], [`dtmf`], [`rtp`], [`rtcp`], [`srtp`], [`session`] and [`conversation`]
//! (what happens in an answered call); which numbers may be called and what a status means is in `readmit-telephone`.
//! Around them are thin shells with the sockets: [`signalling`], [`leg`], [`media`]. [`call`] and `talk` bring both together and [`plugin`] is the daemon's view.

pub mod call;
pub mod conversation;
pub mod credentials;
pub mod digest;
pub mod dtmf;
pub mod health;
mod inbound;
mod inspector;
pub mod leg;
pub mod limits;
pub mod link;
pub mod media;
pub mod network;
pub mod pinned;
pub mod plugin;
pub mod ports;
pub mod probe;
mod prompts;
mod refresh;
pub mod registration;
mod request;
pub mod resolve;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod session;
pub mod settings;
pub mod signalling;
pub mod srtp;
mod talk;
pub mod tls;
pub mod trunk;
pub mod trunk_settings;
pub mod trunks;

#[cfg(test)]
extern crate self as readmit_voice;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod hostile_tests;
