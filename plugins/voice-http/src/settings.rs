//! The plugin's settings, as the administrator writes them, and what they become once they were checked whole.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use readmit_telephone::number::{BadRegions, Number, Regions};
use readmit_telephone::prompts::PromptError;
use readmit_telephone::range::{OutOfRange, in_range};
use serde::Deserialize;
use tokio_rustls::TlsConnector;

use crate::limits;
use crate::listener::Listen;
use crate::prompts::Prompts;
use crate::provider::Provider;
use crate::tls::{TlsError, connector};
use crate::twilio::settings::TwilioError;
use crate::vonage::settings::VonageError;
use crate::web_address::{BadAddress, WebAddress};
use crate::{twilio, vonage};

/// The settings as they are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the provider reaches the listener, as the world sees it.
    pub public_url: String,
    /// Where to listen: `address:port`, a path, or nothing for a socket of systemd's.
    pub listen: Option<String>,
    /// The number that people see.
    pub from: String,
    /// Who we are to Twilio.
    pub twilio: Option<twilio::settings::Settings>,
    /// Who we are to Vonage.
    pub vonage: Option<vonage::settings::Settings>,
    /// Where the provider is, if not where it usually is.
    pub base_url: Option<String>,
    /// Certificates (PEM) to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// How many calls a second the provider takes; its usual number if left out.
    pub calls_per_second: Option<u64>,
    /// How many calls there may be at once.
    #[serde(default = "default_concurrent_calls")]
    pub concurrent_calls: u64,
    /// How long a telephone may ring.
    #[serde(default = "default_ring_seconds")]
    pub ring_seconds: u64,
    /// How long an answered call may take.
    #[serde(default = "default_max_call_seconds")]
    pub max_call_seconds: u64,
    /// How long it may take until the provider tells something of a call.
    #[serde(default = "default_trying_seconds")]
    pub trying_seconds: u64,
    /// How long to wait for each key.
    #[serde(default = "default_key_seconds")]
    pub key_seconds: u64,
    /// A directory with `<language>/<name>.wav` that replaces prompts or adds languages.
    pub prompts: Option<PathBuf>,
    /// Prefixes of numbers that may be called; nothing may if empty.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Prefixes that may not be called although a shorter one in `regions` matches.
    #[serde(default = "readmit_telephone::number::blocked_by_default")]
    pub blocked_prefixes: Vec<String>,
}

fn default_concurrent_calls() -> u64 {
    20
}
fn default_ring_seconds() -> u64 {
    30
}
fn default_max_call_seconds() -> u64 {
    120
}
fn default_trying_seconds() -> u64 {
    15
}
fn default_key_seconds() -> u64 {
    8
}
/// What is wrong with the settings: which key, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A URL cannot be used.
    #[error("{key}: {source}")]
    Address {
        /// The key.
        key: &'static str,
        /// What is wrong.
        source: BadAddress,
    },
    /// The place to listen on is none.
    #[error(
        "listen: {0:?} is neither an address with a port, such as \"127.0.0.1:8480\", nor an absolute path"
    )]
    Listen(String),
    /// The caller is not a number.
    #[error("from: has to be a number of yours at the provider, such as \"+14155550100\"")]
    From,
    /// There is no provider, or more than one.
    #[error("name one provider: [plugins.NAME.settings.twilio] or [plugins.NAME.settings.vonage]")]
    Provider,
    /// Twilio's settings are wrong.
    #[error(transparent)]
    Twilio(#[from] TwilioError),
    /// Vonage's settings are wrong.
    #[error(transparent)]
    Vonage(#[from] VonageError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A number is outside its limits.
    #[error(transparent)]
    Range(#[from] OutOfRange),
    /// A list is too long.
    #[error("{key}: has at most {most} entries")]
    TooMany {
        /// The key.
        key: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// The regions are wrong.
    #[error(transparent)]
    Regions(#[from] BadRegions),
    /// The prompts cannot be used.
    #[error("prompts: {0}")]
    Prompts(#[from] PromptError),
}

/// The settings after every check, in the types that the rest of the plugin uses.
pub struct Checked {
    /// Where the provider reaches us.
    pub public: WebAddress,
    /// Where to listen.
    pub listen: Listen,
    /// Where the provider is.
    pub base: WebAddress,
    /// Whom we believe.
    pub tls: TlsConnector,
    /// The number that people see.
    pub from: String,
    /// How many calls a second.
    pub calls_per_second: u64,
    /// How many calls at once.
    pub concurrent_calls: usize,
    /// How long a telephone may ring.
    pub ring: Duration,
    /// How long an answered call may take.
    pub max_call: Duration,
    /// How long until the provider tells something of a call.
    pub trying: Duration,
    /// How long to wait for each key.
    pub key: Duration,
    /// What people hear.
    pub prompts: Prompts,
    /// Which numbers may be called.
    pub regions: Regions,
}

impl Settings {
    /// Checks everything and reads the files that the settings name.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first key that is wrong and what to do about it.
    pub fn check(self) -> Result<(Checked, Provider), SettingsError> {
        let (provider, base_url, per_second) = match (self.twilio, self.vonage) {
            (Some(twilio), None) => (Provider::Twilio(Box::new(twilio.check()?)), twilio::BASE_URL, 1),
            (None, Some(vonage)) => (Provider::Vonage(Box::new(vonage.check()?)), vonage::BASE_URL, 3),
            (None, None) | (Some(_), Some(_)) => return Err(SettingsError::Provider),
        };
        if Number::parse(&self.from).is_err() {
            return Err(SettingsError::From);
        }
        let seconds = |key, value, range| in_range(key, value, &range).map(Duration::from_secs);
        let per_second = self.calls_per_second.unwrap_or(per_second);
        let concurrent = in_range("concurrent_calls", self.concurrent_calls, &limits::CONCURRENT_CALLS)?;
        let checked = Checked {
            public: address("public_url", &self.public_url)?,
            listen: listen(self.listen)?,
            base: address("base_url", self.base_url.as_deref().unwrap_or(base_url))?,
            tls: connector(self.ca_file.as_deref())?,
            from: self.from,
            calls_per_second: in_range("calls_per_second", per_second, &limits::CALLS_PER_SECOND)?,
            concurrent_calls: usize::try_from(concurrent).unwrap_or(usize::MAX),
            ring: seconds("ring_seconds", self.ring_seconds, limits::RING_SECONDS)?,
            max_call: seconds("max_call_seconds", self.max_call_seconds, limits::MAX_CALL_SECONDS)?,
            trying: seconds("trying_seconds", self.trying_seconds, limits::TRYING_SECONDS)?,
            key: seconds("key_seconds", self.key_seconds, limits::KEY_SECONDS)?,
            prompts: Prompts::load(self.prompts.as_deref())?,
            regions: Regions::new(&self.regions, &self.blocked_prefixes)?,
        };
        Ok((checked, provider))
    }
}

fn address(key: &'static str, text: &str) -> Result<WebAddress, SettingsError> {
    text.parse().map_err(|source| SettingsError::Address { key, source })
}

fn listen(text: Option<String>) -> Result<Listen, SettingsError> {
    let Some(text) = text else { return Ok(Listen::Given) };
    if text.starts_with('/') {
        return Ok(Listen::Unix(PathBuf::from(text)));
    }
    text.parse::<SocketAddr>().map(Listen::Tcp).map_err(|_| SettingsError::Listen(text))
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
