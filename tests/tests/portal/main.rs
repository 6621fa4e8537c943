//! The portal as people meet it: real browsers before a real portal, with real mail and a real telephone.

#![cfg(test)]

mod case;
mod console;
mod demo;
mod ending;
mod hand_over;
mod journeys;
mod kit;
mod links;
mod look;
mod proxies;
mod server;
mod sign_in;
mod sockets;
mod tls;
mod unknown;
mod walk;
mod wire;
