//! Which addresses a trunk's name has: by its service records (RFC 2782, as RFC 3263 uses them) where no port is
//! written, and else by its address records.
//!
//! There is no NAPTR look-up: the transport is the one that is written.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use domain::base::Name;
use domain::resolv::StubResolver;
use domain::resolv::stub::conf::{ResolvConf, ServerConf, Transport as Over};
use tokio::net::lookup_host;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::limits;
use crate::trunk::{Transport, Trunk};

/// Asks the system's name servers, or those of the settings.
pub struct Resolver {
    servers: Vec<SocketAddr>,
    stub: OnceCell<StubResolver>,
}

/// Why a name leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name has no address, or the name servers do not answer.
    #[error("the name cannot be looked up")]
    Unknown,
    /// The service record says that there is no such service.
    #[error("its service record says that it offers no such transport")]
    NoService,
    /// There are only addresses that the local one cannot reach.
    #[error("the name has no address of our kind (IPv4 or IPv6)")]
    Family,
    /// The look-up took too long.
    #[error("the name servers did not answer in time")]
    Late,
}

impl Resolver {
    /// With the system's name servers if `servers` is empty.
    pub fn new(servers: &[SocketAddr]) -> Resolver {
        Resolver { servers: servers.to_vec(), stub: OnceCell::new() }
    }

    /// The addresses of a trunk, the preferred first.
    ///
    /// # Errors
    ///
    /// [`ResolveError`] if there is none.
    pub async fn addresses(&self, trunk: &Trunk) -> Result<Vec<SocketAddr>, ResolveError> {
        if let Ok(ip) = trunk.host().parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, trunk.port())]);
        }
        timeout(limits::RESOLVE, self.look_up(trunk)).await.map_err(|_| ResolveError::Late)?
    }

    async fn look_up(&self, trunk: &Trunk) -> Result<Vec<SocketAddr>, ResolveError> {
        if trunk.written_port().is_some() || is_special(trunk.host()) {
            return self.hosts(trunk.host(), trunk.port()).await;
        }
        let mut found = Vec::new();
        for (host, port) in self.services(trunk).await? {
            // One target without an address leaves the others.
            found.extend(self.hosts(&host, port).await.unwrap_or_default());
        }
        found.truncate(limits::MAX_ADDRESSES);
        if found.is_empty() { Err(ResolveError::Unknown) } else { Ok(found) }
    }

    /// The targets of the service records in the order to try them, or the name itself without any.
    async fn services(&self, trunk: &Trunk) -> Result<Vec<(String, u16)>, ResolveError> {
        let itself = || vec![(trunk.host().to_owned(), trunk.port())];
        let service = match trunk.transport() {
            Transport::Udp => "_sip._udp",
            Transport::Tcp => "_sip._tcp",
            Transport::Tls => "_sips._tcp",
        };
        let (Ok(service), Ok(name)) = (
            domain::base::RelativeName::<Vec<u8>>::from_str(service),
            Name::<Vec<u8>>::from_str(trunk.host()),
        ) else {
            return Err(ResolveError::Unknown);
        };
        // Half of the time for these, so that names which are only in the hosts file are found without servers.
        let asked = self.stub().await.lookup_srv(service, name, trunk.port());
        match timeout(limits::RESOLVE / 2, asked).await {
            Ok(Ok(Some(found))) => Ok(found
                .into_srvs()
                .take(limits::MAX_ADDRESSES)
                .map(|record| (record.target().to_string(), record.port()))
                .collect()),
            Ok(Ok(None)) => Err(ResolveError::NoService),
            Ok(Err(_)) | Err(_) => Ok(itself()),
        }
    }

    async fn hosts(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        let found: Vec<IpAddr> = if self.servers.is_empty() {
            let found = lookup_host((host, port)).await.map_err(|_| ResolveError::Unknown)?;
            found.map(|address| address.ip()).collect()
        } else {
            let name = Name::<Vec<u8>>::from_str(host).map_err(|_| ResolveError::Unknown)?;
            let found = self.stub().await.lookup_host(&name).await.map_err(|_| ResolveError::Unknown)?;
            found.iter().collect()
        };
        let mut addresses = Vec::new();
        for ip in found.into_iter().take(limits::MAX_ADDRESSES) {
            let address = SocketAddr::new(ip, port);
            if port != 0 && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(ResolveError::Unknown) } else { Ok(addresses) }
    }

    async fn stub(&self) -> &StubResolver {
        let make = || async {
            if self.servers.is_empty() {
                return StubResolver::new();
            }
            let mut conf = ResolvConf::new();
            conf.servers = self.servers.iter().map(|server| ServerConf::new(*server, Over::UdpTcp)).collect();
            conf.finalize();
            StubResolver::from_conf(conf)
        };
        self.stub.get_or_init(make).await
    }
}

/// Names that no name server knows by definition (RFC 6761), and those without a dot, which are the hosts file's.
fn is_special(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    !host.contains('.') || host.ends_with(".localhost") || host.ends_with(".invalid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_server_is_asked_for() {
        for (host, special) in [
            ("localhost", true),
            ("pbx", true),
            ("trunk.invalid", true),
            ("trunk.INVALID.", true),
            ("sip.example.org", false),
            ("invalid.example", false),
        ] {
            assert_eq!(is_special(host), special, "{host}");
        }
    }
}
