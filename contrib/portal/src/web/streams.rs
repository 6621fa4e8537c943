//! How many answers may stay open at once: pages that are shown live hold a connection each.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::ClientAddress;
use crate::limits;
use crate::secret::Secret;

/// The open streams, counted in total, by browser and by network.
#[derive(Clone, Default)]
pub(crate) struct Streams {
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    total: usize,
    browsers: HashMap<String, usize>,
    networks: HashMap<IpAddr, usize>,
}

/// The right to one open stream, given back when it is dropped.
pub(crate) struct Ticket {
    streams: Streams,
    browser: String,
    network: Option<IpAddr>,
}

impl Streams {
    /// Counts one more stream; none where there are too many. A page that gets none looks again by itself.
    pub(crate) fn open(&self, browser: &Secret, client: ClientAddress) -> Option<Ticket> {
        let browser = browser.derive("streams").expose().to_owned();
        let network = client.0.map(network);
        let mut open = self.open.lock();
        let of_browser = open.browsers.get(&browser).copied().unwrap_or_default();
        let of_network = network.and_then(|network| open.networks.get(&network).copied()).unwrap_or_default();
        if open.total >= limits::STREAMS
            || of_browser >= limits::STREAMS_PER_BROWSER
            || of_network >= limits::STREAMS_PER_NETWORK
        {
            return None;
        }
        open.total += 1;
        *open.browsers.entry(browser.clone()).or_default() += 1;
        if let Some(network) = network {
            *open.networks.entry(network).or_default() += 1;
        }
        Some(Ticket { streams: self.clone(), browser, network })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock();
        open.total = open.total.saturating_sub(1);
        less(&mut open.browsers, &self.browser);
        if let Some(network) = self.network {
            less(&mut open.networks, &network);
        }
    }
}

fn less<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// Who has one address of IPv6 has the whole /64 of it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> ClientAddress {
        ClientAddress(Some(address.parse().unwrap()))
    }

    #[test]
    fn a_browser_has_a_few_and_gets_back_what_it_closes() {
        let streams = Streams::default();
        let browser = Secret::new("one");
        let open = || streams.open(&browser, client("192.0.2.1"));
        let mut held: Vec<_> = (0..limits::STREAMS_PER_BROWSER).map(|_| open().unwrap()).collect();
        assert!(open().is_none());
        assert!(streams.open(&Secret::new("two"), client("192.0.2.1")).is_some());
        held.pop();
        assert!(open().is_some());
        drop(held);
        let left = streams.open.lock();
        assert_eq!((left.total, left.browsers.len(), left.networks.len()), (0, 0, 0));
    }

    #[test]
    fn a_network_has_its_share_however_many_browsers_it_claims_to_be() {
        let streams = Streams::default();
        let open = |at: usize, address: &str| streams.open(&Secret::new(at.to_string()), client(address));
        let held: Vec<_> = (0..limits::STREAMS_PER_NETWORK)
            .map(|at| open(at, &format!("2001:db8::{at:x}")).unwrap())
            .collect();
        assert!(open(0, "2001:db8::ffff").is_none());
        assert!(open(0, "2001:db8:0:1::1").is_some());
        drop(held);
        assert!(open(0, "2001:db8::ffff").is_some());
    }

    #[test]
    fn there_is_an_end_in_total() {
        let streams = Streams::default();
        let held: Vec<_> = (0..limits::STREAMS)
            .map(|at| streams.open(&Secret::new(at.to_string()), ClientAddress(None)).unwrap())
            .collect();
        assert!(streams.open(&Secret::new("more"), ClientAddress(None)).is_none());
        drop(held);
    }
}
