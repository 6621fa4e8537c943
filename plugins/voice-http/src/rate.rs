//! A bucket of tokens: so many requests a second in the long run, so many at once.

use std::time::{Duration, Instant};

/// The bucket.
#[derive(Debug)]
pub struct Bucket {
    per_second: u32,
    size: u32,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn new(per_second: u32, size: u32, now: Instant) -> Bucket {
        Bucket { per_second, size, tokens: f64::from(size), filled: now }
    }

    /// Takes a token, if there is one.
    #[must_use]
    pub fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled);
        self.filled = now;
        let filled = passed.as_secs_f64().mul_add(f64::from(self.per_second), self.tokens);
        self.tokens = filled.min(f64::from(self.size));
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

/// Says only now and then that something happens, and how often it did.
#[derive(Debug, Default)]
pub struct Seldom {
    last: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    /// Counts, and gives the count since the last time if it is time to say so.
    pub fn count(&mut self, every: Duration, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        let due = self.last.is_none_or(|last| now.saturating_duration_since(last) >= every);
        if !due {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_what_it_holds_and_fills_by_time() {
        let start = Instant::now();
        let mut bucket = Bucket::new(2, 3, start);
        assert_eq!([0; 4].map(|_| bucket.take(start)), [true, true, true, false]);
        let later = start + Duration::from_millis(500);
        assert_eq!([bucket.take(later), bucket.take(later)], [true, false]);
        let much_later = start + Duration::from_secs(3600);
        assert_eq!(
            [0; 4].map(|_| bucket.take(much_later)),
            [true, true, true, false],
            "no more than it holds"
        );
        assert!(!bucket.take(start), "a clock that goes back fills nothing");
    }

    #[test]
    fn complaints_are_seldom_and_counted() {
        let (start, every) = (Instant::now(), Duration::from_secs(60));
        let mut seldom = Seldom::default();
        assert_eq!(seldom.count(every, start), Some(1));
        assert_eq!([0; 3].map(|_| seldom.count(every, start)), [None; 3]);
        assert_eq!(seldom.count(every, start + every), Some(4));
    }
}
