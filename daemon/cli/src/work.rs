//! Work that takes a while: off the thread that listens for Ctrl-C, and with a bar for whoever waits.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::failure::{Failure, Kind};
use crate::limits::{BAR_PAUSE, BAR_WIDTH};

/// Does `work` on a thread of its own, so that the command can be interrupted meanwhile. An interrupted command ends,
/// and the thread with it.
///
/// # Errors
/// The thread cannot be had, or the work broke down.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let (sender, receiver) = oneshot::channel();
    let run = move || {
        // Whoever waited may have been interrupted.
        let _ = sender.send(work());
    };
    std::thread::Builder::new().name("work".to_owned()).spawn(run)?;
    receiver.await.map_err(|_| {
        Failure::new(Kind::Failed, "the work broke down before it was done")
            .with_hint("this is a mistake in readmit itself: please report it with the files it was about")
    })
}

/// A bar on standard error, if that is a terminal. When it is dropped its line is blank again, and no pen writes any
/// more.
pub struct Bar {
    line: Arc<Mutex<Line>>,
}

/// What moves a bar; it can be taken to other threads.
#[derive(Clone)]
pub struct Pen {
    line: Arc<Mutex<Line>>,
}

struct Line {
    what: &'static str,
    is_shown: bool,
    drawn: Option<Instant>,
}

impl Bar {
    /// A bar for what is being done, in a word. Nothing is shown before the pen is used.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_shown = std::io::stderr().is_terminal() && !dumb;
        Self { line: Arc::new(Mutex::new(Line { what, is_shown, drawn: None })) }
    }

    /// What moves it.
    #[must_use]
    pub fn pen(&self) -> Pen {
        Pen { line: Arc::clone(&self.line) }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if line.drawn.take().is_some() {
            put("\r\u{1b}[2K");
        }
        line.is_shown = false;
    }
}

impl Pen {
    /// Shows that so many of so many are done, and a remark. Calls in quick succession are shown once.
    pub fn show(&self, done: usize, of: usize, remark: &str) {
        self.put(|what| drawn(what, done, of, remark));
    }

    /// Shows how far the work is whose end nobody knows.
    pub fn tell(&self, how_far: &str) {
        self.put(|what| format!("{what}: {how_far}"));
    }

    fn put(&self, text: impl FnOnce(&str) -> String) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if !line.is_shown || line.drawn.is_some_and(|drawn| drawn.elapsed() < BAR_PAUSE) {
            return;
        }
        line.drawn = Some(Instant::now());
        put(&format!("\r\u{1b}[2K{}", text(line.what)));
    }
}

fn drawn(what: &str, done: usize, of: usize, remark: &str) -> String {
    let filled = (done.min(of) * BAR_WIDTH).checked_div(of).unwrap_or(0);
    let (full, empty) = ("#".repeat(filled), "-".repeat(BAR_WIDTH - filled));
    format!("{what} [{full}{empty}] {done}/{of} {remark}").trim_end().to_owned()
}

fn put(text: &str) {
    let mut error = std::io::stderr().lock();
    // Without standard error there is nobody to show a bar to.
    let _ = error.write_all(text.as_bytes()).and_then(|()| error.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills() {
        assert_eq!(drawn("mutate", 0, 0, ""), "mutate [--------------------] 0/0");
        assert_eq!(drawn("mutate", 1, 2, "1 survived"), "mutate [##########----------] 1/2 1 survived");
        assert_eq!(drawn("mutate", 5, 2, ""), "mutate [####################] 5/2");
    }

    #[tokio::test]
    async fn work_that_breaks_down_is_a_failure() {
        assert_eq!(aside(|| 7).await, Ok(7));
        let broken: Result<(), Failure> = aside(|| panic!("on purpose")).await;
        assert_eq!(broken.unwrap_err().kind, Kind::Failed);
    }
}
