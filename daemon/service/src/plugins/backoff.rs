//! How long to wait before a plugin is replaced.

use std::time::Duration;

/// Doubles from the first wait to the longest, each shortened at random by up to a half, so that plugins which
/// failed together do not come back together.
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
    state: u64,
}

impl Backoff {
    pub(super) fn new(first: Duration, most: Duration, seed: u64, plugin: &str) -> Self {
        // FNV-1a, so that each plugin draws its own sequence from one seed.
        let state = plugin.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        Self { first, most, next: first, state }
    }

    pub(super) fn next(&mut self) -> Duration {
        let wait = self.next.min(self.most);
        self.next = wait.saturating_mul(2);
        let share = f64::from(self.draw()) / f64::from(u32::MAX);
        wait.mul_f64(1.0 - share / 2.0)
    }

    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }

    /// `SplitMix64`: enough for jitter, and the same for the same seed.
    fn draw(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_millis(1500);

    fn waits(seed: u64, plugin: &str) -> Vec<Duration> {
        let mut backoff = Backoff::new(FIRST, MOST, seed, plugin);
        (0..12).map(|_| backoff.next()).collect()
    }

    #[test]
    fn waits_double_to_the_longest_and_are_shortened_by_at_most_a_half() {
        let mut whole = FIRST;
        for wait in waits(7, "email") {
            assert!(wait <= whole && wait >= whole / 2, "{wait:?} of {whole:?}");
            whole = (whole * 2).min(MOST);
        }
    }

    #[test]
    fn the_seed_and_the_plugin_fix_the_jitter() {
        assert_eq!(waits(7, "email"), waits(7, "email"));
        assert_ne!(waits(7, "email"), waits(8, "email"));
        assert_ne!(waits(7, "email"), waits(7, "voice"));
    }

    #[test]
    fn a_reset_starts_over() {
        let mut backoff = Backoff::new(FIRST, MOST, 7, "email");
        for _ in 0..12 {
            backoff.next();
        }
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
