//! Where the provider's requests come in: a port, a socket in the file system, or one that systemd hands over. TLS is
//! the proxy's in front.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use readmit_plugin::{Daemon, OwnSocket};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};

use crate::desk::Desk;
use crate::limits;

/// The name of the socket that systemd hands over (`FileDescriptorName=`).
pub const SOCKET: &str = "webhook";

/// How long to wait after a connection could not be taken, as when the process has no file descriptor left.
const BREATH: std::time::Duration = std::time::Duration::from_millis(100);

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
    /// What systemd hands over.
    Given,
}

/// Why nothing is listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// The address cannot be taken.
    #[error("listen: {address} cannot be listened on: {source}")]
    Bind {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// There is no address.
    #[error(
        "listen is missing, and systemd handed over no socket named {SOCKET:?} (FileDescriptorName=): write listen = \"127.0.0.1:8480\" or \"/path/to/socket\""
    )]
    Nowhere,
    /// What systemd handed over cannot be used.
    #[error("the socket {SOCKET:?} of systemd cannot be used: {0}")]
    Given(io::Error),
}

/// The listener; it ends when dropped.
#[derive(Debug)]
pub struct Listener {
    serving: AbortHandle,
    ended: Mutex<Option<JoinHandle<()>>>,
}

enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Listens, and answers what comes.
    ///
    /// # Errors
    ///
    /// [`ListenerError`] says what to write instead.
    pub(crate) async fn open(
        listen: &Listen,
        daemon: &Daemon,
        desk: Arc<Desk>,
    ) -> Result<Listener, ListenerError> {
        let door = Door::open(listen, daemon).await?;
        let serving = tokio::spawn(serve(door, desk));
        Ok(Listener { serving: serving.abort_handle(), ended: Mutex::new(Some(serving)) })
    }

    /// Ends it, and gives its address back before this is over: the next one may want the same.
    pub(crate) async fn close(&self) {
        self.serving.abort();
        let ended = self.ended.lock().take();
        if let Some(ended) = ended {
            // That it was ended is the one way for it to end.
            drop(ended.await);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Door {
    async fn open(listen: &Listen, daemon: &Daemon) -> Result<Door, ListenerError> {
        let failed = |address: String| move |source| ListenerError::Bind { address, source };
        match listen {
            Listen::Tcp(address) => {
                TcpListener::bind(address).await.map(Door::Tcp).map_err(failed(address.to_string()))
            }
            Listen::Unix(path) => {
                bind(path).await.map(Door::Unix).map_err(failed(path.display().to_string()))
            }
            Listen::Given => match daemon.socket(SOCKET).map_err(ListenerError::Given)? {
                Some(OwnSocket::Tcp(listener)) => {
                    TcpListener::from_std(listener).map(Door::Tcp).map_err(ListenerError::Given)
                }
                Some(OwnSocket::Unix(listener)) => {
                    UnixListener::from_std(listener).map(Door::Unix).map_err(ListenerError::Given)
                }
                None => Err(ListenerError::Nowhere),
            },
        }
    }
}

/// Binds a path; a socket that a dead process left behind is replaced. Who may connect is decided by directory and umask.
async fn bind(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let stale = UnixStream::connect(path).await.is_err()
                && std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
            if !stale {
                return Err(error);
            }
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

async fn serve(door: Door, desk: Arc<Desk>) {
    let places = Arc::new(Semaphore::new(limits::MAX_CONNECTIONS));
    // They end with the listener.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // It is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let desk = desk.clone();
        let accepted = match &door {
            Door::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                connections.spawn(async move {
                    let _place = place;
                    speak(stream, desk).await;
                });
            }),
            Door::Unix(listener) => listener.accept().await.map(|(stream, _)| {
                connections.spawn(async move {
                    let _place = place;
                    speak(stream, desk).await;
                });
            }),
        };
        if let Err(error) = accepted {
            tracing::warn!(%error, "a connection could not be taken");
            tokio::time::sleep(BREATH).await;
        }
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, desk: Arc<Desk>) {
    let service = service_fn(|request| {
        let desk = desk.clone();
        async move { Ok::<_, Infallible>(desk.answer(request).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // It runs from the connection, or the last answer: an idle connection ends by it, too.
        .header_read_timeout(limits::HEAD)
        .max_headers(limits::MAX_HEAD_LINES)
        .max_buf_size(limits::MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if served.is_err() {
        // What is wrong with it could quote what was sent.
        tracing::debug!("a connection ended early");
    }
}
