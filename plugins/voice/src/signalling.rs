//! The SIP side of this plugin: one endpoint for all calls. It places calls and refuses everything that others
//! start. The SIP stack is used here and in [`crate::digest`] and [`crate::leg`] only.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;
use rsipstack::EndpointBuilder;
use rsipstack::dialog::DialogId;
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog::Dialog;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{self, Domain, Header, Host, HostWithPort, Method, Scheme, StatusCode, Uri};
use rsipstack::transaction::endpoint::EndpointOption;
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transaction::{CallIdFormat, Endpoint, TransactionReceiver};
use rsipstack::transport::transport_layer::DomainResolver;
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, TransportLayer};
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::credentials::Login;
use crate::digest::DigestShim;
use crate::leg::Leg;
use crate::limits;
use crate::number::Number;
use crate::settings::Checked;
use crate::trunk::{Pinned, Transport};

/// What we tell peers to be.
const USER_AGENT: &str = concat!("readmit-voice/", env!("CARGO_PKG_VERSION"));

/// What peers may ask of us within a call.
const ALLOW: &str = "ACK, BYE, CANCEL, INFO, INVITE, OPTIONS, UPDATE";

/// The endpoint.
pub struct Signalling {
    pub(crate) layer: Arc<DialogLayer>,
    pub(crate) pinned: Pinned,
    pub(crate) local: SocketAddr,
    contact: SocketAddr,
    domain: String,
    pub(crate) from: String,
    login: Option<Login>,
    endings: TaskTracker,
    stop: CancellationToken,
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
    #[error("bind, sip_port: cannot open a UDP socket on {address}")]
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

/// Why a call could not even be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// The trunk's name has no address.
    #[error("the trunk's name cannot be looked up")]
    Resolve,
    /// The stack could not build the request.
    #[error("the INVITE could not be built")]
    Build,
}

impl Signalling {
    /// Opens the socket and starts to answer.
    ///
    /// # Errors
    ///
    /// [`SignallingError`] names the setting to look at.
    pub async fn open(settings: &Checked) -> Result<Signalling, SignallingError> {
        let pinned = Pinned::new(settings.trunk.clone(), &settings.signalling_networks);
        let trunk = pinned.refresh(|_| true).await;
        let ip = match (settings.bind, trunk) {
            // Each call looks the trunk up again, so a name that is unknown now may serve later.
            (Some(ip), _) if !ip.is_unspecified() => ip,
            (_, Some(trunk)) => route_to(trunk).await.map_err(SignallingError::Route)?,
            (_, None) => return Err(SignallingError::Resolve),
        };
        let address = SocketAddr::new(settings.bind.unwrap_or(ip), settings.sip_port);
        let bound = UdpSocket::bind(address).await.and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (bound, socket) = bound.map_err(|source| SignallingError::Bind { address, source })?;
        let contact = SocketAddr::new(settings.advertise.unwrap_or(ip), bound.port());

        let stop = CancellationToken::new();
        let transports =
            TransportLayer::new_with_domain_resolver(stop.clone(), Box::new(ToTrunk(pinned.clone())));
        let gate = pinned.clone();
        transports.set_whitelist(move |ip| {
            let allowed = gate.may_signal(ip);
            async move { allowed }
        });
        match settings.trunk.transport() {
            Transport::Udp => {
                let udp =
                    UdpConnection::from_socket(Arc::new(socket), Some(contact), Some(stop.child_token()));
                transports.add_transport(udp.await.map_err(|_| SignallingError::Stack)?.into());
            }
        }
        // The name of nobody's host, and no suffix that tells which stack this is.
        let option = EndpointOption { callid_format: CallIdFormat::Uuid, ..EndpointOption::default() };
        let endpoint = EndpointBuilder::new()
            .with_transport_layer(transports)
            .with_cancel_token(stop.clone())
            .with_user_agent(USER_AGENT)
            .with_option(option)
            .with_inspector(Box::new(DigestShim::new(pinned.clone())))
            .build();
        let incoming = endpoint.incoming_transactions().map_err(|_| SignallingError::Stack)?;
        let layer = Arc::new(DialogLayer::new(endpoint.inner.clone()));
        tokio::spawn(serve(endpoint));
        tokio::spawn(answer_requests(incoming, layer.clone()));
        Ok(Signalling {
            layer,
            pinned,
            local: SocketAddr::new(ip, bound.port()),
            contact,
            domain: settings.domain.clone(),
            from: settings.from.clone(),
            login: settings.login.clone(),
            endings: TaskTracker::new(),
            stop,
        })
    }

    /// The local address, for media.
    pub fn local_ip(&self) -> IpAddr {
        self.local.ip()
    }

    /// The address that peers reach us at, for media.
    pub fn public_ip(&self) -> IpAddr {
        self.contact.ip()
    }

    /// Sends the INVITE of a call.
    ///
    /// # Errors
    ///
    /// [`InviteError`] if nothing was sent.
    pub async fn invite(&self, number: &Number, offer: String) -> Result<Leg, InviteError> {
        let local = self.local;
        let trunk = self
            .pinned
            .refresh(|address| address.is_ipv4() == local.is_ipv4())
            .await
            .ok_or(InviteError::Resolve)?;
        let credential = self.login.as_ref().map(|login| Credential {
            username: login.username.clone(),
            password: login.password.to_string(),
            realm: None,
            auth_username: None,
        });
        let option = InviteOption {
            caller: self.uri(&self.from),
            callee: self.uri(number.as_str()),
            destination: Some(SipAddr { r#type: Some(sip::Transport::Udp), addr: trunk.into() }),
            content_type: Some("application/sdp".to_owned()),
            offer: Some(offer.into_bytes()),
            contact: Uri {
                scheme: Some(Scheme::Sip),
                auth: Some(user("readmit")),
                host_with_port: self.contact.into(),
                ..Uri::default()
            },
            credential,
            headers: Some(vec![Header::Allow(ALLOW.into())]),
            ..InviteOption::default()
        };
        Leg::invite(&self.layer, option, &self.endings).ok_or(InviteError::Build)
    }

    /// Waits for the ends of calls, then stops answering.
    pub async fn close(&self) {
        self.endings.close();
        // What is not over by then is over for the trunk when it gets no answer any more.
        let _late = tokio::time::timeout(limits::SHUTDOWN, self.endings.wait()).await;
        self.stop.cancel();
    }

    /// A URI in our domain. The host is always given as a name, even if it is an address: the stack asks the
    /// resolver for names only, and without it a CANCEL would go to that host and not to the trunk.
    pub(crate) fn uri(&self, name: &str) -> Uri {
        Uri {
            scheme: Some(Scheme::Sip),
            auth: Some(user(name)),
            host_with_port: HostWithPort { host: Host::Domain(Domain(self.domain.clone())), port: None },
            ..Uri::default()
        }
    }
}

fn user(name: &str) -> sip::Auth {
    sip::Auth { user: name.to_owned(), password: None }
}

/// The local address of packets to the trunk. Connecting a UDP socket sends nothing.
async fn route_to(trunk: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr =
        if trunk.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(trunk).await?;
    Ok(socket.local_addr()?.ip())
}

/// Resolves every name to the trunk: requests go there and nowhere else.
struct ToTrunk(Pinned);

#[async_trait]
impl DomainResolver for ToTrunk {
    async fn resolve(&self, target: &SipAddr) -> rsipstack::Result<SipAddr> {
        let address = self.0.address();
        address
            .map(|address| SipAddr { r#type: target.r#type, addr: address.into() })
            .ok_or_else(|| rsipstack::Error::DnsResolutionError("the trunk has no address".to_owned()))
    }
}

async fn serve(endpoint: Endpoint) {
    endpoint.serve().await;
}

/// Handles what peers start: requests within our calls go to their calls, everything else is refused.
async fn answer_requests(mut incoming: TransactionReceiver, layer: Arc<DialogLayer>) {
    let places = Arc::new(Semaphore::new(limits::MAX_INBOUND));
    while let Some(mut transaction) = incoming.recv().await {
        let dialog = dialog_of(&layer, &transaction);
        let place = places.clone().try_acquire_owned().ok();
        let mut handling = Box::pin(async move {
            let within_call = match dialog {
                Some(dialog) if place.is_some() => Some(dialog),
                _ => None,
            };
            match within_call {
                // What goes wrong in one request ends that request; the call has its own timers.
                Some(mut dialog) => drop(dialog.handle(&mut transaction).await),
                None => refuse(&mut transaction, place.is_some()).await,
            }
        });
        // A request takes its place in its call before it first waits. That happens here and not in its task,
        // so that requests which arrive together, such as keys in quick INFOs, stay in order.
        if (&mut handling).now_or_never().is_none() {
            tokio::spawn(handling);
        }
    }
}

/// The call that a request belongs to. The stack lists a call under its final name only a moment after it has
/// acknowledged the answer, and a quick peer's first request comes in that moment.
fn dialog_of(layer: &DialogLayer, transaction: &Transaction) -> Option<InviteDialog> {
    let listed = || match layer.match_dialog(transaction) {
        Some(Dialog::Invite(dialog)) => Some(dialog),
        _ => None,
    };
    let id = DialogId::try_from(transaction).ok()?;
    let being_answered = || {
        let calls = layer.get_client_dialog_by_call_id(&id.call_id);
        calls.into_iter().find(|dialog| dialog.id().local_tag == id.local_tag)
    };
    listed().or_else(being_answered).or_else(listed)
}

async fn refuse(transaction: &mut Transaction, has_place: bool) {
    let allow = || vec![Header::Allow(ALLOW.into())];
    let outside_dialog = !transaction.original.headers.iter().any(|header| match header {
        Header::To(to) => matches!(to.tag(), Ok(Some(_))),
        _ => false,
    });
    let replied = match transaction.original.method {
        _ if !has_place => transaction.reply(StatusCode::ServiceUnavailable).await,
        Method::Ack => return,
        // Trunks ask like this whether we are there.
        Method::Options => transaction.reply_with(StatusCode::OK, allow(), None).await,
        _ if !outside_dialog => transaction.reply(StatusCode::CallTransactionDoesNotExist).await,
        // Nobody can call us.
        _ => transaction.reply_with(StatusCode::MethodNotAllowed, allow(), None).await,
    };
    if replied.is_ok() && transaction.original.method == Method::Invite {
        // The response is repeated until its ACK comes or 64 × T1 have passed.
        let absorb = async { while transaction.receive().await.is_some() {} };
        let _late = tokio::time::timeout(limits::TEARDOWN, absorb).await;
    }
}
