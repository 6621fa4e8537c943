//! Every number that bounds the benchmark.

use std::time::Duration;

/// Alternating rounds of each comparison; the median counts.
pub(crate) const ROUNDS: usize = 5;
/// How long each side of a round is measured.
pub(crate) const ROUND: Duration = Duration::from_millis(1200);
/// How long each side is driven before the first round.
pub(crate) const WARM_UP: Duration = Duration::from_millis(400);
/// Callers at once.
pub(crate) const CALLERS: [usize; 3] = [1, 8, 64];
/// Callers that share one connection to the bus.
pub(crate) const CALLERS_PER_CONNECTION: usize = 8;
/// Accounts with a password, over which recoveries are opened.
pub(crate) const ACCOUNTS: usize = 200;
/// Accounts that sign in, in each round.
pub(crate) const SIGN_INS: usize = 1000;
/// Accounts whose code is sent by everybody at once.
pub(crate) const CONTESTED: usize = 20;
/// Accounts on file when the start is timed.
pub(crate) const MANY_ACCOUNTS: usize = 100_000;
/// Accounts that are put on file one by one, for comparison with a list.
pub(crate) const ONE_BY_ONE: usize = 10_000;
/// Starts that are timed.
pub(crate) const STARTS: usize = 7;
/// Messages in each round of e-mail.
pub(crate) const LETTERS: usize = 2000;
/// Messages handed to the e-mail plugin at once.
pub(crate) const LETTERS_AT_ONCE: usize = 64;
/// Connections to the mail server, on both sides.
pub(crate) const CONNECTIONS: usize = 20;
/// Calls at once.
pub(crate) const CALLS: [usize; 4] = [50, 200, 500, 1000];
/// Calls begun each second. Not a divisor of the 50 frames that each call then sends in a second: otherwise the
/// frames of all calls would be due at the same moment, as those of people who are called are not.
pub(crate) const CALLS_A_SECOND: u32 = 43;
/// How long all calls are held while the processor is watched.
pub(crate) const TALK: Duration = Duration::from_secs(10);
/// Pairs of a known and an unknown account that are compared.
pub(crate) const PAIRS: usize = 120;
/// Times that policies are saved.
pub(crate) const SAVES: usize = 50;
/// Decisions of a log that is replayed.
pub(crate) const REPLAYED: u64 = 200_000;
/// How long anything may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// People who recover through the portal in each round.
pub(crate) const RECOVERIES: usize = 400;
/// People who recover at once.
pub(crate) const RECOVERERS: usize = 32;
/// Pages whose first byte is timed.
pub(crate) const SHOWS: usize = 1000;
