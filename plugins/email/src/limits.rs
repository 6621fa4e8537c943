//! Every bound of this plugin, in one place.

use std::time::Duration;

/// The longest e-mail address, in bytes (RFC 5321 section 4.5.3.1.3, less the angle brackets).
pub const MAX_ADDRESS: usize = 254;

/// The longest subject, in characters. Longer ones are cut.
pub const MAX_SUBJECT: usize = 200;

/// The longest value of one line, in characters. Longer ones are cut: much of it comes from strangers.
pub const MAX_LINE_VALUE: usize = 200;

/// The longest value of many lines (a ticket's history), in characters. Longer ones are cut.
pub const MAX_TEXT_VALUE: usize = 20_000;

/// The longest token in a link, in bytes.
pub const MAX_TOKEN: usize = 512;

/// The largest template file, in bytes.
pub const MAX_TEMPLATE: u64 = 256 * 1024;

/// The largest password file, in bytes.
pub const MAX_PASSWORD: u64 = 4096;

/// The largest file with certificates, in bytes.
pub const MAX_CA_FILE: u64 = 4 * 1024 * 1024;

/// How much work one template may do, in instructions of the template engine.
pub const TEMPLATE_FUEL: u64 = 100_000;

/// The most connections to the server that settings may ask for.
pub const MAX_CONNECTIONS: usize = 500;

/// The most seconds that settings may give one connection or one message.
pub const MAX_TIMEOUT_SECONDS: u64 = 600;

/// The most seconds that settings may keep an unused connection.
pub const MAX_IDLE_SECONDS: u64 = 3600;

/// How long closing connections may take when the plugin ends.
pub const CLOSE: Duration = Duration::from_secs(2);

/// The first pause before a message is tried again; it doubles from there.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause before a message is tried again.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How much of a deadline is left for the answer to travel.
pub const ANSWER_MARGIN: Duration = Duration::from_millis(500);

/// The most addresses of the server that a probe tells.
pub const MAX_PROBE_ADDRESSES: usize = 4;
