//! One request to a provider, over a connection of its own: how far it got is always known, since a call must not be
//! asked for twice.

use std::future::Future;
use std::io;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::limits;
use crate::web_address::WebAddress;

/// The way to a provider. It follows no redirection: whoever answers with one would get the credentials.
#[derive(Clone)]
pub struct Client {
    base: WebAddress,
    tls: TlsConnector,
}

/// A request to be made.
pub struct Asking {
    /// Its method.
    pub method: Method,
    /// Its path, below the provider's address.
    pub path: String,
    /// What its `Authorization` header says.
    pub authorization: Zeroizing<String>,
    /// Its content and what kind of content that is.
    pub body: Option<(&'static str, Zeroizing<Vec<u8>>)>,
}

/// What the provider answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// How long the provider wants us to wait, if it says so.
    pub retry_after: Option<Duration>,
    /// The content.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The request cannot be written.
    #[error("the request cannot be written")]
    Request,
    /// The name could not be looked up, or nobody listens.
    #[error("no connection to {host}: {source}")]
    Connect {
        /// The host.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// The other side is not believed to be the provider.
    #[error("no TLS connection to {host}: {source}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// It took too long, before anything was sent.
    #[error("no connection to {host} within {} s", limits::CONNECT.as_secs())]
    ConnectLate {
        /// The host.
        host: String,
    },
    /// The connection broke after the request was on its way.
    #[error("the connection broke before there was an answer: {0}")]
    Broken(hyper::Error),
    /// The answer took too long.
    #[error("no answer in time")]
    Late,
    /// The answer is too large.
    #[error("the answer is larger than {} bytes, or broke off", limits::MAX_ANSWER)]
    Answer,
}

impl ClientError {
    /// Whether the provider may have got the request.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Request | Self::Connect { .. } | Self::Tls { .. } | Self::ConnectLate { .. } => false,
            Self::Broken(_) | Self::Late | Self::Answer => true,
        }
    }
}

impl Client {
    /// A client of the provider at this address.
    pub(crate) fn new(base: WebAddress, tls: TlsConnector) -> Client {
        Client { base, tls }
    }

    /// Where the provider is.
    pub fn base(&self) -> &WebAddress {
        &self.base
    }

    /// Makes a request. It may take this long.
    ///
    /// # Errors
    ///
    /// [`ClientError`] has the real reason.
    pub async fn ask(&self, asking: Asking, within: Duration) -> Result<Answer, ClientError> {
        let request = self.request(asking)?;
        let patience = limits::CONNECT.min(within);
        let late = || ClientError::ConnectLate { host: self.base.host().to_owned() };
        let stream = timeout(patience, self.connect()).await.map_err(|_| late())??;
        if !self.base.is_secure() {
            return timeout(within, exchange(stream, request)).await.map_err(|_| ClientError::Late)?;
        }
        let stream = timeout(patience, self.secure(stream)).await.map_err(|_| late())??;
        timeout(within, exchange(stream, request)).await.map_err(|_| ClientError::Late)?
    }

    /// Connects and no more.
    pub(crate) async fn connect(&self) -> Result<TcpStream, ClientError> {
        let host = self.base.host();
        let failed = |source| ClientError::Connect { host: host.to_owned(), source };
        let stream = TcpStream::connect((host, self.base.port())).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    }

    pub(crate) async fn secure(
        &self,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, ClientError> {
        let host = self.base.host();
        let failed = |source| ClientError::Tls { host: host.to_owned(), source };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(io::Error::other(error)))?;
        self.tls.connect(name, stream).await.map_err(failed)
    }

    fn request(&self, asking: Asking) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut authorization =
            HeaderValue::from_str(&asking.authorization).map_err(|_| ClientError::Request)?;
        authorization.set_sensitive(true);
        let (kind, body) = asking.body.unwrap_or(("", Zeroizing::default()));
        let mut request = Request::builder()
            .method(asking.method)
            .uri(format!("{}{}", self.base.path(), asking.path))
            .header(HOST, self.base.authority())
            .header(USER_AGENT, concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close")
            .header(hyper::header::ACCEPT, "application/json")
            .header(hyper::header::AUTHORIZATION, authorization);
        if !kind.is_empty() {
            request = request.header(hyper::header::CONTENT_TYPE, kind).header(CONTENT_LENGTH, body.len());
        }
        request.body(Full::new(Bytes::copy_from_slice(&body))).map_err(|_| ClientError::Request)
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, ClientError> {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(ClientError::Broken)?;
    let asked = async {
        let answer = sender.send_request(request).await.map_err(ClientError::Broken)?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(seconds);
        let body = Limited::new(answer.into_body(), limits::MAX_ANSWER).collect().await;
        let body = body.map_err(|_| ClientError::Answer)?.to_bytes();
        drop(sender);
        Ok(Answer { status, retry_after, body })
    };
    while_connected(asked, connection).await
}

/// The connection does nothing unless it is waited for, too; what became of it, the request tells.
async fn while_connected<T>(asked: impl Future<Output = T>, connection: impl Future) -> T {
    let mut asked = std::pin::pin!(asked);
    tokio::select! {
        answer = &mut asked => answer,
        _ended = connection => asked.await,
    }
}

fn seconds(value: &HeaderValue) -> Option<Duration> {
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
