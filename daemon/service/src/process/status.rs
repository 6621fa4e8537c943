//! How the daemon stands, in the one line that `systemctl status` shows.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Manager;
use super::limits::{REASON_CHARS, STATUS_EVERY, STATUS_LOOK};
use super::manager::one_line;
use super::progress::Listener;
use crate::plugins::PluginState;
use crate::service::Service;

/// Digits of a policy version that tell it from others.
const VERSION_DIGITS: usize = 12;

/// The line, and what it is made of.
pub struct Board {
    manager: Manager,
    service: Arc<Service>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Cases that are not closed, as far as the store could be asked.
    open_cases: Option<u64>,
    /// What is silent, of what the daemon stands on.
    silent: Vec<&'static str>,
    /// What is to be said of the configuration file.
    configuration: Option<String>,
}

impl Board {
    /// A line about `service` for `manager`.
    #[must_use]
    pub fn new(manager: Manager, service: Arc<Service>) -> Arc<Self> {
        Arc::new(Self { manager, service, seen: Mutex::default() })
    }

    /// Keeps the line true until `shutdown`.
    pub async fn keep(self: Arc<Self>, shutdown: CancellationToken) {
        let mut signals = self.service.signals();
        loop {
            self.count().await;
            self.show();
            sleep(STATUS_EVERY).await;
            tokio::select! {
                () = shutdown.cancelled() => return,
                heard = timeout(STATUS_LOOK, signals.recv()) => {
                    if matches!(heard, Ok(Err(RecvError::Closed))) {
                        return;
                    }
                }
            }
        }
    }

    /// Says of the configuration file what an administrator should know; none if nothing.
    pub fn configuration(&self, text: Option<String>) {
        self.seen.lock().configuration = text;
        self.show();
    }

    fn show(&self) {
        self.manager.status(&self.line());
    }

    async fn count(&self) {
        let counts = self.service.store().counts().await;
        self.seen.lock().open_cases = counts.ok().map(|counts| counts.open_cases);
    }

    fn line(&self) -> String {
        let policies = self.service.policies().in_force();
        let version: String = policies.version.to_string().chars().take(VERSION_DIGITS).collect();
        let seen = self.seen.lock();
        let cases = match seen.open_cases {
            Some(1) => "1 case open".to_owned(),
            Some(open) => format!("{open} cases open"),
            None => "cases cannot be counted".to_owned(),
        };
        let mut parts = vec![format!("Policies {version}, {cases}, {}", self.plugins())];
        parts.extend(seen.silent.iter().map(|name| format!("the {name} does not answer")));
        let fault = self.service.journal_fault();
        parts.extend(fault.map(|fault| format!("the journal is broken at entry {}", fault.seq)));
        parts.extend(policies.refused.map(|why| format!("refused: {}", one_line(&why, REASON_CHARS))));
        parts.extend(seen.configuration.clone());
        parts.join("; ")
    }

    fn plugins(&self) -> String {
        let Ok(plugins) = self.service.plugins() else { return "no plugins yet".to_owned() };
        let list = plugins.list();
        let ill = list.iter().filter(|plugin| plugin.state != PluginState::Running);
        let ill: Vec<_> =
            ill.map(|plugin| format!("{} ({})", plugin.plugin, plugin.state.as_str())).collect();
        match (list.len(), ill.as_slice()) {
            (0, _) => "no plugins".to_owned(),
            (_, []) => "plugins well".to_owned(),
            (all, ill) => format!("{} of {all} plugins ill: {}", ill.len(), ill.join(", ")),
        }
    }
}

impl Listener for Board {
    fn alive(&self) {
        self.service.meters().well();
        self.manager.alive();
    }

    fn silent(&self, names: &[&'static str]) {
        for name in names {
            tracing::error!(
                part = name,
                "the {name} does not answer: the service manager is not told that the daemon is alive"
            );
        }
        if names.is_empty() {
            tracing::info!("everything answers again");
        }
        names.clone_into(&mut self.seen.lock().silent);
        self.show();
    }
}
