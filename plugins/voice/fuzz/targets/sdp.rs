//! Session descriptions of a peer.
#![no_main]

#[expect(dead_code, reason = "a target takes one of the entries")]
#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::sdp(data));
