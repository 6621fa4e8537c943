//! Which tests are run next: files whole, and large ones in parts, so that several threads have work.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};

use crate::limits::MAX_TESTS_PER_PART;

/// Some tests of one file, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// The file.
    pub file: &'a str,
    /// The first of its tests.
    pub first: usize,
}

impl Part<'_> {
    /// The test behind the last one.
    pub const fn end(self) -> usize {
        self.first + MAX_TESTS_PER_PART
    }
}

/// The parts that nobody has begun yet. How many a file has is known once somebody has loaded it for its first.
pub(super) struct Parts<'a> {
    waiting: Mutex<Waiting<'a>>,
    changed: Condvar,
}

struct Waiting<'a> {
    parts: VecDeque<Part<'a>>,
    uncounted: usize,
}

impl<'a> Parts<'a> {
    /// The first parts of all files.
    pub fn of(files: &[&'a str]) -> Self {
        let parts = files.iter().map(|file| Part { file, first: 0 }).collect();
        Self { waiting: Mutex::new(Waiting { parts, uncounted: files.len() }), changed: Condvar::new() }
    }

    /// The next part; none once there will be no more.
    pub fn next(&self) -> Option<Part<'a>> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(part) = waiting.parts.pop_front() {
                return Some(part);
            }
            if waiting.uncounted == 0 {
                return None;
            }
            self.changed.wait(&mut waiting);
        }
    }

    /// Whoever runs a part says by this how many tests its file has, or nothing, if it cannot be loaded.
    pub const fn count(&self, part: Part<'a>) -> Count<'_, 'a> {
        Count { parts: self, part, is_due: part.first == 0 }
    }
}

/// The count of a file that is due from whoever runs its first part. It is given when it is dropped, at the latest, so
/// that nobody waits for a thread that has come to nothing.
pub(super) struct Count<'p, 'a> {
    parts: &'p Parts<'a>,
    part: Part<'a>,
    is_due: bool,
}

impl Count<'_, '_> {
    /// Gives the number of tests; only the first time counts.
    pub fn give(&mut self, tests: usize) {
        if !std::mem::take(&mut self.is_due) {
            return;
        }
        let mut waiting = self.parts.waiting.lock();
        let further = (MAX_TESTS_PER_PART..tests).step_by(MAX_TESTS_PER_PART);
        waiting.parts.extend(further.map(|first| Part { first, ..self.part }));
        waiting.uncounted -= 1;
        self.parts.changed.notify_all();
    }
}

impl Drop for Count<'_, '_> {
    fn drop(&mut self) {
        self.give(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_parted_once_it_is_counted() {
        let parts = Parts::of(&["a", "b"]);
        let (a, b) = (parts.next().expect("a"), parts.next().expect("b"));
        assert_eq!((a.file, a.first, b.file, b.first), ("a", 0, "b", 0));
        parts.count(a).give(2 * MAX_TESTS_PER_PART + 1);
        drop(parts.count(b));
        let rest: Vec<_> = std::iter::from_fn(|| parts.next()).collect();
        let firsts: Vec<_> = rest.iter().map(|part| part.first).collect();
        assert_eq!(firsts, [MAX_TESTS_PER_PART, 2 * MAX_TESTS_PER_PART]);
        assert!(rest.iter().all(|part| part.file == "a"));
    }

    #[test]
    fn whoever_waits_is_woken_by_the_last_count() {
        let parts = Parts::of(&["a"]);
        let first = parts.next().expect("a");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| parts.next());
            drop(parts.count(first));
            assert_eq!(waiting.join().expect("a thread that ends"), None);
        });
    }
}
