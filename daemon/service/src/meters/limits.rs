//! Every number that bounds something in what is counted.

use std::time::Duration;

/// Channels that are told apart.
pub const CHANNELS: usize = 32;
/// Plugins that are told apart: as many as a configuration may have.
pub const PLUGINS: usize = crate::config::MAX_PLUGINS;
/// Kinds of alerts that are told apart.
pub const ALERTS: usize = 64;
/// Interfaces and methods that are told apart: more than there are.
pub const METHODS: usize = 256;
/// Ways to prove identity that are told apart.
pub const FACTORS: usize = 64;
/// How long what the store was asked for is taken to be so, however often it is scraped.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Limits that are told apart.
pub const LIMITS: usize = 64;
