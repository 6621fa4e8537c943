//! What an administrator may set, and what it comes to once it is checked.

use std::fs;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use readmit_plugin::credential::{self, CredentialError};
use serde::Deserialize;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::limits;
use crate::message::{AddressFault, ascii};

/// The settings of `initialize`, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The sender, `Name <address>` or an address.
    pub from: String,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// The SMTP server, a name or an IP address.
    pub server: String,
    /// The port; 587, 465 or 25 by `security`.
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub security: Security,
    /// Allows what is open to listeners on the network.
    #[serde(default)]
    pub insecure: bool,
    /// The user name at the server.
    pub username: Option<String>,
    /// Where its password is: an absolute path, or a name in `$CREDENTIALS_DIRECTORY`.
    pub password_file: Option<PathBuf>,
    /// Certificates (PEM) to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// A directory of templates that replace or add to the built-in ones.
    pub templates: Option<PathBuf>,
    /// How many connections are used at once and kept.
    #[serde(default = "default_connections")]
    pub connections: usize,
    /// How many seconds the server has for each connection and each message.
    #[serde(default = "default_timeout_seconds")]
    pub timeout_seconds: u64,
    /// How many seconds an unused connection is kept; 0 closes it after each message.
    #[serde(default = "default_idle_seconds")]
    pub idle_seconds: u64,
    /// The name to greet the server with, if not the host's.
    pub ehlo: Option<String>,
    /// The organization's name, as people know it; the sender's domain if not set.
    pub organization: Option<String>,
    /// Where the front end is: links are `{link_base}/link/{token}` and `{link_base}/veto/{token}`. Required, so
    /// that nobody leaves out the way to stop a recovery by accident; empty if no front end is on the web.
    pub link_base: String,
    /// How to reach support, at the foot of every message.
    #[serde(default)]
    pub support: String,
}

/// How the connection to the server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// The connection must turn to TLS (RFC 3207) before anything is said.
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// No protection.
    None,
}

fn default_connections() -> usize {
    20
}

fn default_timeout_seconds() -> u64 {
    30
}

/// Servers commonly wait five minutes (RFC 5321 section 4.5.3.2.7), some only one.
fn default_idle_seconds() -> u64 {
    60
}

/// Settings that hold together, by who needs them.
pub struct Checked {
    /// For the messages.
    pub config: Config,
    /// For the connections.
    pub server: Server,
    /// Where own templates are.
    pub templates: Option<PathBuf>,
}

/// What the messages need to know.
pub struct Config {
    /// The sender.
    pub from: Mailbox,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<Mailbox>,
    /// What every message may mention.
    pub house: House,
}

/// How to reach the server.
pub struct Server {
    /// A name or an IP address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User name and password, if the server wants them.
    pub login: Option<Login>,
    /// Certificates (PEM) to trust besides the public ones.
    pub ca: Option<Vec<u8>>,
    /// How many connections are used at once and kept.
    pub connections: usize,
    /// How long the server has for each connection and each message.
    pub timeout: Duration,
    /// How long an unused connection is kept.
    pub idle: Duration,
    /// The name to greet the server with, if not the host's.
    pub ehlo: Option<String>,
}

/// User name and password.
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password, erased when dropped.
    pub password: Zeroizing<String>,
}

/// What every message may mention.
#[derive(Debug, Clone, Default)]
pub struct House {
    /// The organization's name.
    pub organization: String,
    /// Where the front end is, without a slash at the end.
    pub link_base: Option<String>,
    /// How to reach support.
    pub support: String,
}

/// What is wrong with the settings. Each text names the key and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// `from` or `reply_to` is no address.
    #[error("`{key}` has to be an e-mail address, alone or as \"Name <address>\"")]
    Address {
        /// Which key.
        key: &'static str,
        /// Why it is none.
        #[source]
        source: AddressFault,
    },
    /// `server` is empty or no name.
    #[error("`server` has to be the name or IP address of an SMTP server, without a port")]
    Server,
    /// `ehlo` is no host name.
    #[error("`ehlo` has to be a host name")]
    Ehlo,
    /// The connection would be open to listeners.
    #[error(
        "`security = \"none\"` is only for a server on this host; use \"starttls\" or \"tls\" (or `insecure = true`)"
    )]
    Open,
    /// A number is out of its range.
    #[error("`{key}` has to be from {least} to {most}")]
    Range {
        /// Which key.
        key: &'static str,
        /// The least that it may be.
        least: u64,
        /// The most that it may be.
        most: u64,
    },
    /// One of user name and password is missing.
    #[error("`username` and `password_file` go together; set both or neither")]
    Login,
    /// The password cannot be used.
    #[error("`password_file`: {0}")]
    Password(CredentialError),
    /// A file cannot be read.
    #[error("`{key}`: {} cannot be read", path.display())]
    Unreadable {
        /// Which key.
        key: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// `link_base` is no address of a web server.
    #[error(
        "`link_base` has to be an https:// URL without query or fragment (http:// only for this host, or with `insecure = true`)"
    )]
    LinkBase,
}

impl Settings {
    /// Checks everything that can be checked before the first message, and reads the files.
    ///
    /// # Errors
    /// Fails at the first setting that cannot work.
    pub fn check(self) -> Result<Checked, SettingsError> {
        let from = mailbox("from", &self.from)?;
        let reply_to = self.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?;
        if !is_host(&self.server) {
            return Err(SettingsError::Server);
        }
        if self.ehlo.as_deref().is_some_and(|name| !is_host(name)) {
            return Err(SettingsError::Ehlo);
        }
        if self.security == Security::None && !self.insecure && !is_loopback(&self.server) {
            return Err(SettingsError::Open);
        }
        in_range("connections", self.connections as u64, 1..=limits::MAX_CONNECTIONS as u64)?;
        in_range("timeout_seconds", self.timeout_seconds, 1..=limits::MAX_TIMEOUT_SECONDS)?;
        in_range("idle_seconds", self.idle_seconds, 0..=limits::MAX_IDLE_SECONDS)?;
        let login = match (self.username, self.password_file) {
            (None, None) => None,
            (Some(username), Some(file)) => {
                let password = credential::read_line(&file, limits::MAX_PASSWORD);
                Some(Login { username, password: password.map_err(SettingsError::Password)? })
            }
            _ => return Err(SettingsError::Login),
        };
        let ca = self.ca_file.map(|path| bounded_file("ca_file", &path, limits::MAX_CA_FILE)).transpose()?;
        let link_base =
            if self.link_base.is_empty() { None } else { Some(link_base(&self.link_base, self.insecure)?) };
        let organization = self.organization.unwrap_or_else(|| from.email.domain().to_owned());
        let port = self.port.unwrap_or(match self.security {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        });
        Ok(Checked {
            config: Config {
                from,
                reply_to,
                house: House { organization, link_base, support: self.support },
            },
            server: Server {
                host: self.server,
                port,
                security: self.security,
                login,
                ca,
                connections: self.connections,
                timeout: Duration::from_secs(self.timeout_seconds),
                idle: Duration::from_secs(self.idle_seconds),
                ehlo: self.ehlo,
            },
            templates: self.templates,
        })
    }
}

fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, SettingsError> {
    let refused = |source| SettingsError::Address { key, source };
    let mailbox: Mailbox = text.parse().map_err(|error| refused(AddressFault::Malformed(error)))?;
    Ok(Mailbox::new(mailbox.name, ascii(&mailbox.email).map_err(refused)?))
}

fn is_host(text: &str) -> bool {
    let named = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '_';
    text.parse::<IpAddr>().is_ok() || (!text.is_empty() && text.len() <= 253 && text.chars().all(named))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn in_range(key: &'static str, value: u64, range: RangeInclusive<u64>) -> Result<(), SettingsError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(SettingsError::Range { key, least: *range.start(), most: *range.end() })
}

fn bounded_file(key: &'static str, path: &Path, most: u64) -> Result<Vec<u8>, SettingsError> {
    let failed = |source| SettingsError::Unreadable { key, path: path.to_owned(), source };
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(failed)?.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {most} bytes"))));
    }
    Ok(bytes)
}

fn link_base(text: &str, insecure: bool) -> Result<String, SettingsError> {
    let (rest, https) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return Err(SettingsError::LinkBase),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let plain = |c: char| c.is_ascii_graphic() && !"?#\"'&<>\\^`{|}@".contains(c);
    if !is_host(host) || !text.chars().all(plain) || !(https || insecure || is_loopback(host)) {
        return Err(SettingsError::LinkBase);
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
