//! One call from its request to its end: the gate, the INVITE, the ringing, the conversation, the hang-up.
//!
//! What to do is decided in [`crate::number`], [`crate::outcome`] and [`crate::conversation`]; here it is done.

use std::future::{Future, pending};
use std::pin::Pin;

use readmit_plugin::{Call, Checked as CheckAnswer, Daemon, Gone, phase};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::conversation::{Action, Conversation, Event, Progress, Rules};
use crate::leg::{Leg, LegError, LegEvent, Refusal, Reoffer};
use crate::limits;
use crate::media::{Media, MediaEvent, Port};
use crate::number::{Gate, Number};
use crate::outcome::{Detail, Disposition, q850_cause};
use crate::prompts::Prompt;
use crate::sdp::{self, Local};
use crate::settings::Checked;
use crate::signalling::Signalling;

/// Phases that the protocol leaves to plugins.
mod own_phase {
    /// The INVITE is on its way.
    pub const CALLING: &str = "calling";
    /// The person typed wrong digits.
    pub const WRONG_DIGITS: &str = "wrong_digits";
}

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
    /// The endpoint.
    pub signalling: Signalling,
    /// The daemon.
    pub daemon: Daemon,
}

/// Makes a call. `cancelled` ends it at any time.
pub async fn make(shared: &Shared, call: &Call, cancelled: &CancellationToken) -> Outcome {
    let started = Instant::now();
    let number = match admit(&shared.settings, call) {
        Ok(number) => number,
        Err(outcome) => return outcome,
    };
    let mut random = [0; 20];
    if getrandom::fill(&mut random).is_err() {
        return Outcome::unsent(
            Disposition::ProviderError,
            Detail::new("the system gives no random numbers"),
        );
    }
    let [p, q, a, b, c, d, e, f, g, h, stream @ ..] = random;
    let port =
        Port::take(shared.signalling.local_ip(), shared.settings.rtp_ports, u16::from_be_bytes([p, q]));
    let port = match port.await {
        Ok(port) => port,
        Err(error) => return Outcome::unsent(Disposition::ProviderError, Detail::new(error.to_string())),
    };
    let local = Local {
        address: (shared.signalling.public_ip(), port.number()).into(),
        codecs: shared.settings.codecs.clone(),
        // Kept below 2^63, since some peers read it as a signed number.
        session: u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1,
    };
    let leg = match shared.signalling.invite(&number, local.offer()).await {
        Ok(leg) => leg,
        Err(error) => return Outcome::unsent(Disposition::Unreachable, Detail::new(error.to_string())),
    };
    let call_id = leg.call_id();
    shared.daemon.progress(&call.id, own_phase::CALLING);
    let deadline = started + call.deadline().saturating_sub(limits::DEADLINE_MARGIN);
    let mut placed = Placed { shared, call, cancelled, started, deadline, leg };
    let (disposition, detail) = match placed.ring().await {
        Ok(answer) => placed.talk(port, &local, &answer, stream).await,
        Err(end) => end,
    };
    // A CANCEL has a person's telephone ringing until it arrives, so it gets more time than a BYE.
    placed.leg.end(limits::CANCEL.max(limits::BYE)).await;
    Outcome { disposition, detail, call_id: Some(call_id) }
}

fn admit(settings: &Checked, call: &Call) -> Result<Number, Outcome> {
    let blocked = |text: &str| Err(Outcome::unsent(Disposition::Blocked, Detail::new(text)));
    if !limits::DIGITS.contains(&call.digits) || !limits::TRIES.contains(&call.tries) {
        return blocked("digits has to be 4 to 12 and tries 1 to 10");
    }
    if call.deadline() <= limits::DEADLINE_MARGIN {
        return blocked("deadline_ms leaves no time for a call");
    }
    let number = Number::parse(call.to.expose())
        .map_err(|error| Outcome::unsent(Disposition::InvalidNumber, Detail::new(error.to_string())))?;
    match settings.regions.gate(&number) {
        Gate::Open => Ok(number),
        Gate::NothingAllowed => {
            blocked("`regions` is empty: list the prefixes that may be called, as in [\"+1\"]")
        }
        Gate::OutsideRegions => blocked("no prefix in `regions` matches the number"),
        Gate::Blocked => blocked("a prefix in `blocked_prefixes` matches the number"),
    }
}

type End = (Disposition, Detail);

/// A call whose INVITE is sent.
struct Placed<'a> {
    shared: &'a Shared,
    call: &'a Call,
    cancelled: &'a CancellationToken,
    started: Instant,
    deadline: Instant,
    leg: Leg,
}

impl Placed<'_> {
    /// Waits for the answer.
    async fn ring(&mut self) -> Result<Vec<u8>, End> {
        let settings = &self.shared.settings;
        let no_ring = (self.started + settings.ring).min(self.deadline);
        let no_trying = (self.started + settings.trying).min(no_ring);
        let mut last = None;
        let mut rings = false;
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
                    if status > 100 && !rings {
                        rings = true;
                        self.shared.daemon.progress(&self.call.id, phase::RINGING);
                    }
                }
                LegEvent::Answered(body) => return Ok(body),
                LegEvent::Refused(refusal) => return Err(self.refused(&refusal, last)),
                LegEvent::Failed(error) => return Err(self.failed(error, last)),
                LegEvent::HungUp => return Err(self.end(Disposition::HungUp, Detail::default(), last)),
                LegEvent::Reoffer(reoffer) => reoffer.refuse(),
                LegEvent::Info { .. } => {}
            }
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
            401 | 407 if self.shared.settings.login.is_none() => {
                Some("the trunk wants a password: set username and password_file".to_owned())
            }
            401 | 407 => Some("the trunk refused username and password".to_owned()),
            _ => None,
        };
        self.end(disposition, detail.and_if(note), last)
    }

    fn failed(&self, error: LegError, last: Option<u16>) -> End {
        let disposition = match error {
            LegError::Challenge => Disposition::TrunkAuth,
            LegError::Answer | LegError::Nothing => Disposition::ProviderError,
        };
        self.end(disposition, Detail::new(error.to_string()), last)
    }

    fn end(&self, disposition: Disposition, detail: Detail, last: Option<u16>) -> End {
        let last = match last {
            Some(status) => format!("last provisional {status}"),
            None => "no provisional".to_owned(),
        };
        (disposition, detail.and(last).after("after", self.started.elapsed()))
    }

    /// Holds the conversation of an answered call.
    async fn talk(&mut self, port: Port, local: &Local, answer: &[u8], random: [u8; 10]) -> End {
        let settings = &self.shared.settings;
        let rang = self.started.elapsed();
        let negotiated = match sdp::read(answer, &local.codecs) {
            Ok(negotiated) => negotiated,
            Err(error) => {
                let detail = Detail::new(error.to_string()).after("answered after", rang);
                return (Disposition::MediaNegotiation, detail);
            }
        };
        self.shared.daemon.progress(&self.call.id, phase::ANSWERED);
        let rules = Rules {
            digits: self.call.digits,
            tries: self.call.tries,
            first_key: settings.first_key,
            next_key: settings.next_key,
            events_negotiated: !negotiated.events.is_empty(),
        };
        let media = Media::start(port, negotiated, settings.media_networks.clone(), settings.silence, random);
        let mut talk = Talk {
            shared: self.shared,
            call: self.call,
            local,
            media,
            conversation: Conversation::new(rules),
            answered: Instant::now(),
            check: None,
            descriptions: 1,
        };
        let time_up = (talk.answered + settings.max_call).min(self.deadline);
        let (disposition, why) = talk.hold(&mut self.leg, time_up, self.cancelled).await;
        let detail = Detail::default()
            .and_if(why.map(str::to_owned))
            .and(talk.conversation.summary())
            .and(talk.media.summary())
            .after("answered after", rang)
            .after("talked", talk.answered.elapsed());
        (disposition, detail)
    }
}

type Checking = Pin<Box<dyn Future<Output = Result<CheckAnswer, Gone>> + Send>>;

/// An answered call.
struct Talk<'a> {
    shared: &'a Shared,
    call: &'a Call,
    local: &'a Local,
    media: Media,
    conversation: Conversation,
    answered: Instant,
    check: Option<Checking>,
    descriptions: u64,
}

impl Talk<'_> {
    async fn hold(
        &mut self,
        leg: &mut Leg,
        time_up: Instant,
        cancelled: &CancellationToken,
    ) -> (Disposition, Option<&'static str>) {
        let mut why = None;
        loop {
            let deadline = self.conversation.deadline().map(|deadline| self.answered + deadline);
            let event = tokio::select! {
                () = cancelled.cancelled() => Some(Event::Cancelled),
                () = sleep_until(time_up) => Some(Event::TimeUp),
                () = until(deadline) => None,
                answer = answered(&mut self.check) => {
                    self.check = None;
                    match answer {
                        Ok(answer) => Some(Event::Checked {
                            accepted: answer.accepted,
                            tries_left: u8::try_from(answer.tries_left).unwrap_or(u8::MAX),
                        }),
                        Err(_gone) => {
                            why = Some("the daemon did not answer whether the digits are right");
                            Some(Event::CheckFailed)
                        }
                    }
                }
                event = self.media.next() => Some(match event {
                    MediaEvent::Arrived => Event::MediaArrived,
                    MediaEvent::Key(key) => Event::KeyPressed(key),
                    MediaEvent::PromptEnded => Event::PromptEnded,
                    MediaEvent::Stopped => {
                        why = Some("no audio for silence_seconds");
                        Event::MediaStopped
                    }
                }),
                event = leg.next() => match self.signalled(event) {
                    Some(event) => Some(event),
                    None => continue,
                },
            };
            let now = self.answered.elapsed();
            let actions = match event {
                Some(event) => self.conversation.on(event, now),
                None => self.conversation.on_deadline(now),
            };
            if let Some(disposition) = self.perform(actions) {
                return (disposition, why);
            }
        }
    }

    fn signalled(&mut self, event: LegEvent) -> Option<Event> {
        match event {
            LegEvent::HungUp | LegEvent::Refused(_) | LegEvent::Failed(_) => Some(Event::HungUp),
            LegEvent::Info { content_type, body } => {
                self.media.info(&content_type, &body).map(Event::KeyPressed)
            }
            LegEvent::Reoffer(reoffer) => {
                self.reoffered(reoffer);
                None
            }
            LegEvent::Provisional(_) | LegEvent::Answered(_) => None,
        }
    }

    /// Answers a re-INVITE or UPDATE: a refresh, a hold, or media that moved.
    fn reoffered(&mut self, reoffer: Reoffer) {
        self.descriptions += 1;
        if reoffer.body.is_empty() {
            let ours = self.local.answer(self.media.negotiated(), self.descriptions);
            let wanted = reoffer.wants_offer.then_some(ours);
            return reoffer.accept(wanted);
        }
        match sdp::read(&reoffer.body, &self.local.codecs) {
            Ok(negotiated) => {
                reoffer.accept(Some(self.local.answer(&negotiated, self.descriptions)));
                self.media.renegotiate(negotiated);
            }
            Err(_unusable) => reoffer.refuse(),
        }
    }

    fn perform(&mut self, actions: Vec<Action>) -> Option<Disposition> {
        for action in actions {
            match action {
                Action::Play(prompt) => self.play(prompt),
                Action::Hush => self.media.hush(),
                Action::Check(entry) => {
                    let (daemon, id) = (self.shared.daemon.clone(), self.call.id.clone());
                    self.check = Some(Box::pin(async move { daemon.check(&id, entry.expose()).await }));
                }
                Action::Report(progress) => {
                    let phase = match progress {
                        Progress::Prompting => phase::PROMPTING,
                        Progress::WrongDigits => own_phase::WRONG_DIGITS,
                    };
                    self.shared.daemon.progress(&self.call.id, phase);
                }
                Action::End(disposition) => return Some(disposition),
            }
        }
        None
    }

    fn play(&mut self, prompt: Prompt) {
        let codec = self.media.negotiated().codec;
        self.media.play(self.shared.settings.prompts.get(&self.call.locale, prompt, codec));
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

async fn answered(check: &mut Option<Checking>) -> Result<CheckAnswer, Gone> {
    match check {
        Some(check) => check.await,
        None => pending().await,
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
