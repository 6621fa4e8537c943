//! Every bound of the protocol and of this runtime, in one place.

use std::time::Duration;

/// The longest line, newline excluded, that either side sends or accepts, in bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// The longest message id or idempotency key, in bytes.
pub const MAX_ID: usize = 128;

/// The longest `detail` or log message that this runtime sends, in characters. Longer ones are cut.
pub const MAX_TEXT: usize = 2048;

/// How many requests of the daemon are worked on at once. One more is answered with `BUSY`.
pub const MAX_REQUESTS: usize = 1024;

/// How many lines wait for the daemon to read them before senders wait too.
pub const MAX_QUEUED_LINES: usize = 1024;

/// How many finished deliveries and calls are remembered, so that a repeated id gets the same answer.
pub const MAX_KNOWN_IDS: usize = 4096;

/// The longest that any request may take, whatever its `deadline_ms` says.
pub const MAX_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// The most steps of a probe that are told.
pub const MAX_PROBE_STEPS: usize = 16;

/// The longest detail of a step, in characters: all of them fit into one line.
pub const MAX_PROBE_TEXT: usize = 500;

/// How long a plugin may take to start, once it was given its settings.
pub const START: Duration = Duration::from_secs(30);

/// How long the daemon may take to answer `check`.
pub const CHECK: Duration = Duration::from_secs(10);

/// How long work may go on after it was cancelled, because its deadline passed or the daemon left.
pub const GRACE: Duration = Duration::from_secs(5);

/// The longest value of a field in the journal, in bytes. Longer ones are cut.
pub const MAX_LOG_FIELD: usize = 8 * 1024;

/// How many fields of an event the journal can be asked for.
pub const MAX_LOG_FIELDS: usize = 16;
