//! The plugin as the daemon sees it: starts, takes calls, cancels them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use readmit_plugin::{About, Call, Daemon, Ended, Plugin, Probed};
use readmit_telephone::number;
use readmit_telephone::outcome::{Detail, Disposition};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::call::{self, Outcome, Shared};
use crate::calls::Calls;
use crate::client::Client;
use crate::desk::Desk;
use crate::listener::{Listener, ListenerError};
use crate::pace::Pace;
use crate::settings::{Settings, SettingsError};

/// The voice plugin for providers with an HTTP interface.
pub struct VoiceHttp {
    shared: Shared,
    lines: Semaphore,
    cancels: Mutex<HashMap<String, CancellationToken>>,
    listener: Listener,
}

/// Why the plugin cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The listener cannot be opened.
    #[error(transparent)]
    Listener(#[from] ListenerError),
}

impl Plugin for VoiceHttp {
    type Settings = Settings;
    type Error = StartError;

    async fn start(settings: Settings, daemon: Daemon) -> Result<(VoiceHttp, About), StartError> {
        let (settings, provider) = settings.check()?;
        number::prepare();
        let (provider, calls) = (Arc::new(provider), Calls::default());
        let desk = Desk::new(
            provider.clone(),
            calls.clone(),
            settings.public.clone(),
            settings.prompts.clone(),
            settings.key,
        );
        let listener = Listener::open(&settings.listen, &daemon, Arc::new(desk)).await?;
        let lines = Semaphore::new(settings.concurrent_calls);
        let client = Client::new(settings.base.clone(), settings.tls.clone());
        let pace = Pace::new(settings.calls_per_second);
        let about = About {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            channels: vec!["voice".to_owned()],
        };
        let shared = Shared { settings, provider, client, pace, calls, daemon };
        Ok((VoiceHttp { shared, lines, cancels: Mutex::default(), listener }, about))
    }

    async fn call(&self, call: Call) -> Ended {
        let cancelled = CancellationToken::new();
        self.cancels.lock().insert(call.id.clone(), cancelled.clone());
        let _listed = Listed { plugin: self, id: &call.id };
        let outcome = match self.lines.try_acquire() {
            Ok(_line) => call::make(&self.shared, &call, &cancelled).await,
            Err(_all_taken) => Outcome::unplaced(
                Disposition::ProviderError,
                Detail::new("all lines are in use: concurrent_calls"),
            ),
        };
        tracing::info!(id = %call.id, disposition = %outcome.disposition, detail = %outcome.detail, "call ended");
        let ended = Ended::new(outcome.disposition.as_str()).with_detail(outcome.detail.to_string());
        match outcome.provider_id {
            Some(id) => ended.with_provider_id(id),
            None => ended,
        }
    }

    async fn probe(&self, within: Duration) -> Option<Probed> {
        Some(Probed { steps: self.shared.probe(within).await })
    }

    async fn cancel(&self, id: &str) {
        if let Some(cancelled) = self.cancels.lock().get(id) {
            cancelled.cancel();
        }
    }

    async fn shutdown(&self) {
        self.listener.close().await;
    }
}

/// A call in the list of those that can be cancelled, for as long as it lasts.
struct Listed<'a> {
    plugin: &'a VoiceHttp,
    id: &'a str,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.plugin.cancels.lock().remove(self.id);
    }
}
