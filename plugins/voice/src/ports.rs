//! The sockets of one call's audio: an even port for the audio and the next one for reports on it
//! (RFC 3550 §11).

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::UdpSocket;

/// The sockets.
#[derive(Debug)]
pub struct Port {
    /// For audio.
    pub audio: UdpSocket,
    /// For reports.
    pub reports: UdpSocket,
    address: SocketAddr,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Every port of the range is taken.
    #[error("no free port in rtp_ports")]
    NoneFree,
    /// The address cannot be used.
    #[error("the local address cannot be used for media")]
    Address(#[source] io::Error),
}

impl Port {
    /// Takes a free even port of the range and the one after it, beginning at a place that `random` picks, so
    /// that nobody can guess it.
    ///
    /// # Errors
    ///
    /// [`PortError`] if there is none.
    pub async fn take(ip: IpAddr, (first, last): (u16, u16), random: u16) -> Result<Port, PortError> {
        let first = first.saturating_add(first % 2);
        let even = last.saturating_sub(first).saturating_add(1) / 2;
        for step in 0..even {
            let port = first.saturating_add(2 * (random.wrapping_add(step) % even));
            match bind(ip, port).await {
                Ok(port) => return Ok(port),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(PortError::Address(error)),
            }
        }
        Err(PortError::NoneFree)
    }

    /// The number of the port.
    pub fn number(&self) -> u16 {
        self.address.port()
    }
}

/// Lets this process have as many sockets as it may have at all: two for each call are soon more than the 1024 files
/// that processes begin with. What cannot be raised shows as a call without a port.
pub fn allow_many() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let _as_before = setrlimit(Resource::Nofile, raised);
}

async fn bind(ip: IpAddr, port: u16) -> io::Result<Port> {
    let audio = UdpSocket::bind((ip, port)).await?;
    let reports = UdpSocket::bind((ip, port.saturating_add(1))).await?;
    let address = audio.local_addr()?;
    Ok(Port { audio, reports, address })
}
