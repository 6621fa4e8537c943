//! One connection: how its requests are read, and what they are given on their way.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{HeaderMap, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::client::client;
use super::listening::Stream;
use super::patient::Patient;
use super::tls::Tls;
use crate::config::{Connections, Trusted};
use crate::web::ClientAddress;

/// What every connection that comes in by one door is served with.
pub(super) struct Door {
    pub(super) pages: Router,
    /// Not for sockets in the file system.
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) trusted: Trusted,
    pub(super) connections: Connections,
    pub(super) stop: CancellationToken,
}

impl Door {
    /// Serves a connection to its end.
    pub(super) async fn serve(&self, stream: Stream) {
        let patience = self.connections.stall;
        match stream {
            Stream::Unix(stream) => self.speak(Patient::new(stream, patience), None).await,
            Stream::Tcp(stream, peer) => {
                let stream = Patient::new(stream, patience);
                let Some(tls) = &self.tls else { return self.speak(stream, Some(peer)).await };
                let greeted = timeout(self.connections.header, tls.acceptor().accept(stream)).await;
                match greeted {
                    Ok(Ok(stream)) => self.speak(stream, Some(peer)).await,
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
                }
            }
        }
    }

    async fn speak(&self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: Option<IpAddr>) {
        let service = tower::service_fn(|request| self.answer(request, peer));
        let serving = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            // It runs from the connection, or the last answer: an idle connection ends by it, too.
            .header_read_timeout(self.connections.header)
            .max_headers(self.connections.header_lines)
            .max_header_size(self.connections.header_bytes)
            .max_buf_size(self.connections.header_bytes)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::pin!(serving);
        let ended = tokio::select! {
            ended = serving.as_mut() => ended,
            () = self.stop.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: Option<IpAddr>,
    ) -> Result<Response<Body>, Infallible> {
        if !has_one_host(request.version(), request.headers()) {
            let mut refused = Response::new(Body::empty());
            *refused.status_mut() = StatusCode::BAD_REQUEST;
            return Ok(refused);
        }
        let client = ClientAddress(client(peer, request.headers(), &self.trusted));
        request.extensions_mut().insert(client);
        self.pages.clone().oneshot(request.map(Body::new)).await
    }
}

/// One `Host`, and only before HTTP/1.1 none (RFC 9112 §3.2). It is used for nothing, but several of them are somebody
/// who wants a proxy and the portal to see different requests.
fn has_one_host(version: Version, headers: &HeaderMap) -> bool {
    match headers.get_all(HOST).iter().count() {
        0 => version < Version::HTTP_11,
        count => count == 1,
    }
}
