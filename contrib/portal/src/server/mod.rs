//! Connections: what listens, who may come in, how requests are read, how it stops.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::limits;
use crate::web::{ClientAddress, Portal, router};

/// Why nothing is served.
#[derive(Debug, Error)]
pub(crate) enum ServerError {
    /// The address cannot be listened on.
    #[error("`listen`: {address} cannot be listened on")]
    Listen {
        address: String,
        #[source]
        source: io::Error,
    },
}

/// Serves until told to stop.
///
/// # Errors
/// [`ServerError`], before the first request.
pub(crate) async fn serve(portal: Arc<Portal>, stop: CancellationToken) -> Result<(), ServerError> {
    let address = portal.config.listen.clone();
    let listen = |source| ServerError::Listen { address: address.clone(), source };
    let listener = TcpListener::bind(&address).await.map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    tracing::info!(address = %bound, "serving");
    let pages = router(portal);
    let connections = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    continue;
                }
            },
        };
        let (pages, stop) = (pages.clone(), stop.clone());
        connections.spawn(async move {
            let client = ClientAddress(Some(peer.ip()));
            let service = tower::service_fn(move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(client);
                pages.clone().oneshot(request.map(Body::new))
            });
            let serving = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
            tokio::pin!(serving);
            tokio::select! {
                _ = serving.as_mut() => {}
                () = stop.cancelled() => {
                    serving.as_mut().graceful_shutdown();
                    let _ = serving.await;
                }
            }
        });
    }
    connections.close();
    let _ = tokio::time::timeout(limits::STOP, connections.wait()).await;
    Ok(())
}
