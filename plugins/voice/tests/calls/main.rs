//! Calls of the real executable to real peers: sipp, which says exactly what a scenario says, and a softphone
//! with a media stack of its own.

#![cfg(test)]

mod failover_calls;
mod heard;
mod kit;
mod name_calls;
mod proxy_calls;
mod rough_calls;
mod secure_calls;
mod session_calls;
mod sipp_calls;
mod softphone_calls;
mod transport_calls;
