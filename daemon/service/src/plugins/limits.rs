//! Every number that bounds a plugin.

use std::time::Duration;

/// Requests that one plugin works on at once. One more waits, or goes to the fallback.
pub const IN_FLIGHT: usize = 64;
/// Lines that wait for a plugin to read them.
pub const QUEUED_LINES: usize = 256;
/// Lines that a plugin may send against the protocol, in one connection, before it is replaced.
pub const FAULTS: u32 = 16;
/// Phases of one call that are passed on; further ones are dropped.
pub const PHASES: u32 = 32;
/// Characters in the name of a phase.
pub const PHASE_CHARS: usize = 32;
/// Digits that one `check` may carry.
pub const CHECK_DIGITS: usize = 16;
/// How long an answer to `check` may take; the plugin's own patience is
/// [`readmit_plugin::limits::CHECK`].
pub const CHECK: Duration = Duration::from_secs(9);
/// Attempts at a message through one plugin: the first, and one more if the plugin was lost over it.
pub const ATTEMPTS: u8 = 2;
/// Characters of a plugin's line, error or detail that are kept.
pub const TEXT_CHARS: usize = 512;
/// How long a plugin may take to try the way to its other side.
pub const PROBE: Duration = Duration::from_secs(20);
/// Channels that one plugin may offer.
pub const CHANNELS: usize = 16;
/// Lines of one plugin that reach the log in [`LOG_WINDOW`]; the rest is counted.
pub const LOG_LINES: u32 = 60;
/// The window of [`LOG_LINES`].
pub const LOG_WINDOW: Duration = Duration::from_secs(10);

/// How patient the supervisor is. The default serves; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the start of a plugin to its answer to `initialize`.
    pub initialize: Duration,
    /// Between two pings.
    pub ping_every: Duration,
    /// For the answer to a ping.
    pub ping_answer: Duration,
    /// For an answer past the deadline of its request, so that the plugin's own account of it is heard.
    pub grace: Duration,
    /// For a plugin to finish after `shutdown`, before its process group is killed.
    pub shutdown: Duration,
    /// Before the first replacement; it doubles with each further one.
    pub backoff_first: Duration,
    /// Before any replacement.
    pub backoff_most: Duration,
    /// How long a plugin has to run for its next failure to count as the first.
    pub stable_after: Duration,
    /// For a message, while no plugin of its channel runs.
    pub message_patience: Duration,
    /// For a call, while no plugin of its channel runs: a person sits in front of the page.
    pub call_patience: Duration,
    /// What the jitter of the backoff is drawn from.
    pub seed: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            // The plugin's own limit, and time to say so.
            initialize: readmit_plugin::limits::START.saturating_add(Duration::from_secs(5)),
            ping_every: Duration::from_secs(15),
            ping_answer: Duration::from_secs(10),
            grace: readmit_plugin::limits::GRACE.saturating_add(Duration::from_secs(2)),
            shutdown: readmit_plugin::limits::GRACE.saturating_add(Duration::from_secs(5)),
            backoff_first: Duration::from_millis(250),
            backoff_most: Duration::from_secs(60),
            stable_after: Duration::from_secs(120),
            message_patience: Duration::from_secs(60),
            call_patience: Duration::from_secs(10),
            seed: 0,
        }
    }
}
