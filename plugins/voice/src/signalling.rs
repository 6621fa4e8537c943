//! The SIP side of one trunk: an endpoint of its own, so that nothing meant for one trunk goes to another. It places
//! calls and refuses everything that others start.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use readmit_telephone::number::Number;
use rsipstack::EndpointBuilder;
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::typed::Route;
use rsipstack::sip::{self, Domain, Header, Host, HostWithPort, Param, Scheme, Uri};
use rsipstack::transaction::endpoint::{EndpointInner, EndpointOption};
use rsipstack::transaction::{CallIdFormat, Endpoint};
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipConnection, TcpListenerConnection, TlsListenerConnection, TransportLayer};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::credentials::Login;
use crate::digest::{DigestShim, Unanswerable};
use crate::health::Health;
use crate::inbound::{ALLOW, Turns, answer_requests};
use crate::inspector::Inspector;
use crate::leg::Leg;
use crate::limits;
use crate::link::{Link, Way};
use crate::pinned::{EveryName, OnlyToTrunk, Pinned};
use crate::registration::Registered;
use crate::resolve::Resolver;
use crate::tls;
use crate::trunk::{Transport, Trunk, bracketed};
use crate::trunk_settings::CheckedTrunk;

/// What we tell peers to be.
pub(crate) const USER_AGENT: &str = concat!("readmit-voice/", env!("CARGO_PKG_VERSION"));

/// The endpoint of one trunk.
pub struct Signalling {
    pub(crate) trunk: Trunk,
    pub(crate) layer: Arc<DialogLayer>,
    pub(crate) pinned: Pinned,
    pub(crate) link: Link,
    pub(crate) health: Health,
    pub(crate) login: Option<Login>,
    pub(crate) credential: Option<Credential>,
    pub(crate) unanswerable: Unanswerable,
    pub(crate) from: String,
    pub(crate) route: Option<Route>,
    pub(crate) register: Option<Duration>,
    pub(crate) registered: Mutex<Registered>,
    session: Option<Duration>,
    domain: String,
    listens: Option<SocketAddr>,
    advertise: Option<IpAddr>,
    turns: Arc<Turns>,
    endings: TaskTracker,
    pub(crate) stop: CancellationToken,
}

/// Why the endpoint cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SignallingError {
    /// The local address is unknown because the trunk's is.
    #[error(
        "trunk: the name cannot be looked up, so the local address is unknown; correct it, or set `bind`"
    )]
    Resolve,
    /// There is no way to the trunk.
    #[error("trunk: this host has no route to it; set `bind` to a local address")]
    Route(#[source] io::Error),
    /// The socket cannot be opened.
    #[error("bind, sip_port: cannot listen on {address}: {source}")]
    Bind {
        /// What was tried.
        address: SocketAddr,
        /// Why it failed.
        source: io::Error,
    },
    /// The SIP stack refused to start.
    #[error("the SIP endpoint cannot be started")]
    Stack,
}

impl Signalling {
    /// Opens the sockets and starts to answer. Connections are opened when they are needed.
    ///
    /// # Errors
    ///
    /// [`SignallingError`] names the setting to look at.
    pub async fn open(
        settings: &CheckedTrunk,
        resolver: Arc<Resolver>,
    ) -> Result<Arc<Signalling>, SignallingError> {
        let hop = settings.hop();
        let pinned = Pinned::new(hop.clone(), &settings.networks, resolver);
        let stop = CancellationToken::new();
        let listener = Listener::open(settings, hop.transport(), &pinned, &stop).await?;
        let transports = transports(settings, &pinned, &stop);
        let listens = listener.as_ref().map(|listener| listener.contact);
        let local = listener.as_ref().map(|listener| listener.local);
        if let Some(listener) = listener {
            transports.add_transport(listener.connection);
        }
        let unanswerable = Unanswerable::default();
        let digest = DigestShim::new(pinned.clone(), unanswerable.clone());
        let inspector = Inspector { digest, pinned: pinned.clone() };
        let endpoint = endpoint(transports, &stop, &pinned, inspector);
        let incoming = endpoint.incoming_transactions().map_err(|_| SignallingError::Stack)?;
        let layer = Arc::new(DialogLayer::new(endpoint.inner.clone()));
        let ipv4 = settings.bind.or(local).map(|local| local.is_ipv4());
        let link = Link::new(
            pinned.clone(),
            settings.tls.clone(),
            ipv4,
            endpoint.inner.clone(),
            local,
            stop.clone(),
        );
        tokio::spawn(serve(endpoint));
        let turns = Arc::new(Turns::default());
        tokio::spawn(answer_requests(incoming, layer.clone(), turns.clone()));
        let signalling = Arc::new(Signalling {
            trunk: settings.trunk.clone(),
            layer,
            pinned,
            link,
            health: Health::default(),
            credential: settings.login.as_ref().map(credential),
            login: settings.login.clone(),
            unanswerable,
            from: settings.from.clone(),
            route: settings.proxy.as_ref().map(route),
            register: settings.register,
            registered: Mutex::default(),
            session: settings.session,
            domain: settings.domain.clone(),
            listens,
            advertise: settings.advertise,
            turns,
            endings: TaskTracker::new(),
            stop,
        });
        tokio::spawn(signalling.clone().watch(settings.options));
        Ok(signalling)
    }

    /// The address that peers reach our media at, on this way.
    pub(crate) fn public_ip(&self, way: &Way) -> IpAddr {
        self.advertise.unwrap_or(way.local.ip())
    }

    /// Sends the INVITE of a call; `None` if the stack cannot build it.
    pub(crate) fn invite(&self, way: &Way, number: &Number, offer: String) -> Option<Leg> {
        let mut headers = vec![Header::Allow(ALLOW.into()), Header::Supported("timer".into())];
        if let Some(session) = self.session {
            headers.push(Header::SessionExpires(session.as_secs().to_string().into()));
        }
        let option = InviteOption {
            caller: self.uri(&self.from),
            callee: self.uri(number.as_str()),
            destination: Some(way.target.clone()),
            content_type: Some("application/sdp".to_owned()),
            offer: Some(offer.into_bytes()),
            contact: self.contact(way),
            credential: self.credential.clone(),
            headers: Some(headers),
            route_set: self.route.iter().cloned().collect(),
            ..InviteOption::default()
        };
        Leg::invite(&self.layer, option, way.clone(), &self.turns, &self.endings)
    }

    /// Waits for the ends of calls, then stops answering.
    pub async fn close(&self) {
        self.endings.close();
        let ends = async {
            self.endings.wait().await;
            self.deregister().await;
        };
        // What is not over by then is over for the trunk when it gets no answer any more.
        let _late = tokio::time::timeout(limits::SHUTDOWN, ends).await;
        self.stop.cancel();
    }

    /// A URI in our domain.
    pub(crate) fn uri(&self, name: &str) -> Uri {
        Uri {
            scheme: Some(self.scheme()),
            auth: Some(user(name)),
            host_with_port: HostWithPort { host: Host::Domain(Domain(bracketed(&self.domain))), port: None },
            ..Uri::default()
        }
    }

    /// Where the trunk reaches us: at the socket that listens, or at our end of the connection.
    pub(crate) fn contact(&self, way: &Way) -> Uri {
        let place = self.listens.unwrap_or(SocketAddr::new(self.public_ip(way), way.local.port()));
        let transport = self.pinned.transport();
        // The stack leaves a Contact alone that names its transport.
        let params = match transport {
            sip::Transport::Udp => Vec::new(),
            _ => vec![Param::Transport(transport)],
        };
        Uri {
            scheme: Some(self.scheme()),
            auth: Some(user("readmit")),
            host_with_port: place.into(),
            params,
            ..Uri::default()
        }
    }

    fn scheme(&self) -> Scheme {
        if self.trunk.is_secure() { Scheme::Sips } else { Scheme::Sip }
    }
}

fn user(name: &str) -> sip::Auth {
    sip::Auth { user: name.to_owned(), password: None }
}

fn credential(login: &Login) -> Credential {
    Credential {
        username: login.username.clone(),
        password: login.password.to_string(),
        realm: None,
        auth_username: None,
    }
}

/// The Route header that leads through the proxy (RFC 3261 §8.1.2).
fn route(proxy: &Trunk) -> Route {
    let mut params = match proxy.transport() {
        Transport::Udp => Vec::new(),
        Transport::Tcp => vec![Param::Transport(sip::Transport::Tcp)],
        Transport::Tls => vec![Param::Transport(sip::Transport::Tls)],
    };
    params.push(Param::Lr);
    let host = Host::Domain(Domain(bracketed(proxy.host())));
    let uri = Uri {
        scheme: Some(if proxy.is_secure() { Scheme::Sips } else { Scheme::Sip }),
        host_with_port: HostWithPort { host, port: proxy.written_port().map(Into::into) },
        params,
        ..Uri::default()
    };
    Route { display_name: None, uri, params: Vec::new() }
}

/// What carries messages, with its limits: whom it reads, how long it keeps a connection, whom it believes.
fn transports(settings: &CheckedTrunk, pinned: &Pinned, stop: &CancellationToken) -> TransportLayer {
    let resolver = EveryName(pinned.clone());
    let transports = TransportLayer::new_with_domain_resolver(stop.clone(), Box::new(resolver));
    let gate = pinned.clone();
    transports.set_whitelist(move |ip| {
        let allowed = gate.may_signal(ip);
        async move { allowed }
    });
    transports.set_stream_idle_timeout(limits::IDLE);
    if let Some(tls) = &settings.tls {
        tls::choose_provider();
        // For connections that the stack opens by itself, within a call whose connection is gone.
        transports.set_tls_config(tls.to(pinned.hop().host()));
    }
    transports
}

fn endpoint(
    transports: TransportLayer,
    stop: &CancellationToken,
    pinned: &Pinned,
    inspector: Inspector,
) -> Endpoint {
    // The name of nobody's host, and no suffix that tells which stack this is.
    let option = EndpointOption { callid_format: CallIdFormat::Uuid, ..EndpointOption::default() };
    EndpointBuilder::new()
        .with_transport_layer(transports)
        .with_cancel_token(stop.clone())
        .with_user_agent(USER_AGENT)
        .with_option(option)
        .with_inspector(Box::new(inspector))
        .with_target_locator(Box::new(OnlyToTrunk(pinned.clone())))
        .build()
}

async fn serve(endpoint: Endpoint) {
    let inner: Arc<EndpointInner> = endpoint.inner.clone();
    // Nobody else starts it, so it cannot be running already; and when it ends, so does the plugin.
    drop(inner.serve().await);
    drop(endpoint);
}

/// The socket that the trunk's requests arrive at.
struct Listener {
    connection: SipConnection,
    local: IpAddr,
    contact: SocketAddr,
}

impl Listener {
    /// Opens it, if there is one: always over UDP, and over TCP and TLS if a port is set.
    async fn open(
        settings: &CheckedTrunk,
        transport: Transport,
        pinned: &Pinned,
        stop: &CancellationToken,
    ) -> Result<Option<Listener>, SignallingError> {
        if transport != Transport::Udp && settings.sip_port == 0 {
            return Ok(None);
        }
        let found = pinned.candidates(|_| true).await.ok().and_then(|found| found.first().copied());
        // What the trunk asks before the first call is read.
        found.into_iter().for_each(|trunk| pinned.pin(trunk));
        let local = match (settings.bind, found) {
            // Each call looks the trunk up again, so a name that is unknown now may serve later.
            (Some(ip), _) if !ip.is_unspecified() => ip,
            (_, Some(trunk)) => route_to(trunk).await.map_err(SignallingError::Route)?,
            (_, None) => return Err(SignallingError::Resolve),
        };
        let address = SocketAddr::new(settings.bind.unwrap_or(local), settings.sip_port);
        let bind = |source| SignallingError::Bind { address, source };
        let reached_at = |port| SocketAddr::new(settings.advertise.unwrap_or(local), port);
        let (connection, port) = if transport == Transport::Udp {
            let socket = UdpSocket::bind(address).await.map_err(bind)?;
            let port = socket.local_addr().map_err(bind)?.port();
            let stop = Some(stop.child_token());
            let udp = UdpConnection::from_socket(Arc::new(socket), Some(reached_at(port)), stop);
            (udp.await.map_err(|_| SignallingError::Stack)?.into(), port)
        } else {
            // The stack opens it later and tells nobody if that fails.
            drop(TcpListener::bind(address).await.map_err(bind)?);
            let contact = Some(reached_at(address.port()));
            let opened = match settings.tls.as_ref().and_then(tls::Tls::listen) {
                Some(config) => {
                    TlsListenerConnection::new(address, contact, config).await.map(SipConnection::TlsListener)
                }
                None => TcpListenerConnection::new(address, contact).await.map(SipConnection::TcpListener),
            };
            (opened.map_err(|_| SignallingError::Stack)?, address.port())
        };
        Ok(Some(Listener { connection, local, contact: reached_at(port) }))
    }
}

/// The local address of packets to the trunk. Connecting a UDP socket sends nothing.
pub(crate) async fn route_to(trunk: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr =
        if trunk.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(trunk).await?;
    Ok(socket.local_addr()?.ip())
}
