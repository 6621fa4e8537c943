//! The pace at which a provider takes calls: who comes too early waits for a turn, in the order of asking.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The pace.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many calls a second.
    pub fn new(per_second: u64) -> Pace {
        let per_second = u32::try_from(per_second.max(1)).unwrap_or(u32::MAX);
        Pace { gap: Duration::from_secs(1) / per_second, next: Mutex::new(None) }
    }

    /// Takes the next turn, which is not before now; none, and no turn is taken, if it is later than `latest`.
    pub fn turn(&self, now: Instant, latest: Instant) -> Option<Instant> {
        let mut next = self.next.lock();
        let turn = next.map_or(now, |next| next.max(now));
        if turn > latest {
            return None;
        }
        *next = Some(turn + self.gap);
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_keep_their_distance_and_do_not_pile_up() {
        let (pace, now) = (Pace::new(2), Instant::now());
        let far = now + Duration::from_secs(60);
        let half = Duration::from_millis(500);
        assert_eq!([0; 3].map(|_| pace.turn(now, far)), [Some(now), Some(now + half), Some(now + half * 2)]);
        assert_eq!(pace.turn(now, now + half), None, "too late");
        assert_eq!(pace.turn(now, far), Some(now + half * 3), "and that took no turn");
        let later = now + Duration::from_secs(30);
        assert_eq!(pace.turn(later, far), Some(later), "silence is not saved up");
    }
}
