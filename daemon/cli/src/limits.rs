//! Every number that bounds something in the command line.

use std::num::NonZeroUsize;
use std::time::Duration;

/// How long one call on the bus may take: longer than the daemon waits for a password that a polkit agent asks for.
pub const METHOD_TIMEOUT: Duration = Duration::from_secs(150);
/// How long a polkit agent for the terminal may take to start.
pub const AGENT_START: Duration = Duration::from_secs(3);
/// How long a backup may take.
pub const BACKUP_TIMEOUT: Duration = Duration::from_secs(4 * 3600);
/// How often its progress is shown.
pub const BACKUP_LOOK: Duration = Duration::from_millis(200);
/// How often `key rotate --wait` looks whether everything is sealed again.
pub const KEY_LOOK: Duration = Duration::from_millis(500);
/// Entries that `audit export` asks for at once.
pub const JOURNAL_PAGE: u32 = 1000;
/// Heads of the journal that are compared with it; of more, the newest.
pub const HEADS_COMPARED: usize = 4096;
/// Bytes that are read to find them.
pub const HEADS_BYTES: u64 = 256 << 20;
/// Bytes of one line of them.
pub const HEAD_LINE_BYTES: usize = 64 << 10;
/// Bytes of the anchor.
pub const ANCHOR_BYTES: u64 = 4 << 10;
/// How long the first answer of a daemon may take when `status` asks whether it is there.
pub const LOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes in one line that is read from a person or a script.
pub const LINE_BYTES: u64 = 4096;
/// Lines that are read ahead of their use.
pub const LINES_AHEAD: usize = 16;
/// Entries that `list` and `read` ask for where nothing else is said.
pub const LIST_DEFAULT: u32 = 100;
/// Decisions that `policy export` asks for at once.
pub const EXPORT_PAGE: u32 = 1000;
/// Accounts that `policy readiness` asks for at once.
pub const READINESS_PAGE: u32 = 200;
/// Alerts that `status` shows.
pub const ALERTS_SHOWN: usize = 5;
/// Digits of the journal's head that `status` shows.
pub const SHORT_HEAD: usize = 16;
/// How often `recover` looks again by itself, in case a signal was missed.
pub const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// How often `recover` looks again while the phone rings.
pub const LOOK_AGAIN_IN_CALL: Duration = Duration::from_secs(2);
/// Bytes of a check's answer that `config check` reads.
pub const CHECK_BYTES: usize = 1 << 20;
/// How long a bar on standard error stands still at least.
pub const BAR_PAUSE: Duration = Duration::from_millis(50);
/// Characters between the ends of a bar.
pub const BAR_WIDTH: usize = 20;
/// Mutants that `policy mutate` tries where nothing else is said.
pub const MUTANTS_DEFAULT: NonZeroUsize = NonZeroUsize::new(2000).unwrap();
/// How long a directory of policies must be at rest after a save before its tests are run again.
pub const WATCH_PAUSE: Duration = Duration::from_millis(50);
/// How often a directory that cannot be watched, because it is gone, is looked for.
pub const WATCH_AGAIN: Duration = Duration::from_secs(1);
/// How long the type checker may take for all files of a set together.
pub const TYPES_TIME: Duration = Duration::from_secs(120);
/// Bytes of the type checker's answer that `policy check` reads.
pub const TYPES_BYTES: u64 = 16 << 20;
/// Bytes of the type checker's complaints that are read.
pub const COMPLAINT_BYTES: u64 = 64 << 10;
/// Characters of a source line that are shown with a problem.
pub const SOURCE_CHARS: usize = 160;
/// Decisions that are asked of the daemon at once.
pub const LOG_PAGE: u32 = 1000;
/// Lines of a log that are handed on at once.
pub const LINES_A_TIME: usize = 256;
/// Bytes of a log after which no more lines are handed on at once.
pub const LOG_BYTES_A_TIME: usize = 1 << 20;
/// How often that many may wait to be compared.
pub const LOG_AHEAD: usize = 4;
/// Classes of cases a realm that `policy diff` and `policy graph` go through where nothing else is said.
pub const CLASSES_DEFAULT: usize = 20_000;
/// Digits of a version of the policies in a table.
pub const SHORT_VERSION: usize = 12;
/// Counterexamples of one property that `policy verify` shows in words; further ones are counted.
pub const COUNTEREXAMPLES_SHOWN: usize = 5;
/// Bytes of a list of accounts.
pub const LIST_BYTES: u64 = 512 << 20;
/// Rows of a list of accounts.
pub const LIST_ROWS: usize = 1_000_000;
/// Characters of a phone number as people write it.
pub const NUMBER_CHARS: usize = 40;
/// Accounts that are handed to the daemon at once; it takes no more.
pub const IMPORT_ROWS: usize = 100;
/// Accounts that are asked of the daemon at once.
pub const ACCOUNTS_PAGE: u32 = 500;
/// Rows of each kind that `account import` shows; the rest is counted, and is in its JSON.
pub const ROWS_SHOWN: usize = 50;
/// Accounts that `doctor` looks at for whether they have a way back.
pub const DOCTOR_ACCOUNTS: usize = 2000;
/// Seconds that the daemon's clock may be from that of who asks.
pub const CLOCK_SECONDS: u64 = 5;
/// Seconds between two looks of `top`, where nothing else is said.
pub const TOP_EVERY: Duration = Duration::from_secs(2);
/// How long `top` stands still at least.
pub const TOP_PAUSE: Duration = Duration::from_millis(200);
/// Keys that are read ahead of their use.
pub const KEYS_AHEAD: usize = 16;
/// Lines of a terminal that does not say how many it has.
pub const SCREEN_ROWS: usize = 24;
