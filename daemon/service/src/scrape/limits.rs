//! Every number that bounds something where meters are read.

use std::time::Duration;

/// Connections at once; the next ones wait in the kernel's queue.
pub const CONNECTIONS: usize = 8;
/// How long a connection may last, whatever it does.
pub const CONNECTION: Duration = Duration::from_secs(60);
/// How long a request's header may take, and how long a connection may be idle.
pub const HEADER: Duration = Duration::from_secs(10);
/// Bytes of a request's header.
pub const HEADER_BYTES: usize = 16 * 1024;
/// Lines of a request's header.
pub const HEADER_LINES: usize = 64;
/// The wait after a connection could not be accepted.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
