//! Limits that outlive restarts: at most so many charges in any window of time.
//!
//! A tally keeps up to [`QUOTA_PARTS`] + 1 spans of charges, each at most an eighth of the window long, and
//! counts a span until its last charge has left the window. So the limit is never passed in any window, not
//! even across the seam that fixed windows have; in exchange a charge may count up to an eighth of a window
//! longer than it must. A refused charge is not counted: whoever keeps knocking is not locked out for longer.

use std::time::Duration;

use readmit_recovery::time::Timestamp;

use crate::limits::QUOTA_PARTS;

/// The charges that still count for one subject of one limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    first: u64,
    last: u64,
    count: u32,
}

const SPAN_BYTES: usize = 20;

impl Tally {
    /// Takes a charge of `amount` at `now`, if that leaves at most `max` in any `window`; `u32::MAX` is no limit.
    ///
    /// # Errors
    /// The time from which on it would be taken, if nothing else is charged until then.
    pub fn charge(
        &mut self,
        now: Timestamp,
        window: Duration,
        amount: u32,
        max: u32,
    ) -> Result<(), Timestamp> {
        let seconds = window.as_secs().max(1);
        self.spans.retain(|span| span.last.saturating_add(seconds) > now.unix());
        let mut counted: u64 = self.spans.iter().map(|span| u64::from(span.count)).sum();
        let fits = |counted: u64| max == u32::MAX || counted.saturating_add(amount.into()) <= u64::from(max);
        if !fits(counted) {
            let mut retry_at = now.unix().saturating_add(seconds);
            for span in &self.spans {
                counted -= u64::from(span.count);
                if fits(counted) {
                    retry_at = span.last.saturating_add(seconds);
                    break;
                }
            }
            return Err(Timestamp::from_unix(retry_at));
        }
        let part = seconds.div_ceil(QUOTA_PARTS);
        match self.spans.last_mut() {
            Some(span) if now.unix().saturating_sub(span.first) < part => {
                span.count = span.count.saturating_add(amount);
                span.last = span.last.max(now.unix());
            }
            Some(_) | None => self.spans.push(Span { first: now.unix(), last: now.unix(), count: amount }),
        }
        Ok(())
    }

    /// From when on nothing of it counts.
    #[must_use]
    pub fn expires_at(&self, window: Duration) -> Timestamp {
        let last = self.spans.iter().map(|span| span.last).max().unwrap_or(0);
        Timestamp::from_unix(last.saturating_add(window.as_secs().max(1)))
    }

    /// The bytes that a store keeps.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.spans.len() * SPAN_BYTES);
        for span in &self.spans {
            bytes.extend_from_slice(&span.first.to_be_bytes());
            bytes.extend_from_slice(&span.last.to_be_bytes());
            bytes.extend_from_slice(&span.count.to_be_bytes());
        }
        bytes
    }

    /// The tally in bytes that a store kept, or nothing if they are none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (spans, rest) = bytes.as_chunks::<SPAN_BYTES>();
        let read = |span: &[u8; SPAN_BYTES]| {
            Some(Span {
                first: u64::from_be_bytes(*span.first_chunk()?),
                last: u64::from_be_bytes(*span[8..].first_chunk()?),
                count: u32::from_be_bytes(*span.last_chunk()?),
            })
        };
        let spans = spans.iter().map(read).collect::<Option<_>>()?;
        rest.is_empty().then_some(Self { spans })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_000_000 + seconds)
    }

    #[test]
    fn the_limit_is_taken_and_not_passed_and_comes_back() {
        let mut tally = Tally::default();
        for second in [0, 10, 1000] {
            assert_eq!(tally.charge(at(second), HOUR, 1, 3), Ok(()));
        }
        // 0 and 10 share a span, whose last charge leaves at 3610.
        assert_eq!(tally.charge(at(1001), HOUR, 1, 3), Err(at(3610)));
        assert_eq!(tally.charge(at(3609), HOUR, 1, 3), Err(at(3610)));
        assert_eq!(tally.charge(at(3610), HOUR, 1, 3), Ok(()));
        assert_eq!(tally.charge(at(3610), HOUR, 1, 3), Ok(()));
        assert_eq!(tally.charge(at(3611), HOUR, 1, 3), Err(at(4600)));
    }

    #[test]
    fn a_limit_of_nothing_takes_nothing() {
        assert_eq!(Tally::default().charge(at(0), HOUR, 1, 0), Err(at(3600)));
    }

    #[test]
    fn no_window_ever_holds_more_than_the_limit_and_what_is_promised_is_kept() {
        // A small linear congruential generator: the run is the same every time.
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for (window, max) in [(1, 1), (7, 3), (60, 5), (3600, 10), (86_400, 100)] {
            let (mut tally, mut taken, mut now) = (Tally::default(), Vec::new(), 0);
            let mut longest_wait = 0;
            for _ in 0..5000 {
                now += random(window / 4 + 2);
                match tally.charge(at(now), Duration::from_secs(window), 1, max) {
                    Ok(()) => taken.push(now),
                    Err(retry_at) => {
                        let wait = retry_at.since(at(now)).as_secs();
                        assert!(wait > 0);
                        longest_wait = longest_wait.max(wait);
                        let mut later = tally.clone();
                        assert_eq!(later.charge(retry_at, Duration::from_secs(window), 1, max), Ok(()));
                    }
                }
                tally = Tally::from_bytes(&tally.to_bytes()).unwrap();
                assert!(tally.spans.len() as u64 <= QUOTA_PARTS + 1, "{} spans", tally.spans.len());
            }
            for (index, first) in taken.iter().enumerate() {
                let within = taken[index..].iter().take_while(|&&time| time < first + window).count();
                assert!(within <= max as usize, "{within} in a window of {window}");
            }
            assert!(longest_wait <= window && taken.len() > 100);
        }
    }

    #[test]
    fn a_changed_window_keeps_what_was_charged() {
        let mut tally = Tally::default();
        assert_eq!(tally.charge(at(0), HOUR, 1, 2), Ok(()));
        assert_eq!(tally.charge(at(0), HOUR, 1, 2), Ok(()));
        assert_eq!(tally.charge(at(1), HOUR * 2, 1, 2), Err(at(7200)));
        assert_eq!(tally.charge(at(1), HOUR, 1, 3), Ok(()));
        assert_eq!(tally.expires_at(HOUR), at(3601));
    }

    #[test]
    fn a_charge_may_weigh_more_and_is_taken_whole_or_not_at_all() {
        let mut tally = Tally::default();
        assert_eq!(tally.charge(at(0), HOUR, 60, 100), Ok(()));
        assert_eq!(tally.charge(at(600), HOUR, 41, 100), Err(at(3600)));
        assert_eq!(tally.charge(at(600), HOUR, 40, 100), Ok(()));
        assert_eq!(tally.charge(at(601), HOUR, 61, 100), Err(at(4200)), "the first leaves too little room");
        assert_eq!(tally.charge(at(601), HOUR, 101, 100), Err(at(4201)), "more than ever fits");
        assert_eq!(tally.charge(at(3600), HOUR, 60, 100), Ok(()));
        assert_eq!(tally.charge(at(3601), HOUR, u32::MAX, u32::MAX), Ok(()), "no limit");
    }

    #[test]
    fn bytes_that_are_no_tally_are_refused() {
        assert_eq!(Tally::from_bytes(&[0; SPAN_BYTES - 1]), None);
        assert_eq!(Tally::from_bytes(&[]), Some(Tally::default()));
    }
}
