//! Takes the unix socket on which the daemon connects, and turns away who is not the daemon.

use std::io;
use std::net::TcpListener as StdTcpListener;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use thiserror::Error;
use tokio::net::{UnixListener, UnixStream};

/// Why a socket could not be taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Another process answers there.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The path could not be bound.
    #[error("{} could not be bound", .0.display())]
    Bind(PathBuf, #[source] io::Error),
    /// What the service manager handed over is no listening unix socket.
    #[error("file descriptor 3 is no listening unix socket (LISTEN_FDS)")]
    Inherited(#[source] io::Error),
    /// The service manager handed over more than one socket for the daemon.
    #[error(
        "the daemon comes by one socket, and {0} were handed over (LISTEN_FDS): give those of the plugin's own a name, FileDescriptorName="
    )]
    TooMany(usize),
    /// A socket with a name is none that anybody comes in by.
    #[error("the socket {0} is no listening socket (LISTEN_FDNAMES)")]
    Own(String, #[source] io::Error),
}

/// A listening socket, and who may come in by it.
pub(crate) struct Door {
    listener: UnixListener,
    /// The one user, beside root and the plugin's own; none leaves it to the file system.
    only: Option<u32>,
}

impl Door {
    /// Waits for the daemon. Others are turned away.
    pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let peer = stream.peer_cred()?.uid();
            if self.lets_in(peer) {
                return Ok(stream);
            }
            tracing::warn!(uid = peer, "somebody who is not the daemon has connected, and was turned away");
        }
    }

    fn lets_in(&self, peer: u32) -> bool {
        let own = rustix::process::geteuid().as_raw();
        self.only.is_none_or(|only| [only, own, 0].contains(&peer))
    }
}

/// Binds `path`; a socket that a dead process left behind is replaced.
///
/// Who may connect is decided by the directory and the umask.
pub(crate) async fn bind(path: &Path) -> Result<Door, ListenError> {
    Ok(Door { listener: bind_listener(path).await?, only: None })
}

async fn bind_listener(path: &Path) -> Result<UnixListener, ListenError> {
    let failed = |error| ListenError::Bind(path.to_owned(), error);
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            match UnixStream::connect(path).await {
                Ok(_) => return Err(ListenError::InUse(path.to_owned())),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused && is_socket(path) => {
                    std::fs::remove_file(path).map_err(failed)?;
                }
                Err(_) => return Err(failed(error)),
            }
            UnixListener::bind(path).map_err(failed)
        }
        bound => bound.map_err(failed),
    }
}

/// A listening socket of a plugin's own, which systemd handed over beside that of the daemon.
#[derive(Debug)]
pub enum OwnSocket {
    /// In the file system.
    Unix(StdUnixListener),
    /// A port of the network.
    Tcp(StdTcpListener),
}

impl OwnSocket {
    /// Returns the same socket once more.
    ///
    /// # Errors
    /// Fails if the process has no file descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Unix(listener) => listener.try_clone().map(Self::Unix),
            Self::Tcp(listener) => listener.try_clone().map(Self::Tcp),
        }
    }
}

/// The sockets of a plugin's own, by their names.
pub(crate) type OwnSockets = Vec<(String, OwnSocket)>;

/// What systemd handed over.
#[derive(Default)]
pub(crate) struct Inherited {
    /// Where the daemon comes in.
    pub(crate) door: Option<Door>,
    pub(crate) own: OwnSockets,
}

/// Returns the sockets that systemd handed over (sd_listen_fds(3)): those with a name (`FileDescriptorName=`) are the
/// plugin's own, and one without is the daemon's.
///
/// The file of the latter belongs to the daemon's user (`SocketUser=`), so whoever owns it is who may connect, even
/// where its mode lets others.
pub(crate) fn inherited() -> Result<Inherited, ListenError> {
    // Read before the number of sockets is, which takes the environment away.
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut handed_over = ListenFd::from_env();
    let mut inherited = Inherited::default();
    let mut for_the_daemon = Vec::new();
    for (n, name) in names_of(&names, handed_over.len()).into_iter().enumerate() {
        match name {
            Some(name) => {
                let socket =
                    own(&mut handed_over, n).map_err(|error| ListenError::Own(name.clone(), error))?;
                inherited.own.push((name, socket));
            }
            None => for_the_daemon.push(n),
        }
    }
    match for_the_daemon.as_slice() {
        [] => {}
        [n] => inherited.door = door(&mut handed_over, *n).map_err(ListenError::Inherited)?,
        many => return Err(ListenError::TooMany(many.len())),
    }
    Ok(inherited)
}

/// The name of each socket, where it was given one: without, systemd gives it that of its unit.
fn names_of(names: &str, count: usize) -> Vec<Option<String>> {
    let named = |name: &&str| !name.is_empty() && !name.ends_with(".socket") && *name != "unknown";
    let mut names = names.split(':').map(|name| Some(name).filter(named).map(str::to_owned));
    (0..count).map(|_| names.next().flatten()).collect()
}

fn own(handed_over: &mut ListenFd, n: usize) -> io::Result<OwnSocket> {
    if let Ok(Some(listener)) = handed_over.take_unix_listener(n) {
        listener.set_nonblocking(true)?;
        return Ok(OwnSocket::Unix(listener));
    }
    let listener = handed_over.take_tcp_listener(n)?.ok_or(io::ErrorKind::NotFound)?;
    listener.set_nonblocking(true)?;
    Ok(OwnSocket::Tcp(listener))
}

fn door(handed_over: &mut ListenFd, n: usize) -> io::Result<Option<Door>> {
    let Some(listener) = handed_over.take_unix_listener(n)? else { return Ok(None) };
    listener.set_nonblocking(true)?;
    let only = owner(&listener)?;
    Ok(Some(Door { listener: UnixListener::from_std(listener)?, only: Some(only) }))
}

fn owner(listener: &StdUnixListener) -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let address = listener.local_addr()?;
    let path = address.as_pathname().ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok(std::fs::symlink_metadata(path)?.uid())
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_owner_of_a_socket_comes_in_and_root_and_oneself() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let own = rustix::process::geteuid().as_raw();
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert_eq!(owner(&listener).unwrap(), own);
        listener.set_nonblocking(true).unwrap();
        let mut door = Door { listener: UnixListener::from_std(listener).unwrap(), only: Some(4711) };
        for (peer, comes_in) in [(4711, true), (own, true), (0, true), (4712, false), (65534, false)] {
            assert_eq!(door.lets_in(peer), comes_in, "{peer}");
        }
        door.only = None;
        assert!(door.lets_in(4712), "the file system decides");
    }

    #[test]
    fn a_socket_with_a_name_is_the_plugins_own() {
        let names = |names: &str, count| names_of(names, count);
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(names("", 1), [None], "an older service manager");
        assert_eq!(names("readmit-voice.socket", 1), [None]);
        assert_eq!(names("unknown", 1), [None]);
        assert_eq!(names("x.socket:webhook", 2), [None, name("webhook")]);
        assert_eq!(names("webhook:x.socket", 2), [name("webhook"), None]);
        assert_eq!(names("a", 2), [name("a"), None]);
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_or_a_file_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let live = bind(&path).await.unwrap();
        assert!(matches!(bind(&path).await, Err(ListenError::InUse(_))));
        drop(live);
        drop(bind(&path).await.unwrap());
        let file = directory.path().join("f");
        std::fs::write(&file, "keep").unwrap();
        assert!(matches!(bind(&file).await, Err(ListenError::Bind(..))));
        assert_eq!(std::fs::read(&file).unwrap(), b"keep");
    }
}
