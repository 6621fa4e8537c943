//! How many connections there may be: in total, and from one client's network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Network;

/// Who may come in. Cheap to clone.
#[derive(Clone)]
pub(super) struct Admission {
    places: Arc<Semaphore>,
    per_client: usize,
    clients: Arc<Mutex<HashMap<Network, usize>>>,
}

/// A place of all; free again when dropped.
pub(super) type Place = OwnedSemaphorePermit;

/// A place of one client; free again when dropped.
pub(super) struct Ticket {
    network: Network,
    clients: Arc<Mutex<HashMap<Network, usize>>>,
}

impl Admission {
    pub(super) fn new(total: usize, per_client: usize) -> Self {
        let places = total.min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), per_client, clients: Arc::default() }
    }

    /// Waits for a place.
    pub(super) async fn place(&self) -> Option<Place> {
        // It is never closed.
        self.places.clone().acquire_owned().await.ok()
    }

    /// Lets a client in, if it has not as many connections as it may have. There are no more entries than places.
    pub(super) fn ticket(&self, client: IpAddr) -> Option<Ticket> {
        let network = Network::of_client(client);
        let mut clients = self.clients.lock();
        let count = clients.entry(network).or_default();
        if *count >= self.per_client {
            return None;
        }
        *count += 1;
        Some(Ticket { network, clients: self.clients.clone() })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut clients = self.clients.lock();
        if let Some(count) = clients.get_mut(&self.network) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                clients.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_so_many_places_and_gets_them_back() {
        let admission = Admission::new(10, 2);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let first = admission.ticket(one).unwrap();
        let _second = admission.ticket(one).unwrap();
        assert!(admission.ticket(one).is_none());
        assert!(admission.ticket(other).is_some(), "another client is not concerned");
        drop(first);
        assert!(admission.ticket(one).is_some());
        assert_eq!(admission.clients.lock().len(), 1, "only who is connected is remembered");
    }

    #[tokio::test]
    async fn there_are_so_many_places_in_total() {
        let admission = Admission::new(1, 2);
        let place = admission.place().await;
        assert_eq!(admission.places.available_permits(), 0);
        drop(place);
        assert!(admission.place().await.is_some());
    }
}
