//! What each user may take of the daemon at once and in a second, so that one front end, or anybody else who can
//! reach the bus, starves nobody.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::limits::{
    CALLS_BURST, CALLS_PER_SECOND, CALLS_PER_USER, CHECKS_BURST, CHECKS_PER_SECOND, CHECKS_PER_USER,
    DIALOGS_PER_USER, TURNS_PER_USER, USERS_REMEMBERED,
};
use crate::service::Fault;

/// What one user may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareRules {
    /// Calls worked on at once.
    pub turns: usize,
    /// Calls in hand, those that wait included.
    pub calls: usize,
    /// Calls in a second, over time.
    pub calls_per_second: u32,
    /// Calls at once after a quiet time.
    pub calls_burst: u32,
    /// Questions to polkit in a second, over time.
    pub checks_per_second: u32,
    /// Questions to polkit at once after a quiet time.
    pub checks_burst: u32,
}

impl Default for ShareRules {
    fn default() -> Self {
        Self {
            turns: TURNS_PER_USER,
            calls: CALLS_PER_USER,
            calls_per_second: CALLS_PER_SECOND,
            calls_burst: CALLS_BURST,
            checks_per_second: CHECKS_PER_SECOND,
            checks_burst: CHECKS_BURST,
        }
    }
}

/// The shares of all users.
pub(super) struct Shares {
    rules: ShareRules,
    users: Mutex<HashMap<u32, Arc<Share>>>,
}

/// The share of one user.
pub(super) struct Share {
    places: Arc<Semaphore>,
    pub(super) turns: Semaphore,
    /// Questions to polkit that wait for its answer.
    pub(super) checks: Semaphore,
    /// Questions that wait for somebody to type a password.
    pub(super) dialogs: Semaphore,
    calls: Mutex<Rate>,
    asked: Mutex<Rate>,
}

impl Shares {
    pub(super) fn new(rules: ShareRules) -> Self {
        Self { rules, users: Mutex::default() }
    }

    /// The share of a user.
    pub(super) fn of(&self, uid: u32) -> Result<Arc<Share>, Fault> {
        let mut users = self.users.lock();
        if let Some(share) = users.get(&uid) {
            return Ok(share.clone());
        }
        if users.len() >= USERS_REMEMBERED {
            let now = Instant::now();
            users.retain(|_, share| Arc::strong_count(share) > 1 || !share.is_rested(now));
        }
        if users.len() >= USERS_REMEMBERED {
            return Err(Fault::Unavailable("too many users at once: try again in a moment".to_owned()));
        }
        let share = Arc::new(Share::new(&self.rules));
        users.insert(uid, share.clone());
        Ok(share)
    }
}

impl Share {
    fn new(rules: &ShareRules) -> Self {
        Self {
            places: Arc::new(Semaphore::new(rules.calls)),
            turns: Semaphore::new(rules.turns),
            checks: Semaphore::new(CHECKS_PER_USER),
            dialogs: Semaphore::new(DIALOGS_PER_USER),
            calls: Mutex::new(Rate::new(rules.calls_per_second, rules.calls_burst)),
            asked: Mutex::new(Rate::new(rules.checks_per_second, rules.checks_burst)),
        }
    }

    /// Takes one of the user's places, for as long as the call is in hand.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, Fault> {
        self.places.clone().try_acquire_owned().map_err(|_| {
            Fault::RateLimited("this user has too many requests at once: try again in a moment".to_owned())
        })
    }

    /// Counts a call.
    pub(super) fn count_call(&self) -> Result<(), Fault> {
        within(&self.calls)
    }

    /// Counts a question to polkit.
    pub(super) fn count_check(&self) -> Result<(), Fault> {
        within(&self.asked)
    }

    fn is_rested(&self, now: Instant) -> bool {
        self.calls.lock().is_rested(now) && self.asked.lock().is_rested(now)
    }
}

fn within(rate: &Mutex<Rate>) -> Result<(), Fault> {
    if rate.lock().take(Instant::now()) {
        return Ok(());
    }
    Err(Fault::RateLimited("this user asks too often: try again in a second".to_owned()))
}

/// So many in a second, and a burst after a quiet time, kept as the one moment at which the debt is paid.
struct Rate {
    every: Duration,
    burst: Duration,
    paid_at: Option<Instant>,
}

impl Rate {
    fn new(per_second: u32, burst: u32) -> Self {
        let every = Duration::from_secs(1) / per_second.max(1);
        Self { every, burst: every.saturating_mul(burst), paid_at: None }
    }

    fn take(&mut self, now: Instant) -> bool {
        let paid_at = self.paid_at.map_or(now, |paid_at| paid_at.max(now)) + self.every;
        let fits = paid_at.duration_since(now) <= self.burst;
        if fits {
            self.paid_at = Some(paid_at);
        }
        fits
    }

    fn is_rested(&self, now: Instant) -> bool {
        self.paid_at.is_none_or(|paid_at| paid_at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_lets_its_burst_through_and_then_one_at_a_time() {
        let (mut rate, start) = (Rate::new(10, 3), Instant::now());
        let tries = |rate: &mut Rate, at: u64| rate.take(start + Duration::from_millis(at));
        assert_eq!([0, 0, 0, 0].map(|at| tries(&mut rate, at)), [true, true, true, false]);
        assert_eq!([99, 100, 100].map(|at| tries(&mut rate, at)), [false, true, false]);
        assert!(!rate.is_rested(start + Duration::from_millis(399)));
        assert!(rate.is_rested(start + Duration::from_millis(400)));
    }

    #[test]
    fn users_that_rest_make_place_for_others() {
        let shares = Shares::new(ShareRules::default());
        let held: Vec<_> = (0..USERS_REMEMBERED).map(|uid| shares.of(uid as u32).expect("a share")).collect();
        assert!(matches!(shares.of(u32::MAX), Err(Fault::Unavailable(_))), "all of them are in use");
        drop(held);
        assert!(shares.of(u32::MAX).is_ok());
    }

    #[test]
    fn a_place_is_given_back() {
        let share = Share::new(&ShareRules { calls: 1, ..ShareRules::default() });
        let place = share.place().expect("free");
        assert!(matches!(share.place(), Err(Fault::RateLimited(_))));
        drop(place);
        assert!(share.place().is_ok());
    }
}
