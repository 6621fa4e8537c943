//! How often each client may do something: a bucket a client, in a table that does not grow without end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::config::Network;
use crate::limits;

/// So many in a minute, each client; a minute's worth may come at once.
///
/// Of each bucket only the time is kept at which it will be full again (the generic cell rate algorithm, ITU-T I.371
/// §A.1). A full bucket is one that need not be kept.
pub(super) struct Rates {
    /// From one to the next.
    every: Duration,
    most: Duration,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    full_at: HashMap<Network, Instant>,
    /// The bucket of all who found no place in a table that is full: nobody is put out of it for their sake.
    others: Option<Instant>,
}

impl Rates {
    pub(super) fn new(per_minute: u32) -> Self {
        let minute = Duration::from_secs(60);
        Self { every: minute / per_minute.max(1), most: minute, table: Mutex::default() }
    }

    /// Takes one from the client's bucket.
    ///
    /// # Errors
    /// It is empty; there will be one after this time.
    pub(super) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let client = Network::of_client(client);
        let mut table = self.table.lock();
        if table.full_at.len() >= limits::CLIENTS && !table.full_at.contains_key(&client) {
            table.full_at.retain(|_, full_at| *full_at > now);
        }
        if table.full_at.len() >= limits::CLIENTS && !table.full_at.contains_key(&client) {
            let full_at = self.after_one(table.others, now)?;
            table.others = Some(full_at);
        } else {
            let full_at = self.after_one(table.full_at.get(&client).copied(), now)?;
            table.full_at.insert(client, full_at);
        }
        Ok(())
    }

    fn after_one(&self, full_at: Option<Instant>, now: Instant) -> Result<Instant, Duration> {
        let full_at = full_at.map_or(now, |full_at| full_at.max(now)) + self.every;
        match (full_at - now).checked_sub(self.most) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(full_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn a_minute_s_worth_at_once_and_then_as_time_goes() {
        let rates = Rates::new(3);
        let now = Instant::now();
        let taken = |after: u64| rates.take(client(1), now + Duration::from_secs(after));
        assert_eq!([taken(0), taken(0), taken(0)], [Ok(()); 3]);
        assert_eq!(taken(0), Err(Duration::from_secs(20)));
        assert_eq!(taken(19), Err(Duration::from_secs(1)));
        assert_eq!(taken(20), Ok(()));
        assert_eq!(taken(20), Err(Duration::from_secs(20)));
        assert_eq!(rates.take(client(2), now), Ok(()), "another client is not concerned");
    }

    #[test]
    fn the_table_is_bounded_and_a_crowd_puts_nobody_out_of_it() {
        let rates = Rates::new(2);
        let now = Instant::now();
        let crowd = u32::try_from(limits::CLIENTS).unwrap();
        assert_eq!([rates.take(client(0), now), rates.take(client(0), now)], [Ok(()); 2]);
        for number in 1..crowd {
            assert_eq!(rates.take(client(number), now), Ok(()));
        }
        assert_eq!(rates.table.lock().full_at.len(), limits::CLIENTS);
        // Newcomers share what one client has.
        let newcomers = [1, 2, 3].map(|number| rates.take(client(crowd + number), now).is_ok());
        assert_eq!(newcomers, [true, true, false]);
        assert!(rates.take(client(0), now).is_err(), "who had too much still had too much");
        assert_eq!(rates.table.lock().full_at.len(), limits::CLIENTS);
        // When the crowd is gone there is room again.
        let later = now + Duration::from_secs(60);
        assert_eq!(rates.take(client(crowd + 9), later), Ok(()));
        assert_eq!(rates.table.lock().full_at.len(), 1);
    }
}
