//! The daemon's clock, which a test can set: libfaketime over a file that holds the offset.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where Debian and Fedora put the library; `READMIT_TEST_FAKETIME` names any other place.
const PLACES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// A clock that runs as fast as the real one, ahead of it by what a test says.
pub struct Clock {
    file: PathBuf,
    ahead: AtomicI64,
}

impl Clock {
    pub(crate) fn new(directory: &Path) -> Self {
        let clock = Self { file: directory.join("clock"), ahead: AtomicI64::new(0) };
        clock.write();
        clock
    }

    /// Sets the clock ahead by so many more seconds. The daemon looks at it once a second.
    pub fn advance(&self, seconds: u64) {
        self.jump(i64::try_from(seconds).unwrap());
    }

    /// Sets the clock ahead, or back, by so many seconds.
    ///
    /// # Panics
    /// If it would be behind the real one.
    pub fn jump(&self, seconds: i64) {
        let ahead = self.ahead.fetch_add(seconds, Ordering::SeqCst) + seconds;
        assert!(ahead >= 0, "the clock is never behind the real one: start it ahead");
        self.write();
    }

    /// The daemon's time, Unix seconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        now + self.ahead.load(Ordering::SeqCst).unsigned_abs()
    }

    /// The environment that puts a process under this clock. Its monotonic clock, and with it every timer that the
    /// tests do not mean, stays real.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 5] {
        let named = std::env::var_os("READMIT_TEST_FAKETIME").map(PathBuf::from);
        let library = named.or_else(|| PLACES.iter().map(PathBuf::from).find(|place| place.exists()));
        let library = library.unwrap_or_else(|| {
            panic!(
                "libfaketime is missing; install it: apt-get install faketime, or set READMIT_TEST_FAKETIME"
            )
        });
        [
            ("LD_PRELOAD", library),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
        ]
    }

    /// In one step, so that the daemon never reads half of it.
    fn write(&self) {
        let staged = self.file.with_extension("new");
        std::fs::write(&staged, format!("+{}\n", self.ahead.load(Ordering::SeqCst))).unwrap();
        std::fs::rename(staged, &self.file).unwrap();
    }
}
