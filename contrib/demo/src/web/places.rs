//! The ports of one demonstration: for its own page, for the portal, for the browser on the telephone.
//!
//! Browsers ask for `localhost` at `::1` first. So that nobody else on the machine answers there, the same ports are
//! taken on it too, without listening: browsers are refused, and go on to `127.0.0.1`.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};

use crate::limits;

/// Why there are no ports.
#[derive(Debug, Error)]
pub enum NoPlace {
    /// A port is taken.
    #[error("the ports {port} to {} cannot all be listened on; choose another --port", port.saturating_add(2))]
    Taken {
        /// The first of them.
        port: u16,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// None is free.
    #[error("no free port was found")]
    None(#[source] io::Error),
}

/// A port that is taken on both loopback addresses.
#[derive(Debug)]
struct Place {
    listener: TcpListener,
    reserved: Option<TcpSocket>,
    url: String,
}

/// Where everything is.
#[derive(Debug)]
pub struct Places {
    stage: Place,
    browser: Place,
    portal: SocketAddr,
    portal_url: String,
    portal_reserved: Option<TcpSocket>,
}

/// What holds ports, and must be kept for as long as they are used.
#[derive(Debug)]
pub struct Reserved(#[expect(dead_code, reason = "held, not read")] [Option<TcpSocket>; 3]);

impl Places {
    /// Takes this port and the two after it, or any that are free.
    ///
    /// # Errors
    /// If they are not free.
    pub async fn take(port: Option<u16>) -> Result<Self, NoPlace> {
        match port {
            None => Self::find([None; 3]).await.map_err(NoPlace::None),
            Some(port) => {
                let taken = |source| NoPlace::Taken { port, source };
                let next = |offset| port.checked_add(offset).ok_or(io::ErrorKind::AddrNotAvailable.into());
                let ports = [Some(port), Some(next(1).map_err(taken)?), Some(next(2).map_err(taken)?)];
                Self::find(ports).await.map_err(taken)
            }
        }
    }

    async fn find([stage, portal, browser]: [Option<u16>; 3]) -> io::Result<Self> {
        let (stage, browser) = (Place::take(stage).await?, Place::take(browser).await?);
        let portal = Place::take(portal).await?;
        let address = portal.listener.local_addr()?;
        // The portal binds it itself, in a moment.
        Ok(Self { stage, browser, portal: address, portal_url: portal.url, portal_reserved: portal.reserved })
    }

    /// The origin of the demonstration's own page.
    #[must_use]
    pub fn stage_url(&self) -> &str {
        &self.stage.url
    }

    /// The origin of the browser on the telephone.
    #[must_use]
    pub fn browser_url(&self) -> &str {
        &self.browser.url
    }

    /// The origin of the portal.
    #[must_use]
    pub fn portal_url(&self) -> &str {
        &self.portal_url
    }

    /// What the portal is to listen on.
    #[must_use]
    pub fn portal_address(&self) -> SocketAddr {
        self.portal
    }

    /// The listeners of the page and of the telephone's browser, and what to keep beside them.
    #[must_use]
    pub fn listeners(self) -> (TcpListener, TcpListener, Reserved) {
        let reserved = Reserved([self.stage.reserved, self.browser.reserved, self.portal_reserved]);
        (self.stage.listener, self.browser.listener, reserved)
    }
}

impl Place {
    async fn take(port: Option<u16>) -> io::Result<Self> {
        let mut tries = limits::PORT_TRIES;
        loop {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await?;
            let number = listener.local_addr()?.port();
            match reserve(number) {
                Ok(reserved) => {
                    return Ok(Self { listener, reserved, url: format!("http://localhost:{number}") });
                }
                Err(error) if port.is_some() || tries == 0 => return Err(error),
                Err(_) => tries -= 1,
            }
        }
    }
}

/// Takes the port on `::1`; there is nothing to take on a machine without it.
fn reserve(port: u16) -> io::Result<Option<TcpSocket>> {
    let Ok(socket) = TcpSocket::new_v6() else { return Ok(None) };
    match socket.bind((Ipv6Addr::LOCALHOST, port).into()) {
        Ok(()) => Ok(Some(socket)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ports_are_taken_three_at_a_time_and_not_twice() {
        let places = Places::take(None).await.unwrap();
        let urls = [places.stage_url(), places.browser_url(), places.portal_url()];
        assert!(urls.iter().all(|url| url.starts_with("http://localhost:")), "{urls:?}");
        assert!(urls[0] != urls[1] && urls[1] != urls[2] && urls[0] != urls[2], "{urls:?}");
        let port = urls[0].rsplit(':').next().unwrap().parse().unwrap();
        let again = Places::take(Some(port)).await.unwrap_err();
        assert!(again.to_string().contains("choose another --port"), "{again}");
        assert!(matches!(Places::take(Some(u16::MAX)).await, Err(NoPlace::Taken { .. })));
    }

    /// Whoever asks for `localhost` at `::1` is refused there, by us.
    #[tokio::test]
    async fn nobody_else_gets_the_port_on_the_other_loopback() {
        let places = Places::take(None).await.unwrap();
        let port = places.portal_address().port();
        if places.portal_reserved.is_some() {
            assert!(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.is_err());
            assert!(tokio::net::TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.is_err());
        }
    }
}
