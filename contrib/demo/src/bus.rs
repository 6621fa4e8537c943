//! A D-Bus bus inside this process, so that the demonstration needs none on the machine.
//!
//! It enforces no policy of its own; the directory of its socket is closed to other users instead.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use futures_util::future::{Either, select};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::limits;

/// Why the bus did not come up.
#[derive(Debug, Error)]
pub enum BusError {
    /// The path does not fit into a socket's address.
    #[error(
        "the path {path:?} is longer than the {} octets that a socket's may have; use a shorter --keep",
        limits::SOCKET_PATH
    )]
    LongPath {
        /// The path.
        path: std::path::PathBuf,
    },
    /// The path would need escaping in a bus address.
    #[error(
        "the path {path:?} has characters that a bus address cannot hold; use --keep with plain letters and digits"
    )]
    OddPath {
        /// The path.
        path: std::path::PathBuf,
    },
    /// The thread could not be started.
    #[error("the bus got no thread")]
    Thread(#[source] std::io::Error),
    /// The socket could not be listened on.
    #[error("the bus could not listen: {why}")]
    Listen {
        /// What the bus said.
        why: String,
    },
    /// Nothing was heard of it.
    #[error("the bus did not come up within {} s", limits::BUS_START.as_secs())]
    TooLate,
}

/// A bus that runs on its own thread until it is dropped.
#[derive(Debug)]
pub struct EmbeddedBus {
    address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedBus {
    /// Starts a bus that listens on this socket.
    ///
    /// # Errors
    /// If it cannot listen there.
    pub fn start(socket: &Path) -> Result<Self, BusError> {
        if socket.as_os_str().len() > limits::SOCKET_PATH {
            return Err(BusError::LongPath { path: socket.to_owned() });
        }
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/.".contains(&b));
        let Some(path) = socket.to_str().filter(|path| plain(path)) else {
            return Err(BusError::OddPath { path: socket.to_owned() });
        };
        let address = format!("unix:path={path}");
        let (stop, stopped) = oneshot::channel();
        let (up, came_up) = mpsc::sync_channel(1);
        let listen_at = address.clone();
        let thread = std::thread::Builder::new()
            .name("bus".to_owned())
            .spawn(move || zruntime::block_on(run(listen_at, up, stopped)))
            .map_err(BusError::Thread)?;
        match came_up.recv_timeout(limits::BUS_START) {
            Ok(Ok(())) => Ok(Self { address, stop: Some(stop), thread: Some(thread) }),
            Ok(Err(why)) => Err(BusError::Listen { why }),
            Err(_) => Err(BusError::TooLate),
        }
    }

    /// The address to connect to.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for EmbeddedBus {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run(address: String, up: mpsc::SyncSender<Result<(), String>>, stopped: oneshot::Receiver<()>) {
    let mut bus = match busd::bus::Bus::for_address(Some(&address)).await {
        Ok(bus) => bus,
        Err(error) => {
            let _ = up.send(Err(format!("{error:#}")));
            return;
        }
    };
    let _ = up.send(Ok(()));
    {
        let running = std::pin::pin!(bus.run());
        if let Either::Left((Err(error), _)) = select(running, stopped).await {
            tracing::error!(%error, "the bus broke down");
        }
    }
    // Without its file the socket cannot be found any more; nothing else is left to clean up.
    let _ = bus.cleanup().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    #[tokio::test]
    async fn clients_find_each_other_and_the_socket_goes_with_the_bus() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("bus");
        let bus = EmbeddedBus::start(&socket).unwrap();
        let one = Client::connect(bus.address()).await.unwrap();
        let two = Client::connect(bus.address()).await.unwrap();
        one.connection.request_name("org.readmit.Test").await.unwrap();
        let peer = zbus::fdo::DBusProxy::new(&two.connection).await.unwrap();
        assert!(peer.name_has_owner("org.readmit.Test".try_into().unwrap()).await.unwrap());
        drop(bus);
        assert!(!socket.exists());
        assert!(EmbeddedBus::start(&socket).is_ok(), "the place is free again");
    }

    #[test]
    fn places_where_no_socket_can_be() {
        let directory = tempfile::tempdir().unwrap();
        let long = directory.path().join("x".repeat(limits::SOCKET_PATH));
        assert!(matches!(EmbeddedBus::start(&long), Err(BusError::LongPath { .. })));
        assert!(matches!(EmbeddedBus::start(Path::new("/tmp/a,b;c")), Err(BusError::OddPath { .. })));
        let nowhere = directory.path().join("no/such/bus");
        assert!(matches!(EmbeddedBus::start(&nowhere), Err(BusError::Listen { .. })));
    }
}
