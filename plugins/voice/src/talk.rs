//! An answered call: the session description of the answer, the conversation, and what it came to.
//!
//! What to do is decided in [`crate::conversation`]; here it is done.

use std::future::{Future, pending};
use std::pin::Pin;

use readmit_plugin::{Call, Checked as CheckAnswer, Gone, phase};
use readmit_telephone::outcome::{Detail, Disposition};
use readmit_telephone::prompts::Prompt;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::call::{End, Placed, Shared};
use crate::conversation::{Action, Conversation, Event, Progress, Rules};
use crate::leg::{Leg, LegEvent, Reoffer};
use crate::media::{Media, MediaEvent};
use crate::ports::Port;
use crate::sdp::Local;

/// The phase after the person typed wrong digits; the protocol leaves it to plugins.
const WRONG_DIGITS: &str = "wrong_digits";

/// Holds the conversation of an answered call.
pub(crate) async fn hold(
    placed: &mut Placed<'_>,
    port: Port,
    local: &Local,
    answer: &[u8],
    random: [u8; 10],
) -> End {
    let settings = &placed.shared.settings;
    let rang = placed.started.elapsed();
    let negotiated = match local.read_answer(answer) {
        Ok(negotiated) => negotiated,
        Err(error) => {
            let detail = Detail::new(error.to_string()).after("answered after", rang);
            return (Disposition::MediaNegotiation, detail);
        }
    };
    placed.shared.daemon.progress(&placed.call.id, phase::ANSWERED);
    let rules = Rules {
        digits: placed.call.digits,
        tries: placed.call.tries,
        first_key: settings.first_key,
        next_key: settings.next_key,
        events_negotiated: !negotiated.events.is_empty(),
    };
    let (security, networks) = (local.security.clone(), settings.media_networks.clone());
    let media = Media::start(port, negotiated, security, networks, settings.silence, random);
    let mut talk = Talk {
        shared: placed.shared,
        call: placed.call,
        local,
        media,
        conversation: Conversation::new(rules),
        answered: Instant::now(),
        check: None,
        descriptions: 1,
    };
    let time_up = (talk.answered + settings.max_call).min(placed.deadline);
    let (disposition, why) = talk.hold(&mut placed.leg, time_up, placed.cancelled).await;
    talk.media.leave();
    let detail = Detail::default()
        .and_if(why.map(str::to_owned))
        .and(talk.conversation.summary())
        .and(talk.media.summary())
        .after("answered after", rang)
        .after("talked", talk.answered.elapsed());
    (disposition, detail)
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
        match self.local.read_offer(&reoffer.body, self.media.negotiated()) {
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
                        Progress::WrongDigits => WRONG_DIGITS,
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
