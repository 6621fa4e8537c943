//! Connections: what listens, who may come in, how requests are read, how it stops.

mod admission;
mod client;
mod connection;
mod listening;
mod notify;
mod patient;
mod tls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::admission::Admission;
use self::connection::Door;
use self::listening::{Listener, Stream};
use self::tls::Tls;
pub(crate) use self::tls::TlsError;
use crate::config::Config;
use crate::limits;
use crate::web::{Portal, router};

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
    /// The system does not know whose the socket is to be.
    #[error("`{key}`: the system has no `{name}`: correct the name, or create it")]
    NoSuch { key: &'static str, name: String },
    /// What systemd passed is of no use.
    #[error("systemd passed something that is no listening socket: write ListenStream= into the socket unit")]
    Inherited(#[source] io::Error),
    /// What systemd passed is open to the network.
    #[error(
        "systemd passed {address}, which is open to the network without TLS, while `public_url` promises https: put \
         the certificate into [tls], or say behind_proxy = true if a proxy that speaks TLS is in front"
    )]
    Exposed { address: String },
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What is told to a running portal.
#[derive(Clone)]
pub(crate) struct Signals {
    /// Stop.
    pub(crate) stop: CancellationToken,
    /// Take up renewed files.
    pub(crate) reload: Arc<Notify>,
}

/// Looks at the files that a start would need.
///
/// # Errors
/// [`ServerError::Tls`].
pub(crate) fn check(config: &Config) -> Result<(), ServerError> {
    config.tls.as_ref().map(Tls::load).transpose()?;
    Ok(())
}

/// Serves until told to stop.
///
/// # Errors
/// [`ServerError`], before the first request.
pub(crate) async fn serve(portal: Arc<Portal>, signals: Signals) -> Result<(), ServerError> {
    let config = portal.config.clone();
    let tls = config.tls.as_ref().map(Tls::load).transpose()?.map(Arc::new);
    let listeners = listeners(&config).await?;
    let admission = Admission::new(config.connections.total, config.connections.per_client);
    let door = Arc::new(door(&config, router(portal), tls.clone(), &signals));
    let (accepting, connections) = (TaskTracker::new(), TaskTracker::new());
    for listener in listeners {
        tracing::info!(address = %listener.place(), tls = door.tls.is_some(), "serving");
        accepting.spawn(accept(listener, door.clone(), admission.clone(), connections.clone()));
    }
    notify::ready();
    match &tls {
        Some(tls) => tls.keep_up(&signals.reload, signals.stop.clone()).await,
        None => have_nothing_to_renew(&signals).await,
    }
    notify::stopping();
    accepting.close();
    accepting.wait().await;
    connections.close();
    if tokio::time::timeout(config.connections.stop, connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "some connections did not end in time");
    }
    Ok(())
}

/// Whoever asks for a reload is told that it is done, until the portal is to stop.
async fn have_nothing_to_renew(signals: &Signals) {
    loop {
        tokio::select! {
            () = signals.stop.cancelled() => return,
            () = signals.reload.notified() => {}
        }
        notify::reloading();
        notify::ready();
    }
}

fn door(config: &Config, pages: Router, tls: Option<Arc<Tls>>, signals: &Signals) -> Door {
    Door {
        pages,
        tls,
        trusted: config.trusted_proxies.clone(),
        connections: config.connections.clone(),
        stop: signals.stop.clone(),
    }
}

/// What systemd passed; if that is nothing, what is configured.
async fn listeners(config: &Config) -> Result<Vec<Listener>, ServerError> {
    let mut listeners = Listener::inherited()?;
    if let Some(exposed) = listeners.iter().map(Listener::place).find(|place| config.exposes(place)) {
        return Err(ServerError::Exposed { address: exposed.to_string() });
    }
    if listeners.is_empty() {
        for listen in &config.listen {
            listeners.push(Listener::bind(listen, &config.socket).await?);
        }
    }
    let by_file = listeners.iter().any(|listener| matches!(listener, Listener::Unix { .. }));
    if by_file && !config.trusted_proxies.unix {
        tracing::warn!(
            "who comes by a socket in the file system has no address, and no limit of its own: if a proxy \
             does, and says whom it speaks for, add \"unix\" to trusted_proxies"
        );
    }
    Ok(listeners)
}

/// Lets connections in, until told to stop.
async fn accept(listener: Listener, door: Arc<Door>, admission: Admission, connections: TaskTracker) {
    let stop = door.stop.clone();
    let mut pause = limits::ACCEPT_PAUSE;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = next(&listener, &admission) => accepted,
        };
        let (place, stream) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_of_the_connection(&error) {
                    tracing::warn!(%error, "connections cannot be accepted");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                continue;
            }
        };
        pause = limits::ACCEPT_PAUSE;
        let ticket = match &stream {
            Stream::Tcp(_, peer) if !door.trusted.holds(Some(*peer)) => match admission.ticket(*peer) {
                Some(ticket) => Some(ticket),
                None => {
                    tracing::debug!(%peer, "has as many connections as it may have");
                    continue;
                }
            },
            _ => None,
        };
        let door = door.clone();
        connections.spawn(async move {
            door.serve(stream).await;
            drop((place, ticket));
        });
    }
}

/// The next connection, once there is a place for it; those after it wait in the kernel's queue.
async fn next(listener: &Listener, admission: &Admission) -> io::Result<(Option<admission::Place>, Stream)> {
    let stream = listener.accept().await?;
    Ok((admission.place().await, stream))
}

/// Whether only this connection failed, and the next may well come (accept(2)).
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, InvalidInput};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | InvalidInput
    )
}
