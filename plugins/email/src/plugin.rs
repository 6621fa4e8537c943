//! The plugin: from a `deliver` to how it ended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::response::Response;
use parking_lot::Mutex;
use readmit_plugin::{About, Daemon, Deliver, Ended, Plugin, Probed, disposition};
use thiserror::Error;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::limits;
use crate::message::{self, Letter};
use crate::purpose::Purpose;
use crate::settings::{Checked, Config, Settings, SettingsError};
use crate::smtp::{Failure, Pool, SetupError};
use crate::templates::{TemplateError, Templates};

/// The channel that this plugin serves.
const CHANNEL: &str = "email";

/// The e-mail plugin.
pub struct Email {
    config: Config,
    templates: Templates,
    pool: Arc<Pool>,
    waiting: Mutex<HashMap<String, Arc<Notify>>>,
}

/// Why the plugin cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A template is wrong.
    #[error(transparent)]
    Templates(#[from] TemplateError),
    /// Connections cannot be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl Plugin for Email {
    type Settings = Settings;
    type Error = StartError;

    async fn start(settings: Settings, _daemon: Daemon) -> Result<(Self, About), StartError> {
        let Checked { config, server, templates } = settings.check()?;
        let templates = Templates::load(templates.as_deref())?;
        let pool = Pool::new(server)?;
        let about = About {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            channels: vec![CHANNEL.to_owned()],
        };
        Ok((Self { config, templates, pool, waiting: Mutex::default() }, about))
    }

    async fn deliver(&self, request: Deliver) -> Ended {
        let ended = match self.letter(&request) {
            Ok(letter) => {
                let waiting = Waiting::new(&self.waiting, &request.id);
                self.hand_over(&letter, request.deadline(), &waiting.cancelled).await
            }
            Err(ended) => ended,
        };
        tracing::info!(
            id = request.id,
            purpose = request.purpose,
            disposition = ended.disposition,
            "delivered"
        );
        scrubbed(ended, &request)
    }

    async fn probe(&self, within: Duration) -> Option<Probed> {
        let margin = limits::ANSWER_MARGIN.min(within / 10);
        let steps = self.pool.probe(Instant::now() + within.saturating_sub(margin)).await;
        Some(Probed { steps })
    }

    async fn cancel(&self, id: &str) {
        if let Some(waiting) = self.waiting.lock().get(id) {
            waiting.notify_one();
        }
    }

    async fn shutdown(&self) {
        self.pool.close().await;
    }
}

impl Email {
    fn letter(&self, request: &Deliver) -> Result<Letter, Ended> {
        let blocked = |why: String| Ended::new(disposition::BLOCKED).with_detail(why);
        if request.channel != CHANNEL {
            return Err(blocked("this plugin serves only the channel `email`".to_owned()));
        }
        let purpose = Purpose::from_name(&request.purpose).map_err(|error| blocked(error.to_string()))?;
        let values = purpose
            .values(&request.fields, &self.config.house)
            .map_err(|error| blocked(error.to_string()))?;
        let to = message::address(request.to.expose())
            .map_err(|fault| Ended::new(disposition::INVALID_ADDRESS).with_detail(fault.to_string()))?;
        let own_fault = |text: String| Ended::new(disposition::PROVIDER_ERROR).with_detail(text);
        let rendered = self
            .templates
            .render(purpose, &request.locale, &values)
            .map_err(|error| own_fault(with_source(&error)))?;
        message::compose(&self.config, to, &request.id, rendered)
            .map_err(|error| own_fault(with_source(&error)))
    }

    /// Tries until it is taken or refused, or the deadline leaves no room for another try.
    async fn hand_over(&self, letter: &Letter, within: Duration, cancelled: &Notify) -> Ended {
        let margin = limits::ANSWER_MARGIN.min(within / 10);
        let deadline = Instant::now() + within.saturating_sub(margin);
        let mut pause = limits::FIRST_PAUSE;
        loop {
            let why = match self.pool.send(letter, deadline).await {
                Ok(response) => return sent(letter, &response),
                Err(Failure::Refused(why)) => return Ended::new(disposition::REJECTED).with_detail(why),
                Err(Failure::Account(why)) => {
                    return Ended::new(disposition::PROVIDER_ERROR).with_detail(why);
                }
                Err(Failure::Later(why)) => why,
            };
            let next = Instant::now() + pause;
            if next >= deadline {
                return Ended::new(disposition::UNREACHABLE).with_detail(why);
            }
            tracing::debug!(pause_seconds = pause.as_secs(), "a message is tried again");
            if timeout_at(next, cancelled.notified()).await.is_ok() {
                return Ended::new(disposition::CANCELLED).with_detail(why);
            }
            pause = (pause * 2).min(limits::LONGEST_PAUSE);
        }
    }
}

/// The place of one delivery among those that can be cancelled.
struct Waiting<'a> {
    all: &'a Mutex<HashMap<String, Arc<Notify>>>,
    id: &'a str,
    cancelled: Arc<Notify>,
}

impl<'a> Waiting<'a> {
    fn new(all: &'a Mutex<HashMap<String, Arc<Notify>>>, id: &'a str) -> Self {
        let cancelled = all.lock().entry(id.to_owned()).or_default().clone();
        Self { all, id, cancelled }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.all.lock().remove(self.id);
    }
}

fn sent(letter: &Letter, response: &Response) -> Ended {
    let words: Vec<&str> = response.message().collect();
    Ended::new(disposition::SENT)
        .with_provider_id(letter.id.clone())
        .with_detail(format!("{} {}", response.code(), words.join(" ")).trim_end())
}

fn with_source(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

/// Takes the address and every secret out of the detail: servers repeat what they were told.
fn scrubbed(mut ended: Ended, request: &Deliver) -> Ended {
    let Some(detail) = ended.detail.as_mut() else { return ended };
    let secrets = request.fields.iter().filter(|(name, _)| SECRET_FIELDS.contains(&name.as_str()));
    for (word, secret) in secrets
        .map(|(_, secret)| ("[secret]", secret))
        .chain(std::iter::once(("[address]", &request.to)))
        .filter(|(_, secret)| !secret.expose().is_empty())
    {
        *detail = replaced(detail, secret.expose(), word);
    }
    ended
}

const SECRET_FIELDS: &[&str] = &["code", "link_token", "veto_token"];

/// Replaces `what` in whatever case it is written; servers change the case of addresses.
fn replaced(text: &str, what: &str, by: &str) -> String {
    let (lower, what) = (text.to_ascii_lowercase(), what.to_ascii_lowercase());
    let mut result = String::with_capacity(text.len());
    let mut end = 0;
    // ASCII case folding keeps every byte in its place, so positions in `lower` are positions in `text`.
    for (at, found) in lower.match_indices(&what) {
        result.push_str(text.get(end..at).unwrap_or_default());
        result.push_str(by);
        end = at + found.len();
    }
    result.push_str(text.get(end..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use readmit_plugin::Secret;
    use std::collections::BTreeMap;

    #[test]
    fn details_have_neither_address_nor_secret() {
        let request = Deliver {
            id: "i".into(),
            channel: "email".into(),
            to: Secret::from("Ada@Example.org"),
            purpose: "test".into(),
            locale: "en".into(),
            fields: BTreeMap::from([
                ("code".to_owned(), Secret::from("508688")),
                ("minutes".to_owned(), Secret::from("5")),
                ("veto_token".to_owned(), Secret::from("")),
            ]),
            deadline_ms: 1000,
        };
        let ended = Ended::new("rejected")
            .with_detail("550 5.1.1 <ada@example.org>: ünknown (508688) ADA@EXAMPLE.ORG");
        assert_eq!(
            scrubbed(ended, &request).detail.unwrap(),
            "550 5.1.1 <[address]>: ünknown ([secret]) [address]"
        );
    }
}
