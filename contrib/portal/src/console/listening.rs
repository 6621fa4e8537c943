//! What the console listens on: the loopback interface, a unix socket of its user, or one that systemd passes.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use listenfd::ListenFd;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::door::Peer;
use crate::limits;
use crate::web::ClientAddress;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A free port on an address of the loopback network that no other program is likely to use: cookies do not know
    /// ports, and what another user serves on 127.0.0.1 is not to get ours.
    AnyLoopback,
    /// A port of 127.0.0.1; 0 for any that is free.
    Loopback(u16),
    /// A socket in the user's own directory.
    OwnSocket,
    /// A socket there.
    Socket(PathBuf),
}

/// What is no address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("give `loopback`, 127.0.0.1:PORT, `unix`, or unix:/path; the console is never on a network")]
pub(crate) struct NoAddress;

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        match text.split_once(':') {
            None if text == "loopback" => Ok(Self::AnyLoopback),
            None if text == "unix" => Ok(Self::OwnSocket),
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Socket(path.into())),
            Some(("127.0.0.1" | "localhost", port)) => {
                port.parse().map(Self::Loopback).map_err(|_| NoAddress)
            }
            _ => Err(NoAddress),
        }
    }
}

/// Why nothing is listened on.
#[derive(Debug, Error)]
pub(crate) enum ListenError {
    /// The socket or port cannot be had.
    #[error("{address} cannot be listened on")]
    Listen {
        address: String,
        #[source]
        source: io::Error,
    },
    /// There is no directory for it.
    #[error(
        "XDG_RUNTIME_DIR is not set: name a socket, as in `--listen unix:/run/user/1000/readmit-console.sock`"
    )]
    NoDirectory,
    /// Another one is there.
    #[error("{path} is in use: another console is listening there")]
    InUse { path: PathBuf },
    /// What is there is not a socket.
    #[error("{path} is there already, and is not a socket")]
    NotASocket { path: PathBuf },
    /// There is no randomness.
    #[error("the system gives no randomness: {0}")]
    Random(getrandom::Error),
    /// systemd passed something else than one unix socket.
    #[error("systemd has to pass one unix socket (ListenStream=/path), and nothing else")]
    Passed,
}

/// What is listened on.
pub(super) enum Listener {
    Loopback(TcpListener, SocketAddr),
    Socket(UnixListener, Name),
}

/// A socket's name.
pub(super) struct Name {
    text: String,
    /// The file, where it is ours to remove.
    ours: Option<PathBuf>,
}

impl Drop for Name {
    fn drop(&mut self) {
        if let Some(path) = &self.ours {
            // It may be gone already; a console that starts later removes what is left.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Listener {
    /// Listens there, or on what systemd passes.
    ///
    /// # Errors
    /// [`ListenError`].
    pub(super) async fn open(address: &Address) -> Result<Self, ListenError> {
        if let Some(passed) = passed()? {
            return Ok(passed);
        }
        match address {
            Address::AnyLoopback => {
                let mut bytes = [0; 3];
                getrandom::fill(&mut bytes).map_err(ListenError::Random)?;
                let [a, b, c] = bytes;
                // Neither the network's own address nor its broadcast address, nor 127.0.x.x, where others are.
                loopback(SocketAddr::from(([127, a.max(1), b, c.clamp(1, 254)], 0))).await
            }
            Address::Loopback(port) => loopback(SocketAddr::from(([127, 0, 0, 1], *port))).await,
            Address::OwnSocket => {
                let directory = std::env::var_os("XDG_RUNTIME_DIR").ok_or(ListenError::NoDirectory)?;
                bind(&Path::new(&directory).join("readmit-console.sock"))
            }
            Address::Socket(path) => bind(path),
        }
    }

    /// The address on the loopback interface; none on a unix socket.
    pub(super) const fn loopback(&self) -> Option<SocketAddr> {
        match self {
            Self::Loopback(_, address) => Some(*address),
            Self::Socket(..) => None,
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Loopback(_, address) => address.to_string(),
            Self::Socket(_, name) => name.text.clone(),
        }
    }

    /// Serves these pages until told to stop.
    pub(super) async fn serve(self, pages: Router, stop: CancellationToken) {
        let connections = TaskTracker::new();
        let turns = Arc::new(Semaphore::new(limits::CONSOLE_CONNECTIONS));
        loop {
            let next = async {
                // The semaphore is never closed.
                let turn = turns.clone().acquire_owned().await.ok();
                (turn, self.accept().await)
            };
            let (turn, accepted) = tokio::select! {
                () = stop.cancelled() => break,
                next = next => next,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (pages, stop) = (pages.clone(), stop.clone());
                    connections.spawn(async move {
                        let _turn = turn;
                        converse(stream, peer, pages, stop).await;
                    });
                }
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
        connections.close();
        let _ = tokio::time::timeout(limits::CONSOLE_STOP, connections.wait()).await;
    }

    async fn accept(&self) -> io::Result<(Box<dyn Stream>, Peer)> {
        match self {
            Self::Loopback(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), Peer::Loopback))
            }
            Self::Socket(listener, _) => {
                let (stream, _) = listener.accept().await?;
                let peer = Peer::User(stream.peer_cred()?.uid());
                Ok((Box::new(stream), peer))
            }
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn converse(stream: Box<dyn Stream>, peer: Peer, pages: Router, stop: CancellationToken) {
    let service = tower::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(ClientAddress(None));
        pages.clone().oneshot(request.map(Body::new))
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::CONSOLE_HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => {}
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

async fn loopback(address: SocketAddr) -> Result<Listener, ListenError> {
    let error = |source| ListenError::Listen { address: address.to_string(), source };
    let listener = TcpListener::bind(address).await.map_err(error)?;
    let bound = listener.local_addr().map_err(error)?;
    Ok(Listener::Loopback(listener, bound))
}

/// The socket that systemd passes, if it passes any (sd_listen_fds(3)).
fn passed() -> Result<Option<Listener>, ListenError> {
    let mut all = ListenFd::from_env();
    if all.len() == 0 {
        return Ok(None);
    }
    let listener = all.take_unix_listener(0).ok().flatten().filter(|_| all.len() == 1);
    let listener = listener.ok_or(ListenError::Passed)?;
    let text = "the socket that systemd has passed".to_owned();
    let error = |source| ListenError::Listen { address: text.clone(), source };
    listener.set_nonblocking(true).map_err(error)?;
    let listener = UnixListener::from_std(listener).map_err(error)?;
    Ok(Some(Listener::Socket(listener, Name { text, ours: None })))
}

/// A socket for its user alone; whoever connects is asked for in any case.
fn bind(path: &Path) -> Result<Listener, ListenError> {
    let error = |source| ListenError::Listen { address: path.display().to_string(), source };
    match std::fs::symlink_metadata(path) {
        Err(_) => {}
        Ok(there) if !there.file_type().is_socket() => {
            return Err(ListenError::NotASocket { path: path.to_owned() });
        }
        Ok(_) if StdUnixStream::connect(path).is_ok() => {
            return Err(ListenError::InUse { path: path.to_owned() });
        }
        // What a console left that was killed.
        Ok(_) => std::fs::remove_file(path).map_err(error)?,
    }
    let listener = UnixListener::bind(path).map_err(error)?;
    let name = Name { text: path.display().to_string(), ours: Some(path.to_owned()) };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(error)?;
    Ok(Listener::Socket(listener, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_never_on_a_network() {
        for (text, address) in [
            ("loopback", Address::AnyLoopback),
            ("127.0.0.1:0", Address::Loopback(0)),
            ("localhost:8443", Address::Loopback(8443)),
            ("unix", Address::OwnSocket),
            ("unix:/run/x.sock", Address::Socket("/run/x.sock".into())),
        ] {
            assert_eq!(text.parse(), Ok(address), "{text}");
        }
        for text in
            ["0.0.0.0:80", "[::]:80", "example.org:80", "127.0.0.1", "127.0.0.1:x", "unix:relative", ""]
        {
            assert_eq!(text.parse::<Address>(), Err(NoAddress), "{text}");
        }
    }

    #[tokio::test]
    async fn a_socket_is_its_users_alone_and_goes_with_the_console() {
        let directory = std::env::temp_dir().join(format!("readmit-console-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("socket");
        let address = Address::Socket(path.clone());
        let first = Listener::open(&address).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(Listener::open(&address).await, Err(ListenError::InUse { .. })));
        drop(first);
        assert!(!path.exists());
        // One that was killed leaves its socket behind.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        drop(Listener::open(&address).await.unwrap());
        std::fs::write(&path, "not a socket").unwrap();
        assert!(matches!(Listener::open(&address).await, Err(ListenError::NotASocket { .. })));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
