//! Takes the unix socket on which the daemon connects, and turns away who is not the daemon.

use std::io;
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
    /// The service manager handed over more than one socket.
    #[error("one socket is served, and {0} were handed over (LISTEN_FDS)")]
    TooMany(usize),
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

/// Returns the socket that systemd handed over (sd_listen_fds(3)), if any.
///
/// Its file belongs to the daemon's user (`SocketUser=`), so whoever owns it is who may connect, even where its mode
/// lets others.
pub(crate) fn inherited() -> Result<Option<Door>, ListenError> {
    let mut handed_over = ListenFd::from_env();
    match handed_over.len() {
        0 => return Ok(None),
        1 => {}
        many => return Err(ListenError::TooMany(many)),
    }
    let Some(listener) = handed_over.take_unix_listener(0).map_err(ListenError::Inherited)? else {
        return Ok(None);
    };
    listener.set_nonblocking(true).map_err(ListenError::Inherited)?;
    let only = owner(&listener).map_err(ListenError::Inherited)?;
    let listener = UnixListener::from_std(listener).map_err(ListenError::Inherited)?;
    Ok(Some(Door { listener, only: Some(only) }))
}

fn owner(listener: &std::os::unix::net::UnixListener) -> io::Result<u32> {
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
