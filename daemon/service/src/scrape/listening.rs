//! The sockets: those that are configured, and the one that systemd passes.

use std::fs::Permissions;
use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream};
use std::path::{Path, PathBuf};

use nix::unistd::Group;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::ScrapeError;
use crate::config::{Metrics, MetricsListen};
use crate::inherited::{Inherited, Socket};

/// The name under which systemd passes it: `FileDescriptorName=`.
const NAME: &str = "metrics";

/// A socket that is open, and on which nobody is let in yet.
pub(super) struct Bound {
    socket: Socket,
    file: Option<SocketFile>,
}

/// What connections come in by.
pub(super) enum Listener {
    Tcp(TcpListener),
    /// The file goes with the listener, where the daemon made it.
    Unix {
        listener: UnixListener,
        _file: Option<SocketFile>,
    },
}

/// One connection.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A socket's file.
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Whoever starts next removes what nobody listens on.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Bound {
    /// Where it is, as the configuration would say it.
    pub(super) fn place(&self) -> String {
        match (&self.socket, &self.file) {
            (_, Some(file)) => format!("unix:{}", file.0.display()),
            (Socket::Tcp(listener), None) => {
                listener.local_addr().map_or_else(|_| NAME.to_owned(), |address| address.to_string())
            }
            (Socket::Unix(listener), None) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                format!("unix:{}", path.unwrap_or(Path::new("")).display())
            }
        }
    }

    /// Lets connections in, in the runtime that it is called in.
    pub(super) fn listen(self) -> io::Result<Listener> {
        Ok(match self.socket {
            Socket::Tcp(listener) => Listener::Tcp(TcpListener::from_std(listener)?),
            Socket::Unix(listener) => {
                Listener::Unix { listener: UnixListener::from_std(listener)?, _file: self.file }
            }
        })
    }
}

impl Listener {
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| Stream::Tcp(stream)),
            Self::Unix { listener, .. } => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

pub(super) fn open(config: &Metrics, inherited: &mut Inherited) -> Result<Vec<Bound>, ScrapeError> {
    let passed = inherited.take(NAME);
    match &config.listen {
        MetricsListen::Off => Ok(Vec::new()),
        MetricsListen::Systemd => passed.into_iter().map(take).collect(),
        MetricsListen::Tcp(address) => bind(*address).map(|bound| vec![bound]),
        MetricsListen::Unix(path) => file(path, config.group.as_deref()).map(|bound| vec![bound]),
    }
}

fn take(socket: Socket) -> Result<Bound, ScrapeError> {
    let failed = |source| ScrapeError::Listen { address: "what systemd passed".to_owned(), source };
    match &socket {
        Socket::Tcp(listener) => {
            let bound = listener.local_addr().map_err(failed)?;
            if !bound.ip().to_canonical().is_loopback() {
                return Err(ScrapeError::Exposed(bound));
            }
            listener.set_nonblocking(true).map_err(failed)?;
        }
        Socket::Unix(listener) => listener.set_nonblocking(true).map_err(failed)?,
    }
    Ok(Bound { socket, file: None })
}

fn bind(address: SocketAddr) -> Result<Bound, ScrapeError> {
    let failed = |source| ScrapeError::Listen { address: address.to_string(), source };
    let listener = StdTcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(Bound { socket: Socket::Tcp(listener), file: None })
}

/// A socket for the daemon's user, and for a group if one is named.
fn file(path: &Path, group: Option<&str>) -> Result<Bound, ScrapeError> {
    let group = match group {
        None => None,
        Some(name) => {
            let found = Group::from_name(name).ok().flatten();
            Some(found.ok_or_else(|| ScrapeError::NoSuchGroup(name.to_owned()))?.gid.as_raw())
        }
    };
    let failed = |source| ScrapeError::Listen { address: format!("unix:{}", path.display()), source };
    make_file(path, group).map_err(failed)
}

/// Makes the socket under another name, so that nobody finds it before it has its group and mode.
fn make_file(path: &Path, group: Option<u32>) -> io::Result<Bound> {
    remove_stale(path)?;
    let mut making = path.as_os_str().to_owned();
    making.push(format!(".{}", std::process::id()));
    let making = PathBuf::from(making);
    let _ = std::fs::remove_file(&making);
    let listener = StdUnixListener::bind(&making)?;
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    let finished = std::os::unix::fs::lchown(&making, None, group)
        .and_then(|()| std::fs::set_permissions(&making, Permissions::from_mode(mode)))
        .and_then(|()| std::fs::rename(&making, path));
    finished.inspect_err(|_| drop(std::fs::remove_file(&making)))?;
    listener.set_nonblocking(true)?;
    Ok(Bound { socket: Socket::Unix(listener), file: Some(SocketFile(path.to_owned())) })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: MetricsListen) -> Metrics {
        Metrics { listen, group: None }
    }

    #[test]
    fn a_socket_is_its_owners_and_goes_with_the_daemon() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.sock");
        let config = config(MetricsListen::Unix(path.clone()));
        let first = open(&config, &mut Inherited::none()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let error = open(&config, &mut Inherited::none()).err().unwrap();
        assert!(
            matches!(error, ScrapeError::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
        );
        drop(first);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        // As after a power cut, and what is no socket at all.
        drop(StdUnixListener::bind(&path).unwrap());
        drop(open(&config, &mut Inherited::none()).unwrap());
        std::fs::write(&path, "mine").unwrap();
        assert!(open(&config, &mut Inherited::none()).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_group_may_be_let_in_and_one_that_there_is_not_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.sock");
        let own = Group::from_gid(nix::unistd::getgid()).unwrap().unwrap().name;
        let for_group = |group: &str| Metrics {
            listen: MetricsListen::Unix(path.clone()),
            group: Some(group.to_owned()),
        };
        let _open = open(&for_group(&own), &mut Inherited::none()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        let error = open(&for_group("no-such-group"), &mut Inherited::none()).err().unwrap();
        assert!(error.to_string().contains("metrics.group"), "{error}");
    }
}
