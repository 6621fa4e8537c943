//! One batch of spans to the collector: HTTP over a socket in the file system, or over the loopback.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::Handle;

use super::limits::{ANSWER_BYTES, SEND};
use crate::config::Collector;
use crate::meters::Meters;

/// Sends batches to one place, in the daemon's runtime: the exporter's own thread has none.
pub(super) struct Client {
    place: Collector,
    runtime: Handle,
    meters: Arc<Meters>,
}

impl Client {
    /// A client in the runtime that it is called in.
    pub(super) fn new(place: Collector, meters: Arc<Meters>) -> Self {
        Self { place, runtime: Handle::current(), meters }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("place", &self.place).finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let place = self.place.clone();
        let sent =
            self.runtime.spawn(async move { tokio::time::timeout(SEND, send(place, request)).await }).await;
        let answer = match sent {
            Ok(Ok(answer)) => answer,
            Ok(Err(late)) => Err(late.into()),
            Err(ended) => Err(ended.into()),
        };
        let taken = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
        self.meters.traces_sent(taken);
        answer
    }
}

async fn send(place: Collector, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    match place {
        Collector::Unix(path) => speak(UnixStream::connect(path).await?, request).await,
        Collector::Tcp(address) => speak(TcpStream::connect(address).await?, request).await,
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(hyper::header::HOST, hyper::header::HeaderValue::from_static("localhost"));
    parts.uri = parts.uri.path().parse()?;
    let exchange = async {
        let answer = sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES).collect().await?.to_bytes();
        drop(sender);
        Ok::<_, HttpError>(Response::from_parts(parts, body))
    };
    let (answer, ended) = tokio::join!(exchange, connection);
    if let Err(error) = ended {
        return answer.and(Err(io::Error::other(error).into()));
    }
    answer
}
