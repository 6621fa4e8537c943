//! Keys in audio packets and in SIP INFO.
#![no_main]

#[expect(dead_code, reason = "a target takes one of the entries")]
#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::dtmf(data));
