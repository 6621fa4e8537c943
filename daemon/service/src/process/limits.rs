//! Every number that bounds what the process around the daemon does.

use std::time::Duration;

/// How often the line of `systemctl status` may change.
pub const STATUS_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether it should, when nothing was heard of.
pub const STATUS_LOOK: Duration = Duration::from_secs(5);
/// Characters of that line.
pub const STATUS_CHARS: usize = 400;
/// Characters of a reason in it.
pub const REASON_CHARS: usize = 200;
/// How much more time is asked for at once, while the start takes longer than the service manager waits.
pub const MORE_TIME: Duration = Duration::from_secs(60);
/// How long a start takes before it says what it is at, and asks for the first time.
pub const MORE_TIME_FIRST: Duration = Duration::from_secs(2);
/// How often it is asked for after that.
pub const MORE_TIME_EVERY: Duration = Duration::from_secs(20);
/// How often at most: then a start that hangs is one.
pub const MORE_TIMES: u32 = 90;
/// Into how many parts the watchdog's interval is divided: each part is asked once in one of them, and counts as hung
/// after half of them.
pub const WATCHDOG_PARTS: u32 = 4;
