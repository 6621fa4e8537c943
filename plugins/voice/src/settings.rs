//! The plugin's settings, as the administrator writes them, and what they become once they were checked whole.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use readmit_telephone::number::{BadRegions, Regions};
use readmit_telephone::prompts::PromptError;
use readmit_telephone::range::{OutOfRange, in_range};
use serde::Deserialize;

use crate::limits;
use crate::network::{Network, NotANetwork};
use crate::prompts::Prompts;
use crate::sdp::Codec;
use crate::srtp::Policy;
use crate::trunk_settings::{CheckedTrunk, TrunkError, TrunkSettings};

/// The settings as they are written. Every key but `trunk` has a default: name one, or several in `trunks`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The only trunk.
    #[serde(flatten)]
    pub single: TrunkSettings,
    /// Several trunks, in the order to try them, instead of the only one.
    #[serde(default)]
    pub trunks: Vec<TrunkSettings>,
    /// Name servers to ask for a trunk's name, as `address` or `address:port`; the system's if left out.
    #[serde(default)]
    pub dns_servers: Vec<String>,
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
    /// A directory with `<language>/<name>.wav` that replaces prompts or adds languages.
    #[serde(default)]
    pub prompts: Option<PathBuf>,
    /// Prefixes of numbers that may be called; nothing may if empty.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Prefixes that may not be called although a shorter one in `regions` matches.
    #[serde(default = "readmit_telephone::number::blocked_by_default")]
    pub blocked_prefixes: Vec<String>,
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
/// What is wrong with the settings: which key, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The only trunk is wrong.
    #[error(transparent)]
    Single(TrunkError),
    /// One of several is wrong.
    #[error("trunks[{index}].{source}")]
    OneOf {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong.
        source: TrunkError,
    },
    /// There is one and there are several.
    #[error("trunks: with it, every key of a trunk, such as trunk, username or from, goes into its table")]
    Both,
    /// A name server is not an address.
    #[error("dns_servers: {0:?} is not a name server: write \"192.0.2.53\" or \"192.0.2.53:5353\"")]
    NameServer(String),
    /// A number is outside its limits.
    #[error(transparent)]
    Range(#[from] OutOfRange),
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
    /// The regions are wrong.
    #[error(transparent)]
    Regions(#[from] BadRegions),
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
    /// The trunks, in the order to try them.
    pub trunks: Vec<CheckedTrunk>,
    /// The name servers to ask, if not the system's.
    pub dns_servers: Vec<SocketAddr>,
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
        let trunks = check_trunks(self.single, self.trunks)?;
        let dns_servers = name_servers(&self.dns_servers)?;
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
        let encrypted = trunks.iter().all(|trunk| trunk.hop().transport().is_encrypted());
        let private = self.srtp_without_tls || encrypted;
        if self.srtp == Policy::Required && !private {
            return Err(SettingsError::KeysInTheClear);
        }
        Ok(Checked {
            trunks,
            dns_servers,
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
            media_networks: media_networks(&self.media_networks)?,
            regions: Regions::new(&self.regions, &self.blocked_prefixes)?,
            prompts: Prompts::load(self.prompts.as_deref())?,
        })
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

fn check_trunks(
    single: TrunkSettings,
    several: Vec<TrunkSettings>,
) -> Result<Vec<CheckedTrunk>, SettingsError> {
    if several.is_empty() {
        return Ok(vec![single.check().map_err(SettingsError::Single)?]);
    }
    if single != TrunkSettings::default() {
        return Err(SettingsError::Both);
    }
    if several.len() > limits::MAX_TRUNKS {
        return Err(SettingsError::TooMany { key: "trunks", most: limits::MAX_TRUNKS });
    }
    let checked = several.into_iter().enumerate();
    checked
        .map(|(index, trunk)| trunk.check().map_err(|source| SettingsError::OneOf { index, source }))
        .collect()
}

fn name_servers(list: &[String]) -> Result<Vec<SocketAddr>, SettingsError> {
    const PORT: u16 = 53;
    if list.len() > limits::MAX_NAME_SERVERS {
        return Err(SettingsError::TooMany { key: "dns_servers", most: limits::MAX_NAME_SERVERS });
    }
    let parse = |text: &String| {
        let alone = || text.parse().map(|ip: IpAddr| SocketAddr::new(ip, PORT));
        let wrong = || {
            SettingsError::NameServer(text.chars().take(readmit_telephone::limits::MAX_PEER_TEXT).collect())
        };
        text.parse().or_else(|_| alone()).map_err(|_| wrong())
    };
    list.iter().map(parse).collect()
}

fn media_networks(list: &[String]) -> Result<Vec<Network>, SettingsError> {
    const KEY: &str = "media_networks";
    if list.len() > limits::MAX_NETWORKS {
        return Err(SettingsError::TooMany { key: KEY, most: limits::MAX_NETWORKS });
    }
    networks(list).map_err(|source| SettingsError::Network { key: KEY, source })
}

pub(crate) fn networks(list: &[String]) -> Result<Vec<Network>, NotANetwork> {
    list.iter().map(|text| text.parse()).collect()
}

/// Whether a text can stand as the host of a URI.
pub(crate) fn is_host(text: &str) -> bool {
    let name = !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric());
    name || text.parse::<IpAddr>().is_ok()
}

/// Whether a text can stand as the user of a URI.
pub(crate) fn is_sip_user(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-_.".contains(&byte))
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
