//! Where the portal listens, who is in front of it, and what one client may do.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;

use super::document::{Fault, Section, absolute, filled, milliseconds, number, texts};
use super::network::Network;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Listen {
    /// Whether only this machine can come in.
    pub(crate) const fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

/// `[socket]`: whose the sockets in the file system are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) mode: u32,
    /// A user's name; none keeps the portal's own.
    pub(crate) owner: Option<String>,
    /// A group's name; none keeps the portal's own.
    pub(crate) group: Option<String>,
}

/// `[tls]`: the certificate, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    /// PEM, with the chain.
    pub(crate) certificate: PathBuf,
    /// The name of a credential, or a file of mode 0600.
    pub(crate) key: String,
}

/// Whose word about a client's address counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trusted {
    pub(crate) networks: Vec<Network>,
    /// Whoever comes by a socket in the file system.
    pub(crate) unix: bool,
    /// Where they say it.
    pub(crate) said_in: SaidIn,
}

/// The header in which proxies say whom they speak for. One only: a proxy that writes the one passes on the other as
/// the client wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SaidIn {
    /// `X-Forwarded-For`, as most proxies write it.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Trusted {
    /// Whether a proxy at this address is believed; none is whoever comes by a socket in the file system.
    pub(crate) fn holds(&self, proxy: Option<IpAddr>) -> bool {
        match proxy {
            Some(address) => self.networks.iter().any(|network| network.contains(address)),
            None => self.unix,
        }
    }
}

/// `[connections]`: how many, and how patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connections {
    pub(crate) total: usize,
    /// From one client's network; proxies that are trusted have no such limit.
    pub(crate) per_client: usize,
    /// From the connection, or from the last answer, to the end of a request's header.
    pub(crate) header: Duration,
    /// From the header to the beginning of the answer; the form is read meanwhile.
    pub(crate) request: Duration,
    /// How long a client may take nothing of an answer.
    pub(crate) stall: Duration,
    /// How long answers under way may take when the portal stops.
    pub(crate) stop: Duration,
    pub(crate) header_bytes: usize,
    pub(crate) header_lines: usize,
}

/// `[limits]`: what one client may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RateLimits {
    /// Pages that one client may look at in a minute.
    pub(crate) pages: u32,
    /// Forms that one client may send in a minute.
    pub(crate) forms: u32,
    /// Requests that are answered at once.
    pub(crate) at_once: usize,
}

impl Default for Socket {
    fn default() -> Self {
        Self { mode: 0o660, owner: None, group: None }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            total: 1024,
            per_client: 64,
            header: Duration::from_secs(15),
            request: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            stop: Duration::from_secs(5),
            header_bytes: 16 * 1024,
            header_lines: 64,
        }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { pages: 600, forms: 60, at_once: 256 }
    }
}

impl Socket {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let default = Self::default();
        let name = |value: &DeValue<'_>| filled(value).map(|name| Some(name.to_owned()));
        let socket = Self {
            mode: section.value("mode", default.mode, mode),
            owner: section.value("owner", None, name),
            group: section.value("group", None, name),
        };
        section.finish();
        socket
    }
}

impl Tls {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let certificate = section.value("certificate", None, |value| absolute(value).map(Some));
        let key = section.value("key", None, |value| credential(value).map(Some));
        if section.is_there() {
            for (name, hint) in [
                ("certificate", "write the path of a PEM file with the certificate and its chain"),
                (
                    "key",
                    "write the name of a credential ($CREDENTIALS_DIRECTORY) or the path of a file of mode 0600",
                ),
            ] {
                if !section.has(name) {
                    section.fault("", Fault::new(format!("has no `{name}`"), hint));
                }
            }
        }
        section.finish();
        Some(Self { certificate: certificate?, key: key? })
    }
}

impl Connections {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let default = Self::default();
        let count = |most| move |value: &DeValue<'_>| number(value, 1..=most).map(|count| count as usize);
        let connections = Self {
            total: section.value("total", default.total, count(100_000)),
            per_client: section.value("per_client", default.per_client, count(100_000)),
            header: section.value("header_ms", default.header, milliseconds),
            request: section.value("request_ms", default.request, milliseconds),
            stall: section.value("stall_ms", default.stall, milliseconds),
            stop: section.value("stop_ms", default.stop, milliseconds),
            // What reads requests does not go below 8 KiB.
            header_bytes: section.value("header_bytes", default.header_bytes, |value| {
                number(value, 8192..=65536).map(|count| count as usize)
            }),
            header_lines: section.value("header_lines", default.header_lines, |value| {
                number(value, 16..=256).map(|count| count as usize)
            }),
        };
        section.finish();
        connections
    }
}

impl RateLimits {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let default = Self::default();
        let rate = |value: &DeValue<'_>| number(value, 1..=1_000_000);
        let limits = Self {
            pages: section.value("pages_per_minute", default.pages, rate),
            forms: section.value("forms_per_minute", default.forms, rate),
            at_once: section.value("at_once", default.at_once, |value| {
                number(value, 1..=100_000).map(|count| count as usize)
            }),
        };
        section.finish();
        limits
    }
}

/// Addresses to listen on: one, or a list.
pub(crate) fn listen(value: &DeValue<'_>) -> Result<Vec<Listen>, Fault> {
    let addresses = texts(value)?;
    if addresses.is_empty() {
        return Err(Fault::new("is empty", "write an address, or remove the key"));
    }
    addresses.into_iter().map(address).collect()
}

fn address(text: &str) -> Result<Listen, Fault> {
    if let Some(path) = text.strip_prefix("unix:") {
        let path = Path::new(path);
        // The kernel takes 107 bytes (unix(7)), and the socket has a longer name until it is ready.
        return if path.is_absolute() && path.as_os_str().len() <= 90 {
            Ok(Listen::Unix(path.to_owned()))
        } else {
            let hint = "write the whole path, from / on, in at most 90 bytes";
            Err(Fault::new("names a socket by a relative or a too long path", hint))
        };
    }
    let local = |port: &str| port.parse().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let named = text.strip_prefix("localhost:").and_then(local);
    text.parse().ok().or(named).map(Listen::Tcp).ok_or_else(|| {
        let hint = "write \"127.0.0.1:8080\", \"[::]:443\" or \"unix:/run/readmit/portal.sock\"";
        Fault::new("is no address to listen on", hint)
    })
}

/// The header of proxies.
pub(super) fn said_in(value: &DeValue<'_>) -> Result<SaidIn, Fault> {
    match filled(value)?.to_ascii_lowercase().as_str() {
        "x-forwarded-for" => Ok(SaidIn::XForwardedFor),
        "forwarded" => Ok(SaidIn::Forwarded),
        _ => Err(Fault::new("is no header that is known here", "write \"x-forwarded-for\" or \"forwarded\"")),
    }
}

/// Proxies: addresses, networks, and `unix`.
pub(super) fn trusted(value: &DeValue<'_>) -> Result<Trusted, Fault> {
    let mut trusted = Trusted::default();
    for entry in texts(value)? {
        if entry == "unix" {
            trusted.unix = true;
        } else {
            let hint = "write addresses, networks such as \"10.0.0.0/8\", or \"unix\" for the sockets";
            let wrong = |_| Fault::new(format!("holds {entry:?}, which is no address and no network"), hint);
            trusted.networks.push(entry.parse().map_err(wrong)?);
        }
    }
    Ok(trusted)
}

fn mode(value: &DeValue<'_>) -> Result<u32, Fault> {
    let hint = "write it as a text in octal: \"0660\"";
    let text = filled(value).map_err(|_| Fault::new("has to be a text", hint))?;
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| Fault::new("is no mode of a file", hint))
}

fn credential(value: &DeValue<'_>) -> Result<String, Fault> {
    let text = filled(value)?;
    if Path::new(text).is_absolute() || !text.contains('/') {
        return Ok(text.to_owned());
    }
    Err(Fault::new("is a relative path", "write the whole path, or the name of a credential alone"))
}
