//! Every number that bounds something at the bus.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Calls worked on at once.
pub const CALLS_AT_ONCE: usize = 128;
/// Calls that wait for their turn; the next is told to come back.
pub const CALLS_WAITING: usize = 4096;
/// Callers whose user is remembered.
pub const CALLERS_REMEMBERED: usize = 4096;
/// Cases whose watchers are remembered.
pub const CASES_WATCHED: usize = 65_536;
/// Connections that are told about one case.
pub const WATCHERS_PER_CASE: usize = 4;
/// Rows of a list.
pub const MAX_ROWS: u32 = 1000;
/// Messages that wait in a queue of the connection.
pub const QUEUED_MESSAGES: NonZeroUsize = match NonZeroUsize::new(1024) {
    Some(number) => number,
    None => NonZeroUsize::MIN,
};
/// How often the daemon looks whether the bus is there.
pub const BUS_LOOK: Duration = Duration::from_secs(5);
