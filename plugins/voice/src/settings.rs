//! The plugin's settings, as the administrator writes them, and what they become once they were checked whole.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::credentials::{self, CredentialsError, Login};
use crate::limits;
use crate::network::{Network, NotANetwork};
use crate::number::{BLOCKED_BY_DEFAULT, BadPrefix, Regions};
use crate::prompts::{PromptError, Prompts};
use crate::sdp::Codec;
use crate::srtp::Policy;
use crate::trunk::{BadTrunk, Trunk};

/// The settings as they are written. Every key but `trunk` has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The trunk: `host`, `host:port` or a SIP URI.
    pub trunk: String,
    /// The domain of request, From and To URIs; the trunk's host if left out.
    #[serde(default)]
    pub domain: Option<String>,
    /// The user name that the trunk knows us by; left out if it knows our address.
    #[serde(default)]
    pub username: Option<String>,
    /// The file with the password: mode 0600, or a name in `$CREDENTIALS_DIRECTORY`.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The caller that people see: a number in E.164 form or a SIP user.
    #[serde(default = "default_from")]
    pub from: String,
    /// The local address of signalling and media; the one that the route to the trunk has if left out.
    #[serde(default)]
    pub bind: Option<IpAddr>,
    /// The local port of signalling; any free one if left out.
    #[serde(default)]
    pub sip_port: u16,
    /// The address that the trunk reaches us at, if it is not `bind` because of address translation.
    #[serde(default)]
    pub advertise: Option<IpAddr>,
    /// The first and the last local port for media.
    #[serde(default = "default_rtp_ports")]
    pub rtp_ports: (u16, u16),
    /// How long a telephone may ring.
    #[serde(default = "default_ring_seconds")]
    pub ring_seconds: u64,
    /// How long an answered call may take.
    #[serde(default = "default_max_call_seconds")]
    pub max_call_seconds: u64,
    /// How long the trunk may take to answer an INVITE at all.
    #[serde(default = "default_trying_seconds")]
    pub trying_seconds: u64,
    /// How long the audio of a person may stop before the call counts as hung up.
    #[serde(default = "default_silence_seconds")]
    pub silence_seconds: u64,
    /// How long to wait for the first key after a prompt.
    #[serde(default = "default_first_key_seconds")]
    pub first_key_seconds: u64,
    /// How long to wait for each key after the first.
    #[serde(default = "default_next_key_seconds")]
    pub next_key_seconds: u64,
    /// How many calls there may be at once.
    #[serde(default = "default_concurrent_calls")]
    pub concurrent_calls: usize,
    /// The codecs to offer, the preferred first.
    #[serde(default = "default_codecs")]
    pub codecs: Vec<Codec>,
    /// Networks that media may come from besides the negotiated address.
    #[serde(default)]
    pub media_networks: Vec<String>,
    /// Whether audio is encrypted.
    #[serde(default)]
    pub srtp: Policy,
    /// Whether `srtp = "required"` is wanted although its keys cross an unencrypted connection to the trunk.
    #[serde(default)]
    pub srtp_without_tls: bool,
    /// Networks that signalling may come from besides the trunk's own address.
    #[serde(default)]
    pub signalling_networks: Vec<String>,
    /// A directory with `<language>/<name>.wav` that replaces prompts or adds languages.
    #[serde(default)]
    pub prompts: Option<PathBuf>,
    /// Prefixes of numbers that may be called; nothing may if empty.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Prefixes that may not be called although a shorter one in `regions` matches.
    #[serde(default = "default_blocked_prefixes")]
    pub blocked_prefixes: Vec<String>,
}

fn default_from() -> String {
    "anonymous".to_owned()
}
fn default_rtp_ports() -> (u16, u16) {
    (20_000, 29_999)
}
fn default_ring_seconds() -> u64 {
    30
}
fn default_max_call_seconds() -> u64 {
    120
}
fn default_trying_seconds() -> u64 {
    6
}
fn default_silence_seconds() -> u64 {
    30
}
fn default_first_key_seconds() -> u64 {
    10
}
fn default_next_key_seconds() -> u64 {
    5
}
fn default_concurrent_calls() -> usize {
    20
}
fn default_codecs() -> Vec<Codec> {
    vec![Codec::Pcmu, Codec::Pcma]
}
fn default_blocked_prefixes() -> Vec<String> {
    BLOCKED_BY_DEFAULT.iter().map(|&prefix| prefix.to_owned()).collect()
}

/// What is wrong with the settings: which key, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The trunk is not an address that can be dialled.
    #[error("trunk: {0}")]
    Trunk(#[from] BadTrunk),
    /// The domain is not a host.
    #[error("domain: {0:?} is not a host name or address")]
    Domain(String),
    /// The caller is neither a number nor a SIP user.
    #[error(
        "from: {0:?} is not a caller: write a number such as \"+14155550100\" or a SIP user such as \"help\""
    )]
    From(String),
    /// The credentials cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A number is outside its limits.
    #[error("{key}: has to be {from} to {to}, not {value}")]
    Range {
        /// The key.
        key: &'static str,
        /// The smallest value.
        from: u64,
        /// The largest value.
        to: u64,
        /// What was written.
        value: u64,
    },
    /// The port range is empty or too small.
    #[error(
        "rtp_ports: write [first, last], first at least 1024, with two ports or more for each of {calls} calls"
    )]
    Ports {
        /// `concurrent_calls`.
        calls: usize,
    },
    /// No codec is left.
    #[error("codecs: name \"pcmu\", \"pcma\" or both, each once")]
    Codecs,
    /// A list is too long.
    #[error("{key}: has at most {most} entries")]
    TooMany {
        /// The key.
        key: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// An entry is not a network.
    #[error("{key}: {source}")]
    Network {
        /// The key.
        key: &'static str,
        /// What is wrong.
        source: NotANetwork,
    },
    /// An entry is not a prefix.
    #[error("regions or blocked_prefixes: {0}")]
    Prefix(#[from] BadPrefix),
    /// Keys would be there to read for whoever could read the audio.
    #[error(
        "srtp: \"required\" is worth nothing while its keys cross an unencrypted connection to the trunk: use TLS \
         for `trunk`, or set srtp_without_tls = true if the network to it is private"
    )]
    KeysInTheClear,
    /// The prompts cannot be used.
    #[error("prompts")]
    Prompts(#[from] PromptError),
}

/// The settings after every check, in the types that the rest of the plugin uses.
#[derive(Debug)]
pub struct Checked {
    /// Where to send requests.
    pub trunk: Trunk,
    /// The domain of our URIs.
    pub domain: String,
    /// The credentials, if any.
    pub login: Option<Login>,
    /// The user part of our From.
    pub from: String,
    /// The local address, if not the one of the route.
    pub bind: Option<IpAddr>,
    /// The local port of signalling, 0 for any.
    pub sip_port: u16,
    /// The address in Contact, Via and SDP, if not the local one.
    pub advertise: Option<IpAddr>,
    /// The first and the last local port for media.
    pub rtp_ports: (u16, u16),
    /// How long a telephone may ring.
    pub ring: Duration,
    /// How long an answered call may take.
    pub max_call: Duration,
    /// How long the trunk may take to answer at all.
    pub trying: Duration,
    /// How long audio may stop.
    pub silence: Duration,
    /// How long to wait for the first key.
    pub first_key: Duration,
    /// How long to wait for each next key.
    pub next_key: Duration,
    /// How many calls there may be at once.
    pub concurrent_calls: usize,
    /// The codecs to offer.
    pub codecs: Vec<Codec>,
    /// Where media may come from besides the negotiated address.
    pub media_networks: Vec<Network>,
    /// Whether audio is encrypted.
    pub srtp: Policy,
    /// Where signalling may come from besides the trunk.
    pub signalling_networks: Vec<Network>,
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
    pub fn check(self) -> Result<Checked, SettingsError> {
        let trunk: Trunk = self.trunk.parse()?;
        let domain = self.domain.unwrap_or_else(|| trunk.host().to_owned());
        if !is_host(&domain) {
            return Err(SettingsError::Domain(domain));
        }
        if !is_sip_user(&self.from) {
            return Err(SettingsError::From(self.from));
        }
        let seconds = |key, value, limits: std::ops::RangeInclusive<u64>| {
            in_range(key, value, &limits).map(Duration::from_secs)
        };
        let calls = limits::CONCURRENT_CALLS;
        in_range(
            "concurrent_calls",
            self.concurrent_calls as u64,
            &(*calls.start() as u64..=*calls.end() as u64),
        )?;
        check_ports(self.rtp_ports, self.concurrent_calls)?;
        check_codecs(&self.codecs)?;
        let private = self.srtp_without_tls || trunk.transport().is_encrypted();
        if self.srtp == Policy::Required && !private {
            return Err(SettingsError::KeysInTheClear);
        }
        for (key, list) in [("regions", &self.regions), ("blocked_prefixes", &self.blocked_prefixes)] {
            if list.len() > limits::MAX_PREFIXES {
                return Err(SettingsError::TooMany { key, most: limits::MAX_PREFIXES });
            }
        }
        Ok(Checked {
            login: credentials::load(self.username, self.password_file)?,
            domain,
            trunk,
            from: self.from,
            bind: self.bind,
            sip_port: self.sip_port,
            advertise: self.advertise,
            rtp_ports: self.rtp_ports,
            ring: seconds("ring_seconds", self.ring_seconds, limits::RING_SECONDS)?,
            max_call: seconds("max_call_seconds", self.max_call_seconds, limits::MAX_CALL_SECONDS)?,
            trying: seconds("trying_seconds", self.trying_seconds, limits::TRYING_SECONDS)?,
            silence: seconds("silence_seconds", self.silence_seconds, limits::SILENCE_SECONDS)?,
            first_key: seconds("first_key_seconds", self.first_key_seconds, limits::KEY_SECONDS)?,
            next_key: seconds("next_key_seconds", self.next_key_seconds, limits::KEY_SECONDS)?,
            concurrent_calls: self.concurrent_calls,
            codecs: self.codecs,
            srtp: self.srtp,
            media_networks: networks("media_networks", &self.media_networks)?,
            signalling_networks: networks("signalling_networks", &self.signalling_networks)?,
            regions: Regions::new(&self.regions, &self.blocked_prefixes)?,
            prompts: Prompts::load(self.prompts.as_deref())?,
        })
    }
}

fn in_range(
    key: &'static str,
    value: u64,
    limits: &std::ops::RangeInclusive<u64>,
) -> Result<u64, SettingsError> {
    if limits.contains(&value) {
        Ok(value)
    } else {
        Err(SettingsError::Range { key, from: *limits.start(), to: *limits.end(), value })
    }
}

/// Each call uses an even port; its odd neighbour stays free for RTCP (RFC 3550 §11).
fn check_ports((first, last): (u16, u16), calls: usize) -> Result<(), SettingsError> {
    let ports = usize::from(last.saturating_sub(first)) + 1;
    if first < 1024 || last < first || ports < calls.saturating_mul(2) {
        return Err(SettingsError::Ports { calls });
    }
    Ok(())
}

fn check_codecs(codecs: &[Codec]) -> Result<(), SettingsError> {
    match codecs {
        [_] => Ok(()),
        [first, second] if first != second => Ok(()),
        _ => Err(SettingsError::Codecs),
    }
}

fn networks(key: &'static str, list: &[String]) -> Result<Vec<Network>, SettingsError> {
    if list.len() > limits::MAX_NETWORKS {
        return Err(SettingsError::TooMany { key, most: limits::MAX_NETWORKS });
    }
    list.iter().map(|text| text.parse().map_err(|source| SettingsError::Network { key, source })).collect()
}

/// Whether a text can stand as the host of a URI.
pub(crate) fn is_host(text: &str) -> bool {
    let name = !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric());
    name || text.parse::<IpAddr>().is_ok()
}

fn is_sip_user(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-_.".contains(&byte))
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
