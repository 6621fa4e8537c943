//! What SIGHUP, and with it `systemctl reload`, reads again.
//!
//! Policies are taken up whole or not at all, as when they are saved. The configuration file is only checked: what has
//! changed in it takes effect with a restart, and which sections these are is said. So a running daemon never follows
//! half of a file.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Board, Manager};
use crate::config::{Config, ConfigError, ConfigFile};
use crate::service::Service;

/// Where requests to read everything again come from.
pub type ReloadRequests = mpsc::Receiver<()>;

/// Who is named in the journal for it.
const ACTOR: &str = "signal";

/// What reads again.
pub struct Reloader {
    /// What has the policies.
    pub service: Arc<Service>,
    /// Who waits for the end of it.
    pub manager: Manager,
    /// Who is told what was found.
    pub board: Arc<Board>,
    /// The file.
    pub file: ConfigFile,
    /// What the daemon runs by.
    pub running: Config,
}

impl Reloader {
    /// Reads again as often as it is asked for, until `shutdown`.
    pub async fn on_request(self, mut asked: ReloadRequests, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                request = asked.recv() => match request {
                    Some(()) => self.reload().await,
                    None => return,
                },
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn reload(&self) {
        self.manager.reloading();
        self.board.configuration(self.compare());
        // What is refused is logged and told by the service itself.
        if let Err(fault) = self.service.reload_policies(ACTOR).await {
            tracing::debug!(%fault, "what was read again is not in force");
        }
        self.manager.ready();
    }

    /// What the file says other than the daemon does.
    fn compare(&self) -> Option<String> {
        let path = self.file.path().display();
        match self.file.load() {
            Ok(found) => {
                let changed = self.running.differences(&found);
                if changed.is_empty() {
                    return None;
                }
                let changed = changed.join(", ");
                tracing::warn!(
                    changed,
                    "the configuration has changed since the start; restart the daemon to let it take effect"
                );
                Some(format!("restart to apply {changed} of {path}"))
            }
            Err(error) => {
                let report = match &error {
                    ConfigError::Invalid(report) => report.to_string(),
                    ConfigError::Unreadable(_, source) => source.to_string(),
                };
                tracing::error!(
                    %path,
                    "the configuration cannot be used; the daemon keeps what it runs by, and would not start again:\n{report}"
                );
                Some(format!("{path} is wrong, the next start would fail"))
            }
        }
    }
}
