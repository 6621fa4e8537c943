//! Where a trunk is at the moment, and who is believed to be it: whatever a URI says, requests go to the pinned
//! address and credentials to nobody else.
//!
//! The address is looked up before each call and stays while it is still one of the name's, so that INVITE, CANCEL
//! and everything else go to the same host.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;
use rsipstack::sip::{self, Host, Scheme, Uri};
use rsipstack::transaction::endpoint::TargetLocator;
use rsipstack::transport::SipAddr;
use rsipstack::transport::transport_layer::DomainResolver;

use crate::network::Network;
use crate::resolve::{ResolveError, Resolver};
use crate::trunk::{Transport, Trunk};

/// The next hop to a trunk: its name, its address as of the last look-up, and who else may signal.
#[derive(Clone)]
pub struct Pinned(Arc<Inner>);

struct Inner {
    hop: Trunk,
    networks: Vec<Network>,
    resolver: Arc<Resolver>,
    at: RwLock<At>,
}

#[derive(Default)]
struct At {
    address: Option<SocketAddr>,
    /// The address that did not answer last; others of the name come first.
    silent: Option<SocketAddr>,
}

impl Pinned {
    /// Pins nothing yet. `networks` may signal too, but get no credentials.
    pub fn new(hop: Trunk, networks: &[Network], resolver: Arc<Resolver>) -> Pinned {
        Pinned(Arc::new(Inner { hop, networks: networks.into(), resolver, at: RwLock::default() }))
    }

    /// The place as it was written.
    pub fn hop(&self) -> &Trunk {
        &self.0.hop
    }

    /// The address as it is pinned now.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.at.read().address
    }

    /// Looks the name up again: the pinned address first if it is still one of the name's, one that was silent last.
    ///
    /// # Errors
    ///
    /// [`ResolveError`] if there is no usable address.
    pub async fn candidates(
        &self,
        usable: impl Fn(&SocketAddr) -> bool,
    ) -> Result<Vec<SocketAddr>, ResolveError> {
        let mut found = self.0.resolver.addresses(&self.0.hop).await?;
        found.retain(usable);
        if found.is_empty() {
            return Err(ResolveError::Family);
        }
        let at = self.0.at.read();
        // Sorting is stable: all others keep the order of the records.
        found.sort_by_key(|address| match Some(*address) {
            address if address == at.silent => 2,
            address if address == at.address => 0,
            _ => 1,
        });
        Ok(found)
    }

    /// Pins an address.
    pub fn pin(&self, address: SocketAddr) {
        self.0.at.write().address = Some(address);
    }

    /// Remembers that the pinned address did not answer.
    pub fn is_silent(&self) {
        let mut at = self.0.at.write();
        at.silent = at.address;
    }

    /// Remembers that the pinned address answered.
    pub fn answers(&self) {
        let mut at = self.0.at.write();
        if at.silent == at.address {
            at.silent = None;
        }
    }

    /// Whether this is the trunk itself on its own transport, which alone may ask for our credentials.
    pub fn is_trunk(&self, address: &SipAddr) -> bool {
        let (Host::IpAddr(ip), Some(pinned)) = (&address.addr.host, self.address()) else { return false };
        address.r#type == Some(self.transport()) && pinned.ip().to_canonical() == ip.to_canonical()
    }

    /// Whether messages from here are read at all.
    pub fn may_signal(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.address().is_some_and(|pinned| pinned.ip().to_canonical() == address)
            || self.0.networks.iter().any(|network| network.contains(address))
    }

    /// What messages travel on, in the stack's words.
    pub fn transport(&self) -> sip::Transport {
        match self.0.hop.transport() {
            Transport::Udp => sip::Transport::Udp,
            Transport::Tcp => sip::Transport::Tcp,
            Transport::Tls => sip::Transport::Tls,
        }
    }

    /// An address as the stack takes it.
    pub fn target(&self, address: SocketAddr) -> SipAddr {
        SipAddr { r#type: Some(self.transport()), addr: address.into() }
    }

    fn pinned_target(&self) -> Option<SipAddr> {
        self.address().map(|address| self.target(address))
    }
}

fn no_address() -> rsipstack::Error {
    rsipstack::Error::DnsResolutionError("the trunk has no address".to_owned())
}

/// Resolves every name to the trunk: what a Route or a Contact names by name is not looked up.
pub(crate) struct EveryName(pub Pinned);

#[async_trait]
impl DomainResolver for EveryName {
    async fn resolve(&self, _target: &SipAddr) -> rsipstack::Result<SipAddr> {
        self.0.pinned_target().ok_or_else(no_address)
    }
}

/// Finds where a request goes that nobody gave a destination, such as CANCEL or BYE: to the address in its URI if
/// messages from there are read and it is reached the same way, and else to the trunk.
pub(crate) struct OnlyToTrunk(pub Pinned);

#[async_trait]
impl TargetLocator for OnlyToTrunk {
    async fn locate(&self, uri: &Uri) -> rsipstack::Result<SipAddr> {
        let transport = uri.params.iter().find_map(|parameter| match parameter {
            sip::Param::Transport(transport) => Some(*transport),
            _ => None,
        });
        let implied =
            if uri.scheme == Some(Scheme::Sips) { sip::Transport::Tls } else { sip::Transport::Udp };
        match &uri.host_with_port.host {
            Host::IpAddr(ip)
                if transport.unwrap_or(implied) == self.0.transport() && self.0.may_signal(*ip) =>
            {
                Ok(SipAddr { r#type: Some(self.0.transport()), addr: uri.host_with_port.clone() })
            }
            _ => self.0.pinned_target().ok_or_else(no_address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pinned(trunk: &str) -> Pinned {
        let networks = ["192.0.2.0/24".parse().unwrap()];
        let pinned = Pinned::new(trunk.parse().unwrap(), &networks, Arc::new(Resolver::new(&[])));
        let address: SocketAddr = "127.0.0.1:5062".parse().unwrap();
        assert!(!pinned.may_signal(address.ip()), "nothing is trusted before the look-up");
        assert_eq!(pinned.candidates(|_| true).await.unwrap(), [address]);
        pinned.pin(address);
        pinned
    }

    fn from(transport: sip::Transport, ip: &str) -> SipAddr {
        SipAddr { r#type: Some(transport), addr: SocketAddr::new(ip.parse().unwrap(), 1).into() }
    }

    #[tokio::test]
    async fn the_pinned_address_and_transport_decide_who_is_trusted() {
        let pinned = pinned("127.0.0.1:5062;transport=tcp").await;
        assert!(pinned.is_trunk(&from(sip::Transport::Tcp, "127.0.0.1")));
        assert!(pinned.is_trunk(&from(sip::Transport::Tcp, "::ffff:127.0.0.1")));
        assert!(!pinned.is_trunk(&from(sip::Transport::Udp, "127.0.0.1")));
        assert!(!pinned.is_trunk(&from(sip::Transport::Tcp, "192.0.2.7")));
        assert!(pinned.may_signal("192.0.2.7".parse().unwrap()));
        assert!(!pinned.may_signal("203.0.113.1".parse().unwrap()));
    }

    #[tokio::test]
    async fn requests_go_to_the_trunk_and_nowhere_else() {
        let locator = OnlyToTrunk(pinned("127.0.0.1:5062").await);
        for (uri, target) in [
            ("sip:callee@127.0.0.1:5090", "UDP 127.0.0.1:5090"),
            ("sip:callee@192.0.2.9:5070", "UDP 192.0.2.9:5070"),
            ("sip:callee@203.0.113.1:5070", "UDP 127.0.0.1:5062"),
            ("sip:callee@192.0.2.9:5070;transport=tcp", "UDP 127.0.0.1:5062"),
            ("sips:callee@192.0.2.9:5070", "UDP 127.0.0.1:5062"),
            ("sip:+14155550123@trunk.example.org", "UDP 127.0.0.1:5062"),
        ] {
            let uri: Uri = uri.try_into().unwrap();
            assert_eq!(locator.locate(&uri).await.unwrap().to_string(), target, "{uri}");
        }
    }

    #[tokio::test]
    async fn an_address_that_was_silent_comes_last() {
        let hop: Trunk = "localhost:5062".parse().unwrap();
        let pinned = Pinned::new(hop, &[], Arc::new(Resolver::new(&[])));
        let first = pinned.candidates(|_| true).await.unwrap();
        pinned.pin(first[0]);
        pinned.is_silent();
        assert_eq!(pinned.candidates(|_| true).await.unwrap().last(), Some(&first[0]));
        pinned.answers();
        assert_eq!(pinned.candidates(|_| true).await.unwrap()[0], first[0]);
        let none = pinned.candidates(|_| false).await;
        assert!(matches!(none, Err(ResolveError::Family)));
    }
}
