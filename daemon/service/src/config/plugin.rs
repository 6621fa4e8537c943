//! `[plugins.NAME]`: how a plugin is reached, and what it is told.

use std::path::PathBuf;

use readmit_recovery::address::EmailAddress;
use readmit_recovery::limits::MAX_CHANNEL_BYTES;

/// One plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginConfig {
    /// Its name in the configuration.
    pub name: String,
    /// How it is reached.
    pub launch: Launch,
    /// The channels that it is used for; none means all that it offers.
    pub channels: Vec<String>,
    /// Its own settings, passed on as they are.
    pub settings: serde_json::Value,
    /// The address that its messages come from, as people are told it.
    pub sender: Option<EmailAddress>,
}

/// How a plugin is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launch {
    /// It is started: an absolute path, and arguments.
    Command(Vec<String>),
    /// Somebody else starts it, and it listens on this unix socket.
    Socket(PathBuf),
}

/// Whether a channel may have this name: lower case letters, digits and `_`, a letter first.
#[must_use]
pub fn is_channel_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.len() <= MAX_CHANNEL_BYTES
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(fits)
}
