//! Channels that somebody has stopped.

use readmit_recovery::time::Timestamp;

/// A channel on which nothing is delivered until somebody resumes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The channel.
    pub channel: String,
    /// Since when.
    pub since: Timestamp,
    /// Who stopped it.
    pub actor: String,
    /// Why, in words.
    pub because: String,
}
