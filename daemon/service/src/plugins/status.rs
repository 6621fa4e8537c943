//! What is known about each plugin, for administrators and for the routing.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use readmit_plugin::wire;
use readmit_recovery::time::Timestamp;
use tokio::sync::watch;

use super::Events;
use super::connection::Connection;
use super::limits;
use super::mask;

/// One plugin, as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStatus {
    /// Its name in the configuration.
    pub plugin: String,
    /// Its own name and version, once it has said them.
    pub version: String,
    /// What it delivers on: the channels of the configuration that it offers, or all that it offers.
    pub channels: Vec<String>,
    /// Whether it works.
    pub state: PluginState,
    /// How often it was replaced.
    pub restarts: u32,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Why it last stopped working, if it ever did.
    pub last_error: Option<String>,
}

/// Whether a plugin works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PluginState {
    /// It was started and has not yet said what it is.
    Starting,
    /// It works.
    Running,
    /// It failed; another one takes its place after a while.
    Failed,
    /// The daemon has stopped it.
    Stopped,
}

impl PluginState {
    /// The word for it on the bus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// The board on which one plugin's worker writes and the router reads.
pub(super) struct Board {
    plugin: String,
    wanted: Vec<String>,
    events: Arc<dyn Events>,
    changes: watch::Sender<u64>,
    entry: Mutex<Entry>,
}

struct Entry {
    status: PluginStatus,
    /// Whether `status.channels` is what the plugin itself has confirmed.
    confirmed: bool,
    connection: Option<Connection>,
}

impl Board {
    pub(super) fn new(
        plugin: &str,
        wanted: &[String],
        events: Arc<dyn Events>,
        changes: watch::Sender<u64>,
    ) -> Self {
        let status = PluginStatus {
            plugin: plugin.to_owned(),
            version: String::new(),
            channels: wanted.to_vec(),
            state: PluginState::Starting,
            restarts: 0,
            since: now(),
            last_error: None,
        };
        let entry = Mutex::new(Entry { status, confirmed: false, connection: None });
        Self { plugin: plugin.to_owned(), wanted: wanted.to_vec(), events, changes, entry }
    }

    pub(super) fn name(&self) -> &str {
        &self.plugin
    }

    pub(super) fn status(&self) -> PluginStatus {
        self.entry.lock().status.clone()
    }

    /// The plugin, if it runs and delivers on `channel`.
    pub(super) fn connection(&self, channel: &str) -> Option<Connection> {
        let entry = self.entry.lock();
        let serves = entry.status.channels.iter().any(|known| known == channel);
        entry.connection.clone().filter(|_| serves)
    }

    /// The plugin, if it runs.
    pub(super) fn running_connection(&self) -> Option<Connection> {
        self.entry.lock().connection.clone()
    }

    /// Whether it does, or may turn out to, deliver on `channel`.
    pub(super) fn may_serve(&self, channel: &str) -> bool {
        let entry = self.entry.lock();
        let unknown = !entry.confirmed && self.wanted.is_empty();
        entry.status.state != PluginState::Stopped
            && (unknown || entry.status.channels.iter().any(|known| known == channel))
    }

    pub(super) fn running(&self, about: &wire::About, connection: Connection) {
        let offered = about.channels.iter().take(limits::CHANNELS);
        let channels: Vec<String> =
            offered.filter(|name| self.wanted.is_empty() || self.wanted.contains(name)).cloned().collect();
        let missing: Vec<&str> =
            self.wanted.iter().filter(|name| !channels.contains(name)).map(String::as_str).collect();
        self.change(PluginState::Running, |entry| {
            entry.status.version =
                mask::cleaned(&format!("{} {}", about.name, about.version), limits::TEXT_CHARS);
            if !missing.is_empty() {
                entry.status.last_error =
                    Some(format!("it does not offer the channel {}", missing.join(", ")));
            }
            entry.status.channels = channels;
            entry.confirmed = true;
            entry.connection = Some(connection);
        });
        if !missing.is_empty() {
            tracing::warn!(
                plugin = self.plugin,
                ?missing,
                "the plugin does not offer these configured channels"
            );
        }
    }

    pub(super) fn starting(&self) {
        self.change(PluginState::Starting, |entry| entry.connection = None);
    }

    pub(super) fn failed(&self, why: String) {
        tracing::warn!(plugin = self.plugin, why, "the plugin failed");
        self.change(PluginState::Failed, |entry| {
            entry.status.restarts = entry.status.restarts.saturating_add(1);
            entry.status.last_error = Some(why);
            entry.connection = None;
        });
    }

    /// It is about to be stopped: nothing new is handed to it.
    pub(super) fn withdrawn(&self) {
        self.entry.lock().connection = None;
        self.tell();
    }

    pub(super) fn restarted(&self) {
        let mut entry = self.entry.lock();
        entry.status.restarts = entry.status.restarts.saturating_add(1);
    }

    pub(super) fn stopped(&self) {
        self.change(PluginState::Stopped, |entry| entry.connection = None);
    }

    fn change(&self, state: PluginState, more: impl FnOnce(&mut Entry)) {
        {
            let mut entry = self.entry.lock();
            entry.status.state = state;
            entry.status.since = now();
            more(&mut entry);
        }
        self.tell();
        self.events.state(&self.plugin, state);
    }

    fn tell(&self) {
        self.changes.send_modify(|change| *change = change.wrapping_add(1));
    }
}

fn now() -> Timestamp {
    // A clock before 1970 is no reason to fail.
    Timestamp::from_unix(
        SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default(),
    )
}
