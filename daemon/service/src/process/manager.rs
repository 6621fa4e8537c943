//! What the service manager is told, where one started the daemon: sd_notify(3).

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use parking_lot::Mutex;
use sd_notify::NotifyState;

use super::limits::{MORE_TIME, MORE_TIME_EVERY, MORE_TIME_FIRST, MORE_TIMES, STATUS_CHARS};

/// The service manager; without one, nobody hears what it is told.
#[derive(Clone, Default)]
pub struct Manager {
    /// What was last said of how things stand.
    said: Arc<Mutex<String>>,
}

impl Manager {
    /// Requests are answered from now on, or again after a reload.
    pub fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// What is configured is read again; [`Manager::ready`] ends it.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => untold(&error),
        }
    }

    /// Requests are not answered any more.
    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// Everything that has to work does.
    pub fn alive(&self) {
        tell(&[NotifyState::Watchdog]);
    }

    /// How things stand, for `systemctl status`, in one line. What was said already is not said again.
    pub fn status(&self, text: &str) {
        let line = one_line(text, STATUS_CHARS);
        let mut said = self.said.lock();
        if *said != line {
            tell(&[NotifyState::Status(&line)]);
            *said = line;
        }
    }

    /// How long the service manager waits between two signs of life, if it does.
    #[must_use]
    pub fn watchdog(&self) -> Option<Duration> {
        sd_notify::watchdog_enabled()
    }

    /// Does something before the daemon is ready that may take long, and asks for more time meanwhile, within
    /// bounds.
    pub fn patiently<T>(&self, what: &str, work: impl FnOnce() -> T) -> T {
        let (done, waiting) = mpsc::channel::<()>();
        let (manager, what) = (self.clone(), what.to_owned());
        let asking = std::thread::Builder::new().name("more-time".to_owned()).spawn(move || {
            let mut wait = MORE_TIME_FIRST;
            for _ in 0..MORE_TIMES {
                if waiting.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                wait = MORE_TIME_EVERY;
                manager.status(&format!("Starting: {what}"));
                tell(&[NotifyState::ExtendTimeoutUsec(micros(MORE_TIME))]);
            }
        });
        if let Err(error) = &asking {
            tracing::warn!(%error, "nobody can ask for more time to start");
        }
        let result = work();
        drop(done);
        result
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        untold(&error);
    }
}

fn untold(error: &io::Error) {
    tracing::warn!(%error, "the service manager could not be told how the daemon stands");
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// The text in one line of so many characters at most.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        None => line,
        Some(_) => line.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_one_line_within_its_length() {
        assert_eq!(one_line("a\nREADY=1\r\n\tb", 100), "a READY=1 b");
        assert_eq!(one_line("äöüäöü", 6), "äöüäöü");
        assert_eq!(one_line("äöüäöüä", 6), "äöüäö…");
        assert_eq!(one_line(" \n ", 6), "");
    }
}
