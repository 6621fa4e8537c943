//! The plugin as the daemon sees it: starts, takes calls, cancels them.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use readmit_plugin::{About, Call, Daemon, Ended, Plugin, Probed};
use readmit_telephone::number;
use readmit_telephone::outcome::{Detail, Disposition};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::call::{self, Outcome, Shared};
use crate::settings::{Settings, SettingsError};
use crate::signalling::SignallingError;
use crate::trunks::Trunks;

/// The voice plugin.
pub struct Voice {
    shared: Shared,
    lines: Semaphore,
    calls: Mutex<HashMap<String, CancellationToken>>,
}

/// Why the plugin cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The SIP endpoint cannot be opened.
    #[error(transparent)]
    Signalling(#[from] SignallingError),
}

impl Plugin for Voice {
    type Settings = Settings;
    type Error = StartError;

    async fn start(settings: Settings, daemon: Daemon) -> Result<(Voice, About), StartError> {
        let settings = settings.check()?;
        number::prepare();
        let trunks = Trunks::open(&settings).await?;
        let lines = Semaphore::new(settings.concurrent_calls);
        let about = About {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            channels: vec!["voice".to_owned()],
        };
        let shared = Shared { settings, trunks, daemon };
        Ok((Voice { shared, lines, calls: Mutex::default() }, about))
    }

    async fn call(&self, call: Call) -> Ended {
        let cancelled = CancellationToken::new();
        self.calls.lock().insert(call.id.clone(), cancelled.clone());
        let _listed = Listed { voice: self, id: &call.id };
        let outcome = match self.lines.try_acquire() {
            Ok(_line) => call::make(&self.shared, &call, &cancelled).await,
            Err(_all_taken) => Outcome {
                disposition: Disposition::ProviderError,
                detail: Detail::new("all lines are in use: concurrent_calls"),
                call_id: None,
            },
        };
        tracing::info!(id = %call.id, disposition = %outcome.disposition, detail = %outcome.detail, "call ended");
        let ended = Ended::new(outcome.disposition.as_str()).with_detail(outcome.detail.to_string());
        match outcome.call_id {
            Some(call_id) => ended.with_provider_id(call_id),
            None => ended,
        }
    }

    async fn probe(&self, within: Duration) -> Option<Probed> {
        Some(Probed { steps: self.shared.trunks.probe(within).await })
    }

    async fn cancel(&self, id: &str) {
        if let Some(cancelled) = self.calls.lock().get(id) {
            cancelled.cancel();
        }
    }

    async fn shutdown(&self) {
        self.shared.trunks.close().await;
    }
}

/// A call in the list of those that can be cancelled, for as long as it lasts.
struct Listed<'a> {
    voice: &'a Voice,
    id: &'a str,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.voice.calls.lock().remove(self.id);
    }
}
