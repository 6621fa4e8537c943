//! The telephone on the page: one call at a time, and what the person does with it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::room::{NextCall, Phase, Room, ShownCall};
use crate::limits;
use crate::narrator::{Narrator, Who};
use crate::phone::{Call, CallError, CallState, Ending, Samples};

/// How long something may be waited for that comes when it comes.
const LONG: Duration = Duration::from_secs(365 * 24 * 3600);

/// A deed at the telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Answer,
    Decline,
    Busy,
    HangUp,
    Press(String),
}

/// Takes calls, for as long as it lives.
#[derive(Debug)]
pub(super) struct Line {
    room: Arc<Room>,
    narrator: Arc<Narrator>,
    calls: JoinSet<()>,
}

impl Line {
    pub(super) fn new(room: Arc<Room>, narrator: Arc<Narrator>) -> Self {
        Self { room, narrator, calls: JoinSet::new() }
    }

    /// Lets a call ring. While there is another one, it hears "busy".
    pub(super) fn ring(&mut self, call: Call) {
        while self.calls.try_join_next().is_some() {}
        if !self.calls.is_empty() {
            return;
        }
        let (deeds, done) = mpsc::channel(limits::KEYS);
        self.room.set_deeds(Some(deeds));
        let attending = Attending { room: self.room.clone(), narrator: self.narrator.clone(), call };
        self.calls.spawn(attending.attend(done));
    }
}

/// Somebody with a call.
struct Attending {
    room: Arc<Room>,
    narrator: Arc<Narrator>,
    call: Call,
}

impl Attending {
    async fn attend(mut self, mut deeds: mpsc::Receiver<Deed>) {
        let shown = ShownCall {
            caller: self.call.caller().to_owned(),
            phase: Phase::Ringing,
            heard: 0,
            speech: 0,
            speaking: false,
            pressed: String::new(),
        };
        self.room.change(|state| {
            state.call = Some(shown);
            true
        });
        let ended = match self.room.take_next_call() {
            NextCall::Busy => self.call.busy().map(|()| "the line was busy"),
            NextCall::Declined => self.declined(),
            next => self.converse(&mut deeds, next == NextCall::Unheard).await,
        };
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                tracing::debug!(%error, "a call broke off");
                "the call broke off"
            }
        };
        self.room.set_deeds(None);
        self.room.change(|state| {
            if let Some(call) = &mut state.call {
                call.phase = Phase::Ended(ended);
                call.speaking = false;
            }
            true
        });
        self.tell(&format!("phone: {ended}"));
    }

    fn declined(&self) -> Result<&'static str, CallError> {
        self.call.ring()?;
        self.call.decline()?;
        Ok("the call was declined")
    }

    /// Has the call until it is over, and says how it ended.
    async fn converse(
        &mut self,
        deeds: &mut mpsc::Receiver<Deed>,
        unheard: bool,
    ) -> Result<&'static str, CallError> {
        self.call.ring()?;
        if unheard {
            self.show(|call| call.phase = Phase::Unheard);
        }
        self.tell(&format!("the phone rings: {} is calling", self.call.caller()));
        let mut sound = self.call.listen();
        let mut clock = interval(limits::LOOK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                ending = self.call.ended(LONG) => return Ok(match ending {
                    Some(Ending::GivenUp) => "the caller has given up",
                    Some(Ending::CallerHungUp) => "the caller has hung up",
                    Some(Ending::HungUp) => "you have hung up",
                    Some(Ending::Failed) | None => "the call is over",
                }),
                Some(deed) = deeds.recv() => {
                    if let Some(ended) = self.act(deed).await? {
                        return Ok(ended);
                    }
                }
                samples = sound.recv() => self.hear(samples),
                _ = clock.tick() => self.look(),
            }
        }
    }

    async fn act(&mut self, deed: Deed) -> Result<Option<&'static str>, CallError> {
        let incoming = self.call.state() == CallState::Incoming;
        match deed {
            Deed::Answer if incoming => {
                self.call.answer().await?;
                self.show(|call| call.phase = Phase::Answered);
                self.tell("you are on the line; a voice asks for the digits on the page");
            }
            Deed::Decline if incoming => {
                self.call.decline()?;
                return Ok(Some("you have declined"));
            }
            Deed::Busy if incoming => {
                self.call.busy()?;
                return Ok(Some("the caller heard that the line is busy"));
            }
            Deed::HangUp if !incoming => {
                self.call.hang_up()?;
                return Ok(Some("you have hung up"));
            }
            Deed::Press(keys) if !incoming => {
                match self.call.press(&keys).await {
                    // The caller may hang up before the last key is through.
                    Ok(()) | Err(CallError::Over) => {}
                    Err(error) => return Err(error),
                }
                self.show(|call| call.pressed.push_str(&keys));
            }
            Deed::Answer | Deed::Decline | Deed::Busy | Deed::HangUp | Deed::Press(_) => {}
        }
        Ok(None)
    }

    fn hear(&self, samples: Result<Samples, broadcast::error::RecvError>) {
        // What was missed is not worth a burst.
        if let Ok(samples) = samples {
            self.room.heard(samples);
        }
    }

    /// Shows how much was heard since the last look.
    fn look(&self) {
        let heard = self.call.heard();
        self.room.change(|state| {
            let Some(call) = &mut state.call else { return false };
            let speaking = heard.loud > call.speech;
            let changed = call.heard != heard.packets || call.speaking != speaking;
            (call.heard, call.speech, call.speaking) = (heard.packets, heard.loud, speaking);
            changed
        });
    }

    fn show(&self, change: impl FnOnce(&mut ShownCall)) {
        self.room.change(|state| {
            state.call.as_mut().map(change);
            true
        });
    }

    fn tell(&self, news: &str) {
        self.narrator.tell(Who::Phone, news.trim_start_matches("phone: "));
        self.room.tell(news);
    }
}
