//! Session timers (RFC 4028): how long a call lasts without a sign of life, and who gives it.

use std::time::Duration;

use crate::limits;

/// Who refreshes the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// We do.
    Us,
    /// The other side does.
    Them,
}

/// What was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// How long the session lasts after each refresh.
    pub interval: Duration,
    /// Who refreshes it.
    pub refresher: Refresher,
}

impl Session {
    /// Reads `Session-Expires` in a response to a request of ours. Without a refresher we are it: once too often
    /// does no harm.
    pub fn in_response(value: &str) -> Option<Session> {
        Session::read(value, |refresher| match refresher {
            Some(name) if name.eq_ignore_ascii_case("uas") => Refresher::Them,
            _ => Refresher::Us,
        })
    }

    /// Reads `Session-Expires` in a request of the other side, which is the refresher unless it says otherwise.
    pub fn in_request(value: &str) -> Option<Session> {
        Session::read(value, |refresher| match refresher {
            Some(name) if name.eq_ignore_ascii_case("uas") => Refresher::Us,
            _ => Refresher::Them,
        })
    }

    fn read(value: &str, refresher: impl Fn(Option<&str>) -> Refresher) -> Option<Session> {
        let mut parts = value.split(';').map(str::trim);
        let seconds: u64 = parts.next()?.parse().ok()?;
        let name = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("refresher").then(|| value.trim())
        });
        // Nobody makes us refresh more often than that; a session that is shorter ends instead.
        let interval = Duration::from_secs(seconds).max(limits::LEAST_SESSION);
        Some(Session { interval, refresher: refresher(name) })
    }

    /// How long after a refresh something is to be done: ours is due at half of the interval, and without theirs the
    /// call is over the smaller of 32 s and a third before its end (RFC 4028 §10).
    pub fn due(self) -> Duration {
        match self.refresher {
            Refresher::Us => self.interval / 2,
            Refresher::Them => self.interval - Duration::from_secs(32).min(self.interval / 3),
        }
    }

    /// As our answer to a request of the other side has it.
    pub fn answer(self) -> String {
        let refresher = if self.refresher == Refresher::Us { "uas" } else { "uac" };
        format!("{};refresher={refresher}", self.interval.as_secs())
    }

    /// As our request has it.
    pub fn request(self) -> String {
        let refresher = if self.refresher == Refresher::Us { "uac" } else { "uas" };
        format!("{};refresher={refresher}", self.interval.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_refreshes_and_when() {
        use Refresher::{Them, Us};
        let seconds = |s: Session| (s.interval.as_secs(), s.refresher, s.due().as_secs());
        for (value, response, request) in [
            ("1800;refresher=uac", (1800, Us, 900), (1800, Them, 1768)),
            ("1800;refresher=uas", (1800, Them, 1768), (1800, Us, 900)),
            ("90 ; Refresher = UAS", (90, Them, 60), (90, Us, 45)),
            ("600", (600, Us, 300), (600, Them, 568)),
            ("0", (4, Us, 2), (4, Them, 2)),
        ] {
            assert_eq!(Session::in_response(value).map(seconds), Some(response), "{value}");
            assert_eq!(Session::in_request(value).map(seconds), Some(request), "{value}");
        }
        for value in ["", "x", ";refresher=uac", "-1", "99999999999999999999"] {
            assert_eq!(Session::in_response(value), None, "{value}");
        }
    }

    #[test]
    fn what_is_written_says_the_same_to_the_other_side() {
        for refresher in [Refresher::Us, Refresher::Them] {
            let session = Session { interval: Duration::from_secs(90), refresher };
            let other = match refresher {
                Refresher::Us => Refresher::Them,
                Refresher::Them => Refresher::Us,
            };
            assert_eq!(Session::in_request(&session.request()).unwrap().refresher, other);
            assert_eq!(Session::in_response(&session.answer()).unwrap().refresher, other);
        }
    }
}
