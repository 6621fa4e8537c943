//! A supervisor with scripted plugins, and the events that they cause.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use readmit_recovery::id::DeliveryId;
use readmit_recovery::secret::Secret;
use readmitd::config::{Launch, PluginConfig};
use readmitd::plugins::{CallRequest, Checked, Events, MessageRequest, PluginState, Supervisor, Timing};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

pub const ADDRESS: &str = "ada@example.org";
pub const NUMBER: &str = "+14155550123";
pub const RIGHT: &str = "123456";

/// What the supervisor told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Progress(String, String),
    Check(String, String),
    State(String, PluginState),
}

struct Recorder(mpsc::UnboundedSender<Seen>);

impl Events for Recorder {
    fn progress(&self, id: &DeliveryId, phase: &str) {
        self.0.send(Seen::Progress(id.as_str().to_owned(), phase.to_owned())).ok();
    }

    fn check(&self, id: &DeliveryId, digits: Secret) -> BoxFuture<'static, Checked> {
        self.0.send(Seen::Check(id.as_str().to_owned(), digits.expose().to_owned())).ok();
        let accepted = digits.expose() == RIGHT;
        Box::pin(async move { Checked { accepted, tries_left: 2 } })
    }

    fn state(&self, plugin: &str, state: PluginState) {
        self.0.send(Seen::State(plugin.to_owned(), state)).ok();
    }
}

/// One supervisor with its plugins, in a directory of its own.
pub struct Kit {
    pub supervisor: Arc<Supervisor>,
    pub seen: mpsc::UnboundedReceiver<Seen>,
    pub directory: Arc<TempDir>,
}

/// What one plugin of the kit is.
#[derive(Clone)]
pub struct Scripted {
    pub name: &'static str,
    pub mode: &'static str,
    pub channels: &'static [&'static str],
}

pub const fn scripted(name: &'static str, mode: &'static str) -> Scripted {
    Scripted { name, mode, channels: &["email", "voice"] }
}

impl Kit {
    /// One plugin, `p`.
    pub fn of(mode: &'static str) -> Self {
        Self::with(&[scripted("p", mode)], timing())
    }

    pub fn with(plugins: &[Scripted], timing: Timing) -> Self {
        let directory = Arc::new(tempfile::tempdir().expect("a directory"));
        let configs = plugins.iter().map(|plugin| config(plugin, directory.path())).collect();
        Self::start(configs, timing, directory)
    }

    pub fn start(configs: Vec<PluginConfig>, timing: Timing, directory: Arc<TempDir>) -> Self {
        let (tell, seen) = mpsc::unbounded_channel();
        let supervisor = Arc::new(Supervisor::with_timing(configs, Arc::new(Recorder(tell)), timing));
        Self { supervisor, seen, directory }
    }

    /// Waits for this event, and returns everything that came before it.
    pub async fn wait_for(&mut self, wanted: &Seen) -> Vec<Seen> {
        let mut before = Vec::new();
        loop {
            let seen = within(self.seen.recv()).await.expect("the supervisor tells");
            if seen == *wanted {
                return before;
            }
            before.push(seen);
        }
    }

    pub async fn wait_for_state(&mut self, plugin: &str, state: PluginState) {
        self.wait_for(&Seen::State(plugin.to_owned(), state)).await;
    }

    /// Everything that was told and not yet waited for.
    pub fn told(&mut self) -> Vec<Seen> {
        std::iter::from_fn(|| self.seen.try_recv().ok()).collect()
    }

    pub async fn deliver(&self, id: &str) -> readmitd::plugins::Ended {
        within(self.supervisor.deliver(message(id))).await
    }

    pub async fn call(&self, id: &str) -> readmitd::plugins::Ended {
        within(self.supervisor.call(call(id))).await
    }

    /// What the plugin saw, of this kind.
    pub fn noted(&self, plugin: &str, what: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(log_of(self.directory.path(), plugin)).unwrap_or_default();
        let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        entries.filter(|entry| entry["what"] == what).collect()
    }

    pub fn last_error(&self, plugin: &str) -> String {
        let list = self.supervisor.list();
        let status = list.into_iter().find(|status| status.plugin == plugin).expect("the plugin");
        status.last_error.unwrap_or_default()
    }
}

/// Impatient where a test waits for impatience, patient where a busy machine must not fail it.
pub fn timing() -> Timing {
    Timing {
        initialize: Duration::from_secs(30),
        ping_every: Duration::from_secs(3600),
        ping_answer: Duration::from_millis(200),
        grace: Duration::from_millis(300),
        shutdown: Duration::from_secs(10),
        backoff_first: Duration::from_millis(5),
        backoff_most: Duration::from_millis(20),
        stable_after: Duration::from_secs(3600),
        message_patience: Duration::from_secs(30),
        call_patience: Duration::from_secs(30),
        seed: 7,
    }
}

pub fn config(plugin: &Scripted, directory: &Path) -> PluginConfig {
    let mut command = python();
    command.extend([script().display().to_string(), plugin.mode.to_owned()]);
    let settings = json!({
        "log": log_of(directory, plugin.name),
        "fifo": directory.join("fifo"),
        "channels": plugin.channels,
    });
    let (name, launch) = (plugin.name.to_owned(), Launch::Command(command));
    PluginConfig { name, launch, channels: Vec::new(), settings, sender: None }
}

pub fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/stress_plugin.py")
}

/// The system's Python if there is one: wrappers around others add to the environment that a test looks at.
pub fn python() -> Vec<String> {
    let system = Path::new("/usr/bin/python3");
    if system.exists() {
        return vec![system.display().to_string()];
    }
    vec!["/usr/bin/env".to_owned(), "python3".to_owned()]
}

pub fn message(id: &str) -> MessageRequest {
    MessageRequest {
        id: DeliveryId::parse(id).expect("an id"),
        channel: "email".to_owned(),
        to: Secret::new(ADDRESS),
        purpose: "notice".to_owned(),
        locale: "en".to_owned(),
        fields: BTreeMap::from([("what".to_owned(), Secret::new("a test"))]),
        deadline: Duration::from_secs(60),
    }
}

pub fn call(id: &str) -> CallRequest {
    CallRequest {
        id: DeliveryId::parse(id).expect("an id"),
        to: Secret::new(NUMBER),
        locale: "en".to_owned(),
        fields: BTreeMap::new(),
        digits: 6,
        tries: 3,
        deadline: Duration::from_secs(60),
    }
}

/// Bounds a wait, so that what never comes fails the test.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), future).await.expect("it comes in time")
}

fn log_of(directory: &Path, plugin: &str) -> PathBuf {
    directory.join(format!("{plugin}.log"))
}
