//! The voice plugin of Readmit for providers with an HTTP interface: has a provider call a person, tells it what to
//! play and which keys to collect, and tells the daemon what became of it.
//!
//! The parts that decide are pure: [`conversation`] (what happens in an answered call), [`ending`] (what a provider's
//! word for an end means), [`webhook`] (what a path means), [`twilio`] and [`vonage`] (how each provider is asked, what
//! it says, and how that is known to be from it). Around them are thin shells with the sockets: [`client`] out,
//! [`listener`] in. [`call`] brings both together and [`plugin`] is the daemon's view.
//!
//! Which numbers may be called, what is said, and the words for how a call ended are those of `readmit-telephone`, so
//! that both voice plugins say the same.

pub mod call;
pub mod calls;
pub mod client;
pub mod conversation;
pub mod desk;
pub mod ending;
pub mod jwt;
pub mod limits;
pub mod listener;
pub mod pace;
pub mod plugin;
mod probe;
pub mod prompts;
pub mod provider;
pub mod rate;
pub mod settings;
mod tls;
pub mod twilio;
pub mod vonage;
pub mod web_address;
pub mod webhook;
