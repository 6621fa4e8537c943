//! Calls of the real executable to real peers: sipp, which says exactly what a scenario says, and a softphone
//! with a media stack of its own.

#[cfg(test)]
mod failover_calls;
#[cfg(test)]
mod heard;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod name_calls;
#[cfg(test)]
mod proxy_calls;
#[cfg(test)]
mod rough_calls;
#[cfg(test)]
mod secure_calls;
#[cfg(test)]
mod session_calls;
#[cfg(test)]
mod sipp_calls;
#[cfg(test)]
mod softphone_calls;
#[cfg(test)]
mod transport_calls;
