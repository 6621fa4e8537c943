//! Settings that are numbers, each within limits of its own.

use std::ops::RangeInclusive;

/// A number is outside its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{key}: has to be {from} to {to}, not {value}")]
pub struct OutOfRange {
    key: &'static str,
    from: u64,
    to: u64,
    value: u64,
}

/// The number, if it is within its limits.
///
/// # Errors
///
/// [`OutOfRange`] names the key and its limits.
pub fn in_range(key: &'static str, value: u64, limits: &RangeInclusive<u64>) -> Result<u64, OutOfRange> {
    if limits.contains(&value) {
        Ok(value)
    } else {
        Err(OutOfRange { key, from: *limits.start(), to: *limits.end(), value })
    }
}
