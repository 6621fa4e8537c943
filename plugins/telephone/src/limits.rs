//! Every number that bounds something here.

use std::ops::RangeInclusive;

/// The smallest and the largest number of digits that one entry may have.
pub const DIGITS: RangeInclusive<u8> = 4..=12;
/// The smallest and the largest number of entries that one call may take.
pub const TRIES: RangeInclusive<u8> = 1..=10;
/// The most prefixes in `regions` and in `blocked_prefixes` each.
pub const MAX_PREFIXES: usize = 512;
/// The largest prompt, in bytes of its WAV file: two minutes of 8 kHz mono.
pub const MAX_PROMPT_BYTES: u64 = 2 * 1024 * 1024;
/// The most languages in a prompts directory.
pub const MAX_LANGUAGES: usize = 64;
/// The longest `detail`, in characters.
pub const MAX_DETAIL: usize = 400;
/// The longest piece of text taken over from a peer, in characters.
pub const MAX_PEER_TEXT: usize = 80;
