//! A trunk, or the proxy before it, as the administrator writes it: a host, perhaps a port, and what messages to it
//! travel on. Where that is at the moment is in [`crate::pinned`].

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::settings::is_host;

/// A place that SIP requests go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    host: String,
    port: Option<u16>,
    transport: Transport,
    secure: bool,
}

/// What SIP messages travel on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// UDP (RFC 3261 §18).
    Udp,
    /// TCP (RFC 3261 §18).
    Tcp,
    /// TLS over TCP (RFC 3261 §26.3.2).
    Tls,
}

impl Transport {
    /// Whether nobody on the way can read what travels on it.
    pub fn is_encrypted(self) -> bool {
        self == Transport::Tls
    }
}

/// The text is not a trunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTrunk {
    /// It is not `host`, `host:port` or a SIP URI.
    #[error(
        "{0:?} is not a place to send requests to: write \"sip.example.org\", \"192.0.2.1:5060\", \"sip:sip.example.org;transport=tls\" or \"sips:sip.example.org\""
    )]
    Syntax(String),
    /// Its transport is not supported.
    #[error("the transport {0:?} is not supported: write udp, tcp or tls; sips: is always tls")]
    Transport(String),
}

impl FromStr for Trunk {
    type Err = BadTrunk;

    fn from_str(text: &str) -> Result<Trunk, BadTrunk> {
        let wrong =
            || BadTrunk::Syntax(text.chars().take(readmit_telephone::limits::MAX_PEER_TEXT).collect());
        let (secure, rest) = match text.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sip") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sips") => (true, rest),
            _ => (false, text),
        };
        let mut parts = rest.split(';');
        let place = parts.next().ok_or_else(wrong)?;
        let mut transport = if secure { Transport::Tls } else { Transport::Udp };
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_lowercase().as_str() {
                // What a Route header of ours always has.
                "lr" => {}
                "transport" => {
                    transport = match (value.to_ascii_lowercase().as_str(), secure) {
                        ("udp", false) => Transport::Udp,
                        ("tcp", false) => Transport::Tcp,
                        // RFC 3261 §26.2.2: sips over tcp means TLS over it.
                        ("tls", _) | ("tcp", true) => Transport::Tls,
                        _ => return Err(BadTrunk::Transport(value.chars().take(16).collect())),
                    }
                }
                _ => return Err(wrong()),
            }
        }
        let (host, port) = host_and_port(place).ok_or_else(wrong)?;
        Ok(Trunk { host: host.to_owned(), port, transport, secure })
    }
}

fn host_and_port(place: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        match rest {
            "" => (host, None),
            _ => (host, Some(rest.strip_prefix(':')?)),
        }
    } else if place.parse::<IpAddr>().is_ok() {
        (place, None)
    } else {
        match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        }
    };
    let port = match port {
        None => None,
        Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
    };
    is_host(host).then_some((host, port))
}

impl Trunk {
    /// The host name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, if it was written; without it, the name's service records say which.
    pub fn written_port(&self) -> Option<u16> {
        self.port
    }

    /// The port, or the standard one.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.transport {
            Transport::Udp | Transport::Tcp => 5060,
            Transport::Tls => 5061,
        })
    }

    /// What messages to it travel on.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Whether it was written with `sips:`, so that every URI of ours is one too.
    pub fn is_secure(&self) -> bool {
        self.secure
    }
}

/// As it goes into details and logs.
impl fmt::Display for Trunk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&bracketed(&self.host))?;
        if let Some(port) = self.port {
            write!(formatter, ":{port}")?;
        }
        match self.transport {
            Transport::Udp => Ok(()),
            Transport::Tcp => formatter.write_str(" over TCP"),
            Transport::Tls => formatter.write_str(" over TLS"),
        }
    }
}

/// A host as a URI has it: an IPv6 address is in brackets (RFC 3261 §25.1).
pub(crate) fn bracketed(host: &str) -> String {
    match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_as_people_write_them() {
        use Transport::{Tcp, Tls, Udp};
        let table = [
            ("sip.example.org", ("sip.example.org", 5060, Udp, false)),
            ("sip.example.org:5070", ("sip.example.org", 5070, Udp, false)),
            ("192.0.2.1", ("192.0.2.1", 5060, Udp, false)),
            ("sip:192.0.2.1:5062", ("192.0.2.1", 5062, Udp, false)),
            ("SIP:sip.example.org;transport=UDP", ("sip.example.org", 5060, Udp, false)),
            ("sip.example.org;transport=tcp", ("sip.example.org", 5060, Tcp, false)),
            ("sip:sip.example.org;transport=tls;lr", ("sip.example.org", 5061, Tls, false)),
            ("sips:sip.example.org", ("sip.example.org", 5061, Tls, true)),
            ("sips:sip.example.org:443;transport=tcp", ("sip.example.org", 443, Tls, true)),
            ("[2001:db8::1]:5070", ("2001:db8::1", 5070, Udp, false)),
            ("[2001:db8::1]", ("2001:db8::1", 5060, Udp, false)),
            ("2001:db8::1", ("2001:db8::1", 5060, Udp, false)),
            ("sips:[2001:db8::1]", ("2001:db8::1", 5061, Tls, true)),
        ];
        for (text, (host, port, transport, secure)) in table {
            let trunk: Trunk = text.parse().unwrap();
            let found = (trunk.host(), trunk.port(), trunk.transport(), trunk.is_secure());
            assert_eq!(found, (host, port, transport, secure), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "sip:",
            "sips:",
            ":5060",
            "sip:user@host",
            "host:0",
            "host:70000",
            "host:x",
            "[::1",
            "[x]:5060",
            "a b",
            "host;maddr=192.0.2.1",
        ] {
            assert!(matches!(text.parse::<Trunk>(), Err(BadTrunk::Syntax(_))), "{text:?}");
        }
        for text in ["host;transport=sctp", "sips:host;transport=udp", "host;transport"] {
            assert!(matches!(text.parse::<Trunk>(), Err(BadTrunk::Transport(_))), "{text:?}");
        }
    }

    #[test]
    fn they_are_named_in_details() {
        for (text, name) in [
            ("sip:192.0.2.1:5062", "192.0.2.1:5062"),
            ("sips:sip.example.org", "sip.example.org over TLS"),
            ("[2001:db8::1]:5070;transport=tcp", "[2001:db8::1]:5070 over TCP"),
        ] {
            assert_eq!(text.parse::<Trunk>().unwrap().to_string(), name);
        }
    }
}
