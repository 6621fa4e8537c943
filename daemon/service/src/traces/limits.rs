//! Every number that bounds something in traces.

use std::time::Duration;

/// Spans that wait to be sent; the next ones are dropped.
pub const QUEUE: usize = 4096;
/// Spans sent at once.
pub const BATCH: usize = 512;
/// How often what waits is sent.
pub const EVERY: Duration = Duration::from_secs(1);
/// How long a collector may take for a batch; then it is dropped.
pub const SEND: Duration = Duration::from_secs(5);
/// How long the last spans may take when the daemon stops.
pub const FAREWELL: Duration = Duration::from_secs(2);
/// Bytes of a collector's answer.
pub const ANSWER_BYTES: usize = 64 * 1024;
/// Deliveries of which it is remembered what caused them; the oldest are forgotten.
pub const ORIGINS: usize = 4096;
