//! The way to a trunk: its address for UDP, and for TCP and TLS the connection, which all calls share.
//!
//! The SIP stack would connect by itself, but keeps to itself why that failed; so connections are opened here and
//! given to it.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transport::tcp::TcpConnection;
use rsipstack::transport::tls::TlsConnection;
use rsipstack::transport::{SipAddr, SipConnection};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::limits;
use crate::pinned::Pinned;
use crate::resolve::ResolveError;
use crate::tls::{self, Tls};
use crate::trunk::Transport;

/// The way to one trunk.
pub(crate) struct Link {
    pinned: Pinned,
    tls: Option<Tls>,
    ipv4: Option<bool>,
    endpoint: EndpointInnerRef,
    listens_at: Option<IpAddr>,
    stop: CancellationToken,
    connection: Mutex<Option<SipConnection>>,
}

/// An open way.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Where requests go.
    pub target: SipAddr,
    /// Our end: of the connection, or of packets.
    pub local: SocketAddr,
    /// Fires when the connection is gone.
    pub gone: Option<CancellationToken>,
}

/// Why there is no way.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The name leads nowhere.
    #[error("the trunk's name {name}: {source}")]
    Resolve {
        /// The name.
        name: String,
        /// Why.
        source: ResolveError,
    },
    /// Nothing listens there.
    #[error("{0} refused the connection")]
    Refused(SocketAddr),
    /// Nobody answers there.
    #[error("{0} did not take the connection in time")]
    Late(SocketAddr),
    /// The connection failed otherwise.
    #[error("no connection to {address}: {source}")]
    Connect {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The handshake failed.
    #[error("TLS with {address}: {why}")]
    Tls {
        /// Where.
        address: SocketAddr,
        /// Why, in words.
        why: String,
    },
}

impl LinkError {
    /// The step of a probe that it ends.
    pub fn step(&self) -> &'static str {
        match self {
            LinkError::Resolve { .. } => "dns",
            LinkError::Refused(_) | LinkError::Late(_) | LinkError::Connect { .. } => "connect",
            LinkError::Tls { .. } => "tls",
        }
    }
}

impl Link {
    /// Opens nothing yet. `ipv4` is the family of the local address if that is given, `listens_at` the address of our
    /// own socket if there is one.
    pub fn new(
        pinned: Pinned,
        tls: Option<Tls>,
        ipv4: Option<bool>,
        endpoint: EndpointInnerRef,
        listens_at: Option<IpAddr>,
        stop: CancellationToken,
    ) -> Link {
        Link { pinned, tls, ipv4, endpoint, listens_at, stop, connection: Mutex::default() }
    }

    /// Opens the way, or gives the open one. Who comes while it is being opened waits for the same.
    pub async fn open(&self) -> Result<Way, LinkError> {
        let mut connection = self.connection.lock().await;
        if let Some(way) = connection.as_ref().and_then(open_way) {
            return Ok(way);
        }
        *connection = None;
        let usable = |address: &SocketAddr| self.ipv4.is_none_or(|ipv4| address.is_ipv4() == ipv4);
        let candidates = self.pinned.candidates(usable).await;
        let name = || self.pinned.hop().host().to_owned();
        let candidates = candidates.map_err(|source| LinkError::Resolve { name: name(), source })?;
        let mut last = LinkError::Resolve { name: name(), source: ResolveError::Unknown };
        for address in candidates.into_iter().take(limits::MAX_CONNECTS) {
            self.pinned.pin(address);
            let target = self.pinned.target(address);
            if self.pinned.hop().transport() == Transport::Udp {
                let ip = self.listens_at.unwrap_or(address.ip());
                return Ok(Way { target, local: SocketAddr::new(ip, 0), gone: None });
            }
            match timeout(limits::CONNECT, self.connect(&target, address)).await {
                Ok(Ok(opened)) => {
                    self.endpoint.transport_layer.add_connection(opened.clone());
                    if let Some(way) = open_way(&opened) {
                        *connection = Some(opened);
                        return Ok(way);
                    }
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = LinkError::Late(address),
            }
        }
        Err(last)
    }

    async fn connect(&self, target: &SipAddr, address: SocketAddr) -> Result<SipConnection, LinkError> {
        let stop = Some(self.stop.child_token());
        let connected = match &self.tls {
            Some(tls) => {
                let config = tls.to(self.pinned.hop().host());
                TlsConnection::connect(target, Some(&config), None, stop).await.map(SipConnection::Tls)
            }
            None => TcpConnection::connect(target, stop).await.map(SipConnection::Tcp),
        };
        connected.map_err(|error| {
            let source = match error {
                rsipstack::Error::IoError(source) => source,
                // Only what was read at the start can be wrong here, and that was checked then.
                other => return LinkError::Tls { address, why: other.to_string() },
            };
            match tls::reason(&source) {
                Some(why) if self.tls.is_some() => LinkError::Tls { address, why },
                _ if source.kind() == io::ErrorKind::ConnectionRefused => LinkError::Refused(address),
                _ => LinkError::Connect { address, source },
            }
        })
    }

    /// Gives a connection up on which nothing was answered; the next call opens another.
    pub async fn give_up(&self) {
        self.pinned.is_silent();
        if let Some(connection) = self.connection.lock().await.take() {
            self.endpoint.transport_layer.remove_connection(&connection);
            // A peer that is gone may take the last words or not.
            drop(timeout(limits::BYE, connection.close()).await);
        }
    }
}

fn open_way(connection: &SipConnection) -> Option<Way> {
    let gone = connection.cancel_token()?;
    (!gone.is_cancelled()).then_some(())?;
    let target = connection.get_remote_addr()?.clone();
    let local = connection.get_addr().get_socketaddr().ok()?;
    Some(Way { target, local, gone: Some(gone) })
}
