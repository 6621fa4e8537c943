//! One call on the SIP side, in the words of this plugin: what the peer does comes out of [`Leg::next`], and
//! [`Leg::end`] ends the call in whatever state it is. A leg that is dropped ends its call too.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, TerminatedReason, TransactionHandle};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::{InviteAsyncResult, InviteOption};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Method, Request, Response, StatusCode, StatusCodeKind};
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::inbound::Turns;
use crate::limits;
use crate::link::Way;
use crate::refresh::{self as session, Due, SessionTimer};
use crate::request::closed;
use crate::signalling::USER_AGENT;

/// Something that the peer did.
#[derive(Debug)]
pub enum LegEvent {
    /// A provisional response.
    Provisional(u16),
    /// The call was answered, with this session description.
    Answered(Vec<u8>),
    /// The call was refused.
    Refused(Refusal),
    /// The call failed without a usable response.
    Failed(LegError),
    /// A SIP INFO, already acknowledged.
    Info {
        /// Its `Content-Type`.
        content_type: String,
        /// Its body.
        body: Vec<u8>,
    },
    /// A new session description, to be answered.
    Reoffer(Reoffer),
    /// The peer hung up.
    HungUp,
}

/// A final response other than 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its status.
    pub status: u16,
    /// Its phrase.
    pub phrase: String,
    /// Its `Reason` header, if it has one.
    pub reason: Option<String>,
    /// Its `Retry-After` header, if it has one.
    pub retry_after: Option<String>,
}

/// Why there was no usable response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LegError {
    /// The challenge of the trunk cannot be answered.
    #[error("the trunk asks for an authentication that is not supported")]
    Challenge,
    /// The answer lacks what a call needs.
    #[error("the answer is not usable")]
    Answer,
    /// The transaction ended without a final response.
    #[error("the transaction ended without a final response")]
    Nothing,
    /// The connection to the trunk ended first.
    #[error("the trunk closed the connection instead of answering")]
    Closed,
}

/// A session description of the peer within the call.
#[derive(Debug)]
pub struct Reoffer {
    /// The description; empty if the peer wants ours first.
    pub body: Vec<u8>,
    /// Whether the answer has to carry a description even if the request had none.
    pub wants_offer: bool,
    reply: TransactionHandle,
    timers: Vec<Header>,
    description: Arc<Mutex<Vec<u8>>>,
}

impl Reoffer {
    /// Accepts, with our description if there is one to send.
    pub fn accept(self, description: Option<String>) {
        let mut headers = self.timers;
        let body = description.map(String::into_bytes);
        if let Some(body) = &body {
            headers.push(Header::ContentType(SDP.to_owned().into()));
            self.description.lock().clone_from(body);
        }
        respond(self.reply, StatusCode::OK, Some(headers), body);
    }

    /// Refuses; the call goes on as it was.
    pub fn refuse(self) {
        respond(self.reply, StatusCode::NotAcceptableHere, None, None);
    }
}

/// Answers in a task of its own, so that a call that is busy with something else loses no request.
fn respond(
    reply: TransactionHandle,
    status: StatusCode,
    headers: Option<Vec<Header>>,
    body: Option<Vec<u8>>,
) {
    tokio::spawn(async move {
        // If the transaction is gone, nobody waits for the answer.
        drop(reply.respond(status, headers, body).await);
    });
}

/// The type of a session description.
const SDP: &str = "application/sdp";

/// One call.
pub struct Leg {
    dialog: InviteDialog,
    layer: Arc<DialogLayer>,
    states: DialogStateReceiver,
    option: InviteOption,
    way: Way,
    /// Whether the trunk said anything yet.
    silent: bool,
    /// Our description as it is in force.
    description: Arc<Mutex<Vec<u8>>>,
    timer: SessionTimer,
    outcome: Option<JoinHandle<InviteAsyncResult>>,
    /// Holds back what the peer asks for until its answer is here.
    unanswered: Option<OwnedMutexGuard<()>>,
    confirmed: Option<DialogId>,
    hung_up: bool,
    ended: bool,
    endings: TaskTracker,
}

impl Leg {
    /// Sends the INVITE; `None` if the stack cannot build it.
    pub(crate) fn invite(
        layer: &Arc<DialogLayer>,
        option: InviteOption,
        way: Way,
        turns: &Turns,
        endings: &TaskTracker,
    ) -> Option<Leg> {
        let (sender, states) = layer.new_dialog_state_channel();
        let (dialog, outcome) = layer.do_invite_async(option.clone(), sender).ok()?;
        let unanswered = turns.of(dialog.id().call_id).try_lock_owned().ok();
        Some(Leg {
            dialog,
            layer: layer.clone(),
            states,
            description: Arc::new(Mutex::new(option.offer.clone().unwrap_or_default())),
            option,
            way,
            silent: true,
            timer: SessionTimer::default(),
            outcome: Some(outcome),
            unanswered,
            confirmed: None,
            hung_up: false,
            ended: false,
            endings: endings.clone(),
        })
    }

    /// The Call-ID, by which the provider knows the call.
    pub fn call_id(&self) -> String {
        self.dialog.id().call_id
    }

    /// Waits for what the peer does next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> LegEvent {
        loop {
            if self.hung_up && self.confirmed.is_some() && !self.ended {
                self.ended = true;
                return LegEvent::HungUp;
            }
            let event = tokio::select! {
                biased;
                Some(state) = self.states.recv() => self.on_state(state),
                outcome = joined(&mut self.outcome) => {
                    self.outcome = None;
                    self.on_outcome(outcome)
                }
                due = self.timer.next(&self.dialog, &self.description), if self.confirmed.is_some() && !self.ended => {
                    // It is ours to say that it is over; the end of the leg does.
                    (due == Due::Over).then_some(LegEvent::HungUp)
                }
                () = closed(&self.way), if self.silent && !self.ended => {
                    Some(LegEvent::Failed(LegError::Closed))
                }
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    fn on_state(&mut self, state: DialogState) -> Option<LegEvent> {
        self.silent &= matches!(state, DialogState::Calling(_));
        match state {
            DialogState::Trying(_) => Some(LegEvent::Provisional(100)),
            DialogState::Early(_, response) => Some(LegEvent::Provisional(response.status_code.code())),
            DialogState::Info(_, request, reply) => {
                respond(reply, StatusCode::OK, None, None);
                Some(LegEvent::Info { content_type: content_type(&request), body: request.body })
            }
            DialogState::Updated(_, request, reply) => {
                let wants_offer = request.method == Method::Invite;
                let timers = self.timer.asked(&request);
                let description = self.description.clone();
                Some(LegEvent::Reoffer(Reoffer {
                    body: request.body,
                    wants_offer,
                    reply,
                    timers,
                    description,
                }))
            }
            DialogState::Options(_, _, reply) => {
                respond(reply, StatusCode::OK, None, None);
                None
            }
            // A transfer would lead the call to a number that nobody put on file.
            DialogState::Refer(_, _, reply) => {
                respond(reply, StatusCode::Decline, None, None);
                None
            }
            DialogState::Publish(_, _, reply)
            | DialogState::Notify(_, _, reply)
            | DialogState::Message(_, _, reply) => {
                respond(reply, StatusCode::MethodNotAllowed, None, None);
                None
            }
            // A BYE can overtake the outcome of the INVITE on its way here; then it waits for that.
            DialogState::Terminated(_, TerminatedReason::UasBye | TerminatedReason::Timeout) => {
                self.hung_up = true;
                None
            }
            // Before the answer, the outcome of the INVITE says more than the state of its dialog.
            DialogState::Terminated(..)
            | DialogState::Calling(_)
            | DialogState::WaitAck(..)
            | DialogState::Confirmed(..) => None,
        }
    }

    fn on_outcome(&mut self, outcome: Option<InviteAsyncResult>) -> Option<LegEvent> {
        self.silent = false;
        Some(match outcome {
            Some(Ok((id, Some(response)))) if response.status_code.kind() == StatusCodeKind::Successful => {
                self.confirmed = Some(id);
                self.unanswered = None;
                self.timer.agreed(&response);
                LegEvent::Answered(response.body)
            }
            // The stack makes this response up when the connection takes no more bytes.
            Some(Ok((_, Some(response)))) if is_made_up(&response) => LegEvent::Failed(LegError::Closed),
            Some(Ok((_, Some(response)))) => {
                if response.status_code.code() == 422 && self.ask_longer(&response) {
                    return None;
                }
                self.ended = true;
                LegEvent::Refused(refusal(&response))
            }
            Some(Err(rsipstack::Error::DialogError(_, _, status))) if matches!(status.code(), 401 | 407) => {
                LegEvent::Failed(LegError::Challenge)
            }
            Some(Err(_)) => LegEvent::Failed(LegError::Answer),
            Some(Ok((_, None))) | None => LegEvent::Failed(LegError::Nothing),
        })
    }

    /// Sends the INVITE again with the session interval that the other side wants at least (RFC 4028 §7.3), once.
    fn ask_longer(&mut self, response: &Response) -> bool {
        let Some(least) = session::minimum(response) else { return false };
        let Some(headers) = self.option.headers.as_mut() else { return false };
        if headers.iter().any(|header| matches!(header, Header::MinSE(_))) {
            return false;
        }
        headers.retain(|header| !matches!(header, Header::SessionExpires(_)));
        headers.push(Header::SessionExpires(least.to_string().into()));
        headers.push(Header::MinSE(least.to_string().into()));
        self.option.call_id = Some(self.call_id());
        let (sender, states) = self.layer.new_dialog_state_channel();
        let Ok((dialog, outcome)) = self.layer.do_invite_async(self.option.clone(), sender) else {
            return false;
        };
        (self.dialog, self.states, self.outcome, self.silent) = (dialog, states, Some(outcome), true);
        true
    }

    /// Ends the call: CANCEL before the answer, BYE after it, nothing if it is over. What takes longer than
    /// `limit` goes on by itself.
    pub async fn end(mut self, limit: Duration) {
        if let Some(ending) = self.ending() {
            let _late = timeout(limit, ending).await;
        }
    }

    fn ending(&mut self) -> Option<JoinHandle<()>> {
        let (dialog, layer, confirmed, outcome) =
            (self.dialog.clone(), self.layer.clone(), self.confirmed.take(), self.outcome.take());
        let over = std::mem::replace(&mut self.ended, true);
        if over {
            if let Some(id) = confirmed {
                layer.remove_dialog(&id);
            }
            return None;
        }
        tokio::runtime::Handle::try_current().ok()?;
        if self.silent
            && let Some(outcome) = &outcome
        {
            // Nothing was answered, so a CANCEL may not be sent yet (RFC 3261 §9.1). Without its task the INVITE is not
            // repeated any more, and the stack cancels it as soon as something is answered.
            outcome.abort();
            // Nobody waits for that but the plugin's own end.
            self.endings.spawn(sleep(limits::CANCEL));
            return None;
        }
        let work = async move {
            // Failures have nobody to be told to: the stack has tried as often as the standard says.
            drop(dialog.hangup().await);
            // A 200 that crossed the CANCEL is acknowledged and ended by the stack before this is over.
            if let Some(outcome) = outcome {
                drop(outcome.await);
            }
        };
        Some(self.endings.spawn(async move {
            let _late = timeout(limits::TEARDOWN, work).await;
            if let Some(id) = confirmed {
                layer.remove_dialog(&id);
            }
        }))
    }
}

impl Drop for Leg {
    fn drop(&mut self) {
        drop(self.ending());
    }
}

/// Waits for the task, forever if there is none; `None` if it panicked.
async fn joined(outcome: &mut Option<JoinHandle<InviteAsyncResult>>) -> Option<InviteAsyncResult> {
    match outcome {
        Some(outcome) => outcome.await.ok(),
        None => pending().await,
    }
}

/// Whether a 503 is the stack's own: those have our name in them.
pub(crate) fn is_made_up(response: &Response) -> bool {
    let ours = |header: &Header| matches!(header, Header::UserAgent(name) if name.value() == USER_AGENT);
    response.status_code == StatusCode::ServiceUnavailable && response.headers.iter().any(ours)
}

fn refusal(response: &Response) -> Refusal {
    let status = response.status_code.code();
    let phrase = response.wire_reason.clone().unwrap_or_else(|| response.status_code.text().to_owned());
    let mut refusal = Refusal { status, phrase, reason: None, retry_after: None };
    for header in response.headers.iter() {
        match header {
            Header::Reason(reason) => refusal.reason = Some(reason.value().to_owned()),
            Header::RetryAfter(after) => refusal.retry_after = Some(after.value().to_owned()),
            _ => {}
        }
    }
    refusal
}

fn content_type(request: &Request) -> String {
    let found = request.headers.iter().find_map(|header| match header {
        Header::ContentType(value) => Some(value.value().to_owned()),
        _ => None,
    });
    found.unwrap_or_default()
}

#[cfg(test)]
#[path = "leg_tests.rs"]
mod tests;
