//! Bounds how many lines of one plugin reach the log.

use tokio::time::Instant;

use super::limits;

/// Admits [`limits::LOG_LINES`] in each [`limits::LOG_WINDOW`] and counts the rest.
#[derive(Default)]
pub(super) struct Throttle {
    window: Option<Instant>,
    admitted: u32,
    suppressed: u64,
}

impl Throttle {
    /// Whether one more line may be written; then, how many were left out since the last window.
    pub(super) fn admit(&mut self) -> Option<u64> {
        let now = Instant::now();
        let mut left_out = 0;
        if self.window.is_none_or(|start| now.duration_since(start) >= limits::LOG_WINDOW) {
            left_out = std::mem::take(&mut self.suppressed);
            self.window = Some(now);
            self.admitted = 0;
        }
        if self.admitted >= limits::LOG_LINES {
            self.suppressed += 1;
            return None;
        }
        self.admitted += 1;
        Some(left_out)
    }

    /// How many were left out in this window.
    pub(super) const fn suppressed(&self) -> u64 {
        self.suppressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_past_the_limit_are_counted_and_told_in_the_next_window() {
        let mut throttle = Throttle::default();
        for _ in 0..limits::LOG_LINES {
            assert_eq!(throttle.admit(), Some(0));
        }
        assert_eq!(throttle.admit(), None);
        assert_eq!(throttle.admit(), None);
        throttle.window = Instant::now().checked_sub(limits::LOG_WINDOW);
        assert_eq!(throttle.admit(), Some(2));
        assert_eq!(throttle.admit(), Some(0));
    }
}
