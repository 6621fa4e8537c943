//! One call from its request to its end: the gate, the INVITE, the ringing, and the hang-up. What is in between
//! once somebody answers is in `talk`.
//!
//! What to do is decided in [`readmit_telephone::admission`] and [`readmit_telephone::outcome`]; here it is done.

use readmit_plugin::{Call, Daemon, phase};
use readmit_telephone::admission::admit;
use readmit_telephone::number::Number;
use readmit_telephone::outcome::{Detail, Disposition, q850_cause};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::leg::{Leg, LegError, LegEvent, Refusal};
use crate::limits;
use crate::link::Way;
use crate::ports::Port;
use crate::sdp::{Local, Security};
use crate::settings::Checked;
use crate::signalling::Signalling;
use crate::talk;
use crate::trunks::Trunks;

/// The phase in which the INVITE is on its way; the protocol leaves it to plugins.
const CALLING: &str = "calling";

/// How a call ended.
#[derive(Debug)]
pub struct Outcome {
    /// The word for it.
    pub disposition: Disposition,
    /// What administrators read.
    pub detail: Detail,
    /// The Call-ID, if anything was sent.
    pub call_id: Option<String>,
}

impl Outcome {
    fn unsent(disposition: Disposition, detail: Detail) -> Outcome {
        Outcome { disposition, detail, call_id: None }
    }
}

/// What all calls share.
pub struct Shared {
    /// The checked settings.
    pub settings: Checked,
    /// The trunks.
    pub trunks: Trunks,
    /// The daemon.
    pub daemon: Daemon,
}

/// Makes a call. `cancelled` ends it at any time.
pub async fn make(shared: &Shared, call: &Call, cancelled: &CancellationToken) -> Outcome {
    let started = Instant::now();
    let number = match admit(&shared.settings.regions, call, limits::DEADLINE_MARGIN) {
        Ok(number) => number,
        Err((disposition, detail)) => return Outcome::unsent(disposition, detail),
    };
    let deadline = started + call.deadline().saturating_sub(limits::DEADLINE_MARGIN);
    let mut last: Option<Outcome> = None;
    for trunk in shared.trunks.in_order() {
        if last.is_some() && (cancelled.is_cancelled() || Instant::now() >= deadline) {
            break;
        }
        let attempt = Attempt { shared, trunk: &trunk, call, number: &number, cancelled, deadline };
        let first = last.as_ref().is_none_or(|earlier| earlier.call_id.is_none());
        let (mut outcome, placed) = attempt.make(first).await;
        outcome.detail = outcome.detail.and(format!("trunk {}", trunk.trunk));
        if let Some(earlier) = last {
            outcome.detail = outcome.detail.before_that(earlier.detail);
            outcome.call_id = outcome.call_id.or(earlier.call_id);
        }
        if placed == Placement::Possible {
            return outcome;
        }
        last = Some(outcome);
    }
    last.unwrap_or_else(|| Outcome::unsent(Disposition::Unreachable, Detail::new("there is no trunk")))
}

/// Whether a telephone may have rung. Only if not, another trunk is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placement {
    /// It may have.
    Possible,
    /// The trunk did not take the call.
    None,
}

/// A call over one trunk.
struct Attempt<'a> {
    shared: &'a Shared,
    trunk: &'a Signalling,
    call: &'a Call,
    number: &'a Number,
    cancelled: &'a CancellationToken,
    deadline: Instant,
}

impl Attempt<'_> {
    async fn make(&self, first: bool) -> (Outcome, Placement) {
        let started = Instant::now();
        let unsent = |disposition, text: String| {
            let detail = Detail::new(text).after("after", started.elapsed());
            (Outcome::unsent(disposition, detail), Placement::None)
        };
        let way = tokio::select! {
            () = self.cancelled.cancelled() => {
                return unsent(Disposition::Cancelled, "cancelled by the daemon".to_owned());
            }
            () = sleep_until(self.deadline) => {
                return unsent(Disposition::Unreachable, "no way to the trunk before deadline_ms".to_owned());
            }
            way = self.reach() => way,
        };
        let way = match way {
            Ok(way) => way,
            Err((disposition, why)) => {
                self.trunk.is_down(&why);
                return unsent(disposition, why);
            }
        };
        self.place(&way, started, first).await
    }

    /// Places the call and follows it to its end.
    async fn place(&self, way: &Way, started: Instant, first: bool) -> (Outcome, Placement) {
        let unsent = |disposition, text: String| {
            let detail = Detail::new(text).after("after", started.elapsed());
            (Outcome::unsent(disposition, detail), Placement::None)
        };
        let mut random = [0; 20];
        let settings = &self.shared.settings;
        let security = getrandom::fill(&mut random).and_then(|()| Security::new(settings.srtp));
        let Ok(security) = security else {
            return unsent(Disposition::ProviderError, "the system gives no random numbers".to_owned());
        };
        let [p, q, a, b, c, d, e, f, g, h, stream @ ..] = random;
        let port = Port::take(way.local.ip(), settings.rtp_ports, u16::from_be_bytes([p, q])).await;
        let port = match port {
            Ok(port) => port,
            Err(error) => return unsent(Disposition::ProviderError, error.to_string()),
        };
        let local = Local {
            address: (self.trunk.public_ip(way), port.number()).into(),
            codecs: settings.codecs.clone(),
            // Kept below 2^63, since some peers read it as a signed number.
            session: u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1,
            security,
        };
        let Some(leg) = self.trunk.invite(way, self.number, local.offer()) else {
            return unsent(Disposition::ProviderError, "the INVITE could not be built".to_owned());
        };
        let call_id = leg.call_id();
        if first {
            self.shared.daemon.progress(&self.call.id, CALLING);
        }
        let Attempt { shared, trunk, call, cancelled, deadline, .. } = *self;
        let mut placed = Placed { shared, trunk, call, cancelled, started, deadline, leg, rang: false };
        let (disposition, detail) = match placed.ring().await {
            Ok(answer) => talk::hold(&mut placed, port, &local, &answer, stream).await,
            Err(end) => end,
        };
        let placement = placed.placement(disposition);
        // A CANCEL has a person's telephone ringing until it arrives, so it gets more time than a BYE.
        placed.leg.end(limits::CANCEL.max(limits::BYE)).await;
        if placement == Placement::None && disposition == Disposition::Unreachable {
            trunk.link.give_up().await;
        }
        (Outcome { disposition, detail, call_id: Some(call_id) }, placement)
    }

    /// Opens the way to the trunk, and registers where it wants that.
    async fn reach(&self) -> Result<Way, (Disposition, String)> {
        self.trunk.be_registered().await.map_err(|error| {
            let disposition = if error.is_auth() { Disposition::TrunkAuth } else { Disposition::Unreachable };
            (disposition, error.to_string())
        })?;
        self.trunk.link.open().await.map_err(|error| (Disposition::Unreachable, error.to_string()))
    }
}

/// How a call ends: the word for it, and what administrators read.
pub(crate) type End = (Disposition, Detail);

/// A call whose INVITE is sent.
pub(crate) struct Placed<'a> {
    pub(crate) shared: &'a Shared,
    trunk: &'a Signalling,
    pub(crate) call: &'a Call,
    pub(crate) cancelled: &'a CancellationToken,
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
    pub(crate) leg: Leg,
    rang: bool,
}

impl Placed<'_> {
    /// Waits for the answer.
    async fn ring(&mut self) -> Result<Vec<u8>, End> {
        let settings = &self.shared.settings;
        let no_ring = (self.started + settings.ring).min(self.deadline);
        let no_trying = (self.started + settings.trying).min(no_ring);
        let mut last = None;
        loop {
            let limit = if last.is_none() { no_trying } else { no_ring };
            let event = tokio::select! {
                () = self.cancelled.cancelled() => return Err(self.end(Disposition::Cancelled, Detail::new("cancelled by the daemon"), last)),
                () = sleep_until(limit) => return Err(self.nobody(last)),
                event = self.leg.next() => event,
            };
            match event {
                LegEvent::Provisional(status) => {
                    last = Some(last.unwrap_or(0).max(status));
                    self.trunk.is_up();
                    if status > 100 && !self.rang {
                        self.rang = true;
                        self.shared.daemon.progress(&self.call.id, phase::RINGING);
                    }
                }
                LegEvent::Answered(body) => {
                    self.trunk.is_up();
                    self.rang = true;
                    return Ok(body);
                }
                LegEvent::Refused(refusal) => return Err(self.refused(&refusal, last)),
                LegEvent::Failed(error) => return Err(self.failed(error, last)),
                LegEvent::HungUp => return Err(self.end(Disposition::HungUp, Detail::default(), last)),
                // These come after the answer.
                LegEvent::Reoffer(_) | LegEvent::Info { .. } => {}
            }
        }
    }

    /// Whether a telephone may have rung, of a call that ended like this; the trunk's health follows from it.
    fn placement(&self, disposition: Disposition) -> Placement {
        match disposition {
            Disposition::Unreachable | Disposition::TrunkAuth if !self.rang => {
                self.trunk.is_down(disposition.as_str());
                Placement::None
            }
            _ => Placement::Possible,
        }
    }

    fn nobody(&self, last: Option<u16>) -> End {
        match last {
            None => self.end(Disposition::Unreachable, Detail::new("the trunk did not answer at all"), last),
            Some(100) => {
                let text = "the trunk took the call, but no ringing was reported";
                self.end(Disposition::NoAnswer, Detail::new(text), last)
            }
            Some(_) => {
                self.end(Disposition::NoAnswer, Detail::new("rang until ring_seconds were over"), last)
            }
        }
    }

    fn refused(&self, refusal: &Refusal, last: Option<u16>) -> End {
        let cause = refusal.reason.as_deref().and_then(q850_cause);
        let disposition = match refusal.status {
            // The stack makes this response up when nothing came from the trunk.
            408 if last.is_none() => Disposition::Unreachable,
            status => Disposition::of_final(status, cause),
        };
        let detail = Detail::default()
            .status(refusal.status, &refusal.phrase)
            .header("reason", refusal.reason.as_deref())
            .header("retry after", refusal.retry_after.as_deref());
        let note = match refusal.status {
            300..=399 => Some("redirections are never followed".to_owned()),
            401 | 407 if self.trunk.login.is_none() => {
                Some("the trunk wants a password: set username and password_file".to_owned())
            }
            401 | 407 => Some("the trunk refused username and password".to_owned()),
            _ => None,
        };
        self.end(disposition, detail.and_if(note), last)
    }

    fn failed(&self, error: LegError, last: Option<u16>) -> End {
        let (disposition, why) = match error {
            LegError::Challenge => (Disposition::TrunkAuth, self.trunk.unanswerable.reason()),
            LegError::Closed => (Disposition::Unreachable, None),
            LegError::Answer | LegError::Nothing => (Disposition::ProviderError, None),
        };
        self.end(disposition, Detail::new(error.to_string()).and_if(why.map(str::to_owned)), last)
    }

    fn end(&self, disposition: Disposition, detail: Detail, last: Option<u16>) -> End {
        let last = match last {
            Some(status) => format!("last provisional {status}"),
            None => "no provisional".to_owned(),
        };
        (disposition, detail.and(last).after("after", self.started.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_margin_leaves_time_for_a_call() {
        assert!(limits::DEADLINE_MARGIN > limits::CANCEL.max(limits::BYE));
        assert!(Duration::from_secs(*limits::RING_SECONDS.end()) > limits::DEADLINE_MARGIN);
    }
}
