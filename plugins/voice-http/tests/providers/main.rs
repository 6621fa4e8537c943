//! The executable against providers that this project did not write: Twilio's own validator and description, PyJWT.

#![cfg(test)]

mod calls;
mod contract;
mod hostile;
mod kit;
mod placing;
mod proxies;
mod readme;
mod signatures;
mod tls;
mod vonage;
