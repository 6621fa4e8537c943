//! Sockets: those that are configured, and those that systemd passes.

use std::fs::Permissions;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use nix::unistd::{Group, User};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::ServerError;
use crate::config::{Listen, Socket};

/// What connections come in by.
pub(super) enum Listener {
    Tcp(TcpListener, SocketAddr),
    /// The file goes with the listener, where the portal made it.
    Unix {
        listener: UnixListener,
        _file: Option<SocketFile>,
    },
}

/// One connection.
pub(super) enum Stream {
    Tcp(TcpStream, IpAddr),
    Unix(UnixStream),
}

/// A socket in the file system; the file goes when this is dropped, if it is still the same.
pub(super) struct SocketFile {
    path: PathBuf,
    made: Made,
}

/// What tells a file from another that has its number after it: device, number, and when it was made what it is.
type Made = (u64, u64, i64, i64);

impl Listener {
    /// Listens there.
    ///
    /// # Errors
    /// [`ServerError::Listen`] or [`ServerError::NoSuch`].
    pub(super) async fn bind(listen: &Listen, socket: &Socket) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Listen { address: listen.to_string(), source };
        match listen {
            Listen::Tcp(address) => {
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let bound = listener.local_addr().map_err(failed)?;
                Ok(Self::Tcp(listener, bound))
            }
            Listen::Unix(path) => {
                let (owner, group) = (user(socket)?, group(socket)?);
                bind_file(path, socket.mode, owner, group).map_err(failed)
            }
        }
    }

    /// The sockets that systemd passes (sd_listen_fds(3)).
    ///
    /// # Errors
    /// [`ServerError::Inherited`]: one is no socket that connections come in by.
    pub(super) fn inherited() -> Result<Vec<Self>, ServerError> {
        let mut passed = ListenFd::from_env();
        (0..passed.len()).map(|n| take(&mut passed, n).map_err(ServerError::Inherited)).collect()
    }

    /// Where it listens, as a configuration would say it.
    pub(super) fn place(&self) -> Listen {
        match self {
            Self::Tcp(_, address) => Listen::Tcp(*address),
            Self::Unix { listener, .. } => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                Listen::Unix(path.unwrap_or(Path::new("")).to_owned())
            }
        }
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are written whole.
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream, peer.ip().to_canonical()))
            }
            Self::Unix { listener, .. } => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if made(&self.path).is_ok_and(|found| found == self.made) {
            // Whoever starts next removes what nobody listens on.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn take(passed: &mut ListenFd, n: usize) -> io::Result<Listener> {
    if let Ok(Some(listener)) = passed.take_unix_listener(n) {
        listener.set_nonblocking(true)?;
        return Ok(Listener::Unix { listener: UnixListener::from_std(listener)?, _file: None });
    }
    let listener = passed.take_tcp_listener(n)?.ok_or(io::ErrorKind::NotFound)?;
    listener.set_nonblocking(true)?;
    let bound = listener.local_addr()?;
    Ok(Listener::Tcp(TcpListener::from_std(listener)?, bound))
}

/// Makes the socket under another name, so that nobody finds it before it has its owner and mode.
fn bind_file(path: &Path, mode: u32, owner: Option<u32>, group: Option<u32>) -> io::Result<Listener> {
    remove_stale(path)?;
    let mut making = path.as_os_str().to_owned();
    making.push(format!(".{}", std::process::id()));
    let making = PathBuf::from(making);
    let _ = std::fs::remove_file(&making);
    let listener = StdUnixListener::bind(&making)?;
    let finished = finish(&making, path, mode, owner, group);
    let file = finished.inspect_err(|_| drop(std::fs::remove_file(&making)))?;
    listener.set_nonblocking(true)?;
    Ok(Listener::Unix { listener: UnixListener::from_std(listener)?, _file: Some(file) })
}

fn finish(
    making: &Path,
    path: &Path,
    mode: u32,
    owner: Option<u32>,
    group: Option<u32>,
) -> io::Result<SocketFile> {
    if owner.is_some() || group.is_some() {
        std::os::unix::fs::lchown(making, owner, group)?;
    }
    std::fs::set_permissions(making, Permissions::from_mode(mode))?;
    std::fs::rename(making, path)?;
    Ok(SocketFile { path: path.to_owned(), made: made(path)? })
}

fn made(path: &Path) -> io::Result<Made> {
    let found = std::fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
}

/// Removes a socket on which nobody listens any more; anything else stays.
fn remove_stale(path: &Path) -> io::Result<()> {
    let found = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"));
    }
    match StdUnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => Err(error),
    }
}

fn user(socket: &Socket) -> Result<Option<u32>, ServerError> {
    let Some(name) = &socket.owner else { return Ok(None) };
    let no_such = || ServerError::NoSuch { key: "socket.owner", name: name.clone() };
    let found = User::from_name(name).ok().flatten().ok_or_else(no_such)?;
    Ok(Some(found.uid.as_raw()))
}

fn group(socket: &Socket) -> Result<Option<u32>, ServerError> {
    let Some(name) = &socket.group else { return Ok(None) };
    let no_such = || ServerError::NoSuch { key: "socket.group", name: name.clone() };
    let found = Group::from_name(name).ok().flatten().ok_or_else(no_such)?;
    Ok(Some(found.gid.as_raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket() -> Socket {
        Socket { mode: 0o600, ..Socket::default() }
    }

    #[tokio::test]
    async fn a_socket_that_nobody_listens_on_is_replaced_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("portal.sock");
        let listen = Listen::Unix(path.clone());
        let first = Listener::bind(&listen, &socket()).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let error = Listener::bind(&listen, &socket()).await.err().unwrap();
        assert!(
            matches!(error, ServerError::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
        );
        // As after a power cut: the file is there, and nobody listens.
        let Listener::Unix { listener, _file: Some(file) } = first else {
            panic!("a socket in the file system")
        };
        drop(listener);
        let second = Listener::bind(&listen, &socket()).await.unwrap();
        // The first one's end does not take the second one's file with it.
        drop(file);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[tokio::test]
    async fn what_is_no_socket_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes");
        std::fs::write(&path, "mine").unwrap();
        let error = Listener::bind(&Listen::Unix(path.clone()), &socket()).await.err().unwrap();
        assert!(matches!(error, ServerError::Listen { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }

    #[tokio::test]
    async fn an_owner_that_there_is_not_is_named() {
        let listen = Listen::Unix("/nowhere/portal.sock".into());
        let socket = Socket { group: Some("no-such-group".to_owned()), ..Socket::default() };
        let error = Listener::bind(&listen, &socket).await.err().unwrap();
        assert!(error.to_string().contains("socket.group"), "{error}");
    }
}
