//! One call, from the phone's side.

use std::sync::Arc;
use std::time::Duration;

use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, StatusCode};
use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::media::{Ear, Heard, Media, Pressed, Samples};
use super::sdp::Offer;
use super::talk::Key;
use crate::limits;

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// It has come in, and nobody has answered.
    Incoming,
    /// Both sides are on the line.
    Answered,
    /// It is over.
    Ended(Ending),
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The caller gave up before it was answered.
    GivenUp,
    /// The caller hung up.
    CallerHungUp,
    /// The phone hung up, declined, or was busy.
    HungUp,
    /// The signalling broke down.
    Failed,
}

/// Why a call cannot go on.
#[derive(Debug, Error)]
pub enum CallError {
    /// The call is over, or not in the state for this.
    #[error("the call is over")]
    Over,
    /// The caller never acknowledged the answer.
    #[error("the caller did not acknowledge within {} s", limits::ANSWER.as_secs())]
    NotAcknowledged,
    /// The caller's phone network carries no keys.
    #[error("the caller takes no keypad digits")]
    NoKeypad,
    /// The text has something that is not on a keypad.
    #[error("a keypad has the keys 0 to 9, * and #")]
    NoSuchKey,
    /// The socket for the sound failed.
    #[error("the sound could not be set up")]
    Media(#[source] std::io::Error),
    /// The signalling failed.
    #[error("the call could not be signalled")]
    Signalling(#[source] Box<rsipstack::Error>),
}

/// An incoming call. Dropping it hangs up.
#[derive(Debug)]
pub struct Call {
    parts: Parts,
    media: Option<Media>,
    keys: Option<mpsc::Sender<Pressed>>,
    ear: Arc<Ear>,
    over: CancellationToken,
}

/// What the switchboard hands over.
pub(super) struct Parts {
    pub(super) caller: String,
    pub(super) called: String,
    pub(super) offer: Offer,
    pub(super) dialog: InviteDialog,
    pub(super) layer: Arc<DialogLayer>,
    pub(super) state: watch::Sender<CallState>,
    pub(super) over: CancellationToken,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = *self.state.borrow();
        formatter
            .debug_struct("Parts")
            .field("caller", &self.caller)
            .field("called", &self.called)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

impl Call {
    pub(super) fn new(parts: Parts, media: Media) -> Self {
        let over = parts.over.clone();
        Self { parts, media: Some(media), keys: None, ear: Arc::default(), over }
    }

    /// The number that calls, as the network shows it.
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.parts.caller
    }

    /// The number that was called.
    #[must_use]
    pub fn called(&self) -> &str {
        &self.parts.called
    }

    /// How far the call is.
    #[must_use]
    pub fn state(&self) -> CallState {
        *self.parts.state.borrow()
    }

    /// What was heard so far.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.ear.heard()
    }

    /// What is heard from now on, a packet at a time.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Samples> {
        self.ear.listen()
    }

    /// Lets the phone ring, and tells the caller so.
    ///
    /// # Errors
    /// If the call is over.
    pub fn ring(&self) -> Result<(), CallError> {
        self.parts.dialog.ringing(None, None).map_err(signalling)
    }

    /// Answers, and waits until both sides are on the line.
    ///
    /// # Errors
    /// If the caller has given up, or does not acknowledge.
    pub async fn answer(&mut self) -> Result<(), CallError> {
        let (CallState::Incoming, Some(media)) = (self.state(), self.media.take()) else {
            return Err(CallError::Over);
        };
        let local = media.address().map_err(CallError::Media)?;
        let (keys, pressed) = mpsc::channel(limits::KEYS);
        tokio::spawn(media.run(self.ear.clone(), pressed, self.over.clone()));
        self.keys = Some(keys);
        let answer = self.parts.offer.answer(local).into_bytes();
        let kind = vec![Header::ContentType("application/sdp".into())];
        self.parts.dialog.accept(Some(kind), Some(answer)).map_err(signalling)?;
        let mut state = self.parts.state.subscribe();
        let changed = state.wait_for(|state| *state != CallState::Incoming);
        let state = match timeout(limits::ANSWER, changed).await {
            Ok(Ok(state)) => *state,
            Ok(Err(_)) => return Err(CallError::Over),
            Err(_) => return Err(CallError::NotAcknowledged),
        };
        if state == CallState::Answered { Ok(()) } else { Err(CallError::Over) }
    }

    /// Presses these keys one after the other, and waits until they are sent.
    ///
    /// # Errors
    /// If the call is over before that, or cannot carry keys.
    pub async fn press(&self, labels: &str) -> Result<(), CallError> {
        let keys: Vec<_> = labels
            .chars()
            .map(|label| Key::labelled(label).ok_or(CallError::NoSuchKey))
            .collect::<Result<_, _>>()?;
        if self.parts.offer.events.is_none() {
            return Err(CallError::NoKeypad);
        }
        let Some(line) = &self.keys else { return Err(CallError::Over) };
        for key in keys {
            let (done, sent) = oneshot::channel();
            line.send((key, done)).await.map_err(|_| CallError::Over)?;
            sent.await.map_err(|_| CallError::Over)?;
        }
        Ok(())
    }

    /// Says that the line is busy.
    ///
    /// # Errors
    /// If the call was answered or is over.
    pub fn busy(&self) -> Result<(), CallError> {
        self.refuse(StatusCode::BusyHere)
    }

    /// Declines the call.
    ///
    /// # Errors
    /// If the call was answered or is over.
    pub fn decline(&self) -> Result<(), CallError> {
        self.refuse(StatusCode::Decline)
    }

    /// Hangs up an answered call, or declines one that is not. For the phone the call is over at once; the
    /// caller is told in the background.
    ///
    /// # Errors
    /// If the call is over.
    pub fn hang_up(&self) -> Result<(), CallError> {
        match self.state() {
            CallState::Incoming => self.decline(),
            CallState::Ended(_) => Err(CallError::Over),
            CallState::Answered => {
                self.over.cancel();
                self.parts.state.send_replace(CallState::Ended(Ending::HungUp));
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(say_bye(self.parts.layer.clone(), self.parts.dialog.clone()));
                }
                Ok(())
            }
        }
    }

    /// Waits until the call is over; `None` if that takes longer than `within`.
    pub async fn ended(&self, within: Duration) -> Option<Ending> {
        let mut state = self.parts.state.subscribe();
        let ended = async {
            match state.wait_for(|state| matches!(state, CallState::Ended(_))).await.as_deref() {
                Ok(CallState::Ended(ending)) => *ending,
                _ => Ending::Failed,
            }
        };
        timeout(within, ended).await.ok()
    }

    fn refuse(&self, status: StatusCode) -> Result<(), CallError> {
        if self.state() != CallState::Incoming {
            return Err(CallError::Over);
        }
        self.parts.dialog.reject(Some(status), None).map_err(signalling)
    }
}

fn signalling(error: rsipstack::Error) -> CallError {
    CallError::Signalling(Box::new(error))
}

/// Tells the caller that the call is over, and forgets the call whether or not the caller hears it.
async fn say_bye(layer: Arc<DialogLayer>, dialog: InviteDialog) {
    if !matches!(timeout(limits::HANG_UP, dialog.bye()).await, Ok(Ok(()))) {
        tracing::debug!("the caller did not hear that the phone has hung up");
    }
    layer.remove_dialog(&dialog.id());
}

impl Drop for Call {
    fn drop(&mut self) {
        self.over.cancel();
        // A call that is over already has nobody left to tell.
        let _ = if self.state() == CallState::Incoming { self.busy() } else { self.hang_up() };
    }
}
