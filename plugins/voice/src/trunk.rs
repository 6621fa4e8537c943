//! The trunk: where every request goes, whatever a URI says.
//!
//! The address is looked up before each call and pinned while it lasts: INVITE, CANCEL and everything else go to
//! the same host, and credentials go to no other.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, RwLock};

use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::limits;
use crate::network::Network;
use crate::settings::is_host;

/// A trunk as the administrator writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    host: String,
    port: u16,
    transport: Transport,
}

/// What SIP messages travel on. Everything outside the signalling module is the same for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// UDP (RFC 3261 §18).
    Udp,
}

impl Transport {
    /// Whether nobody on the way can read what travels on it.
    pub fn is_encrypted(self) -> bool {
        match self {
            Transport::Udp => false,
        }
    }
}

/// The text is not a trunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTrunk {
    /// It is not `host`, `host:port` or a SIP URI.
    #[error("{0:?} is not a trunk: write \"sip.example.org\", \"192.0.2.1:5060\" or \"sip:sip.example.org\"")]
    Syntax(String),
    /// Its transport is not supported.
    #[error("the transport {0:?} is not supported: this version speaks SIP over UDP only")]
    Transport(String),
}

impl FromStr for Trunk {
    type Err = BadTrunk;

    fn from_str(text: &str) -> Result<Trunk, BadTrunk> {
        let wrong = || BadTrunk::Syntax(text.chars().take(limits::MAX_PEER_TEXT).collect());
        if text.len() > "sips:".len()
            && text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
        {
            return Err(BadTrunk::Transport("tls".to_owned()));
        }
        let rest = match text.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("sip:") => text.get(4..).unwrap_or_default(),
            _ => text,
        };
        let mut parts = rest.split(';');
        let place = parts.next().ok_or_else(wrong)?;
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if !name.eq_ignore_ascii_case("transport") {
                return Err(wrong());
            }
            if !value.eq_ignore_ascii_case("udp") {
                return Err(BadTrunk::Transport(value.chars().take(16).collect()));
            }
        }
        let (host, port) = host_and_port(place).ok_or_else(wrong)?;
        Ok(Trunk { host: host.to_owned(), port, transport: Transport::Udp })
    }
}

fn host_and_port(place: &str) -> Option<(&str, u16)> {
    const DEFAULT_PORT: u16 = 5060;
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
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
        None => DEFAULT_PORT,
        Some(port) => port.parse().ok().filter(|port| *port != 0)?,
    };
    is_host(host).then_some((host, port))
}

impl Trunk {
    /// The host name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What messages to it travel on.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    async fn resolve(&self) -> Option<Vec<SocketAddr>> {
        let found =
            timeout(limits::RESOLVE, lookup_host((self.host.as_str(), self.port))).await.ok()?.ok()?;
        let addresses: Vec<SocketAddr> = found.collect();
        (!addresses.is_empty()).then_some(addresses)
    }
}

/// The trunk's address as of the last look-up, shared by everything that has to know whom to trust.
#[derive(Debug, Clone)]
pub struct Pinned {
    trunk: Trunk,
    networks: Arc<[Network]>,
    address: Arc<RwLock<Option<SocketAddr>>>,
}

impl Pinned {
    /// Pins nothing yet. `networks` may signal too, but get no credentials.
    pub fn new(trunk: Trunk, networks: &[Network]) -> Pinned {
        Pinned { trunk, networks: networks.into(), address: Arc::default() }
    }

    /// The trunk's host name or address.
    pub fn host(&self) -> &str {
        self.trunk.host()
    }

    /// The address as it is pinned now.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address.read().map_or_else(|poisoned| *poisoned.into_inner(), |address| *address)
    }

    /// Looks the trunk up again. An address that is still among those of its name stays, so that calls in
    /// progress are not cut off from it.
    pub async fn refresh(&self, usable: impl Fn(&SocketAddr) -> bool) -> Option<SocketAddr> {
        let found = self.trunk.resolve().await?;
        let current = self.address().filter(|current| found.contains(current));
        let chosen = current.or_else(|| found.into_iter().find(usable))?;
        match self.address.write() {
            Ok(mut address) => *address = Some(chosen),
            Err(poisoned) => *poisoned.into_inner() = Some(chosen),
        }
        Some(chosen)
    }

    /// Whether this is the trunk itself, which alone may ask for our credentials.
    pub fn is_trunk(&self, address: IpAddr) -> bool {
        self.address().is_some_and(|pinned| pinned.ip().to_canonical() == address.to_canonical())
    }

    /// Whether messages from here are read at all.
    pub fn may_signal(&self, address: IpAddr) -> bool {
        self.is_trunk(address) || self.networks.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_as_people_write_them() {
        let table = [
            ("sip.example.org", ("sip.example.org", 5060)),
            ("sip.example.org:5070", ("sip.example.org", 5070)),
            ("192.0.2.1", ("192.0.2.1", 5060)),
            ("sip:192.0.2.1:5062", ("192.0.2.1", 5062)),
            ("SIP:sip.example.org;transport=UDP", ("sip.example.org", 5060)),
            ("[2001:db8::1]:5070", ("2001:db8::1", 5070)),
            ("[2001:db8::1]", ("2001:db8::1", 5060)),
            ("2001:db8::1", ("2001:db8::1", 5060)),
        ];
        for (text, (host, port)) in table {
            let trunk: Trunk = text.parse().unwrap();
            assert_eq!((trunk.host(), trunk.port), (host, port), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "sip:",
            ":5060",
            "sip:user@host",
            "host:0",
            "host:70000",
            "host:x",
            "[::1",
            "[x]:5060",
            "a b",
            "host;lr",
        ] {
            assert!(matches!(text.parse::<Trunk>(), Err(BadTrunk::Syntax(_))), "{text:?}");
        }
        for text in ["host;transport=tcp", "sip:host;transport=tls", "sips:host"] {
            assert!(matches!(text.parse::<Trunk>(), Err(BadTrunk::Transport(_))), "{text:?}");
        }
    }

    #[tokio::test]
    async fn the_pinned_address_decides_who_is_trusted() {
        let pinned = Pinned::new("127.0.0.1:5062".parse().unwrap(), &["192.0.2.0/24".parse().unwrap()]);
        assert!(!pinned.is_trunk("127.0.0.1".parse().unwrap()), "nothing is trusted before the look-up");
        assert_eq!(pinned.refresh(|_| true).await, Some("127.0.0.1:5062".parse().unwrap()));
        assert!(pinned.is_trunk("127.0.0.1".parse().unwrap()));
        assert!(pinned.may_signal("192.0.2.7".parse().unwrap()));
        assert!(!pinned.is_trunk("192.0.2.7".parse().unwrap()));
        assert!(!pinned.may_signal("203.0.113.1".parse().unwrap()));
    }
}
