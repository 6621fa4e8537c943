//! Who is told what happens: nobody but the connections that may know, and never by a broadcast.
//!
//! The id of a case is what lets a front end act in it, so those are told of its changes that have shown to know it.
//! Staff are told what they asked for by a method that polkit let them call.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use readmit_recovery::id::CaseId;

use super::limits::{CASES_WATCHED, STAFF_WATCHING, WATCHERS_PER_CASE};

#[derive(Default)]
pub(super) struct Watchers {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_case: HashMap<CaseId, Vec<String>>,
    order: VecDeque<CaseId>,
}

impl Watchers {
    /// Remembers that this connection knows the case.
    pub(super) fn add(&self, case: &CaseId, connection: &str) {
        let mut known = self.known.lock();
        if !known.by_case.contains_key(case) {
            if known.order.len() >= CASES_WATCHED
                && let Some(oldest) = known.order.pop_front()
            {
                known.by_case.remove(&oldest);
            }
            known.order.push_back(case.clone());
        }
        let watchers = known.by_case.entry(case.clone()).or_default();
        if watchers.iter().any(|watcher| watcher == connection) {
            return;
        }
        if watchers.len() >= WATCHERS_PER_CASE {
            watchers.remove(0);
        }
        watchers.push(connection.to_owned());
    }

    /// The connections that know the case.
    pub(super) fn of(&self, case: &CaseId) -> Vec<String> {
        self.known.lock().by_case.get(case).cloned().unwrap_or_default()
    }
}

/// The connections of staff, by what they asked to be told.
#[derive(Default)]
pub(super) struct Listeners {
    /// Every case, under its handle.
    pub(super) cases: Staff,
    /// What comes into force, waits, or is refused.
    pub(super) policies: Staff,
    /// Every alert.
    pub(super) alerts: Staff,
}

/// Connections of staff that asked to be told the same.
///
/// Names of connections are never given out twice, so one that is gone is told nothing, and nobody else in its place.
#[derive(Default)]
pub(super) struct Staff {
    connections: Mutex<VecDeque<String>>,
}

impl Staff {
    /// Remembers a connection; of too many, the one that asked first is told no more.
    pub(super) fn add(&self, connection: &str) {
        let mut connections = self.connections.lock();
        connections.retain(|known| known != connection);
        if connections.len() >= STAFF_WATCHING {
            connections.pop_front();
        }
        connections.push_back(connection.to_owned());
    }

    /// Every connection that asked.
    pub(super) fn all(&self) -> Vec<String> {
        self.connections.lock().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_staff_are_told() {
        let staff = Staff::default();
        for number in 0..=STAFF_WATCHING {
            staff.add(&format!(":1.{number}"));
            staff.add(":1.1");
        }
        let told = staff.all();
        assert_eq!(told.len(), STAFF_WATCHING);
        assert!(told.contains(&":1.1".to_owned()) && !told.contains(&":1.0".to_owned()));
    }

    #[test]
    fn the_latest_connections_of_a_case_are_told() {
        let watchers = Watchers::default();
        let case = CaseId::from_random([1; 16]);
        for number in 0..=WATCHERS_PER_CASE {
            watchers.add(&case, &format!(":1.{number}"));
            watchers.add(&case, &format!(":1.{number}"));
        }
        let told = watchers.of(&case);
        assert_eq!(told.len(), WATCHERS_PER_CASE);
        assert_eq!(told.first().map(String::as_str), Some(":1.1"));
        assert!(watchers.of(&CaseId::from_random([2; 16])).is_empty());
    }
}
