//! A call that the provider has, or may have: from the request to its end.

use std::collections::HashMap;
use std::time::SystemTime;

use readmit_plugin::{Call, phase};
use readmit_telephone::outcome::{Detail, Disposition};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{Outcome, Shared, Taken, own_phase};
use crate::calls::{Incoming, Line, Reply};
use crate::conversation::{Conversation, Entry, Rules, Step, Turn};
use crate::ending::{End, Kind, Status};
use crate::limits;
use crate::provider::Answered;
use crate::webhook::{Place, What};

/// A call that the provider has, or may have.
pub(super) struct Placed<'a> {
    shared: &'a Shared,
    call: &'a Call,
    cancelled: &'a CancellationToken,
    started: Instant,
    deadline: Instant,
    line: Line,
    /// The provider's name for the call, from its answer or the first webhook; no other webhook is of this call.
    id: Option<String>,
    /// Why it is not known whether there is a call.
    unclear: Option<Detail>,
    conversation: Conversation,
    /// The last turn and where it was asked for: who asks there again, since an answer got lost, gets the same.
    last: Option<(Place, Turn)>,
    /// Where each signed token was used: nowhere else is it any good.
    tokens: HashMap<String, Place>,
    phase: Phase,
}

/// How far the call is, and until when it may stay there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was heard of it yet.
    Silent { until: Instant },
    /// The provider is at it.
    Ringing { until: Instant, rings: bool },
    /// It was answered.
    Talking { until: Instant },
    /// The outcome is settled; the last prompt is played.
    Parting { until: Instant },
}

impl<'a> Placed<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        call: &'a Call,
        cancelled: &'a CancellationToken,
        started: Instant,
        deadline: Instant,
        line: Line,
        taken: Taken,
    ) -> Placed<'a> {
        let (id, unclear) = match taken {
            Taken::Known(id) => (Some(id), None),
            Taken::Unclear(why) => (None, Some(why)),
        };
        let rules = Rules { digits: call.digits, tries: call.tries };
        let phase = Phase::Silent { until: Instant::now() + shared.settings.trying };
        let conversation = Conversation::new(rules);
        let (last, tokens) = (None, HashMap::new());
        Placed {
            shared,
            call,
            cancelled,
            started,
            deadline,
            line,
            id,
            unclear,
            conversation,
            last,
            tokens,
            phase,
        }
    }

    /// Sees the call through to its end.
    pub(super) async fn run(mut self) -> Outcome {
        loop {
            let until = self.phase.until().min(self.deadline);
            tokio::select! {
                () = self.cancelled.cancelled() => {
                    self.hang_up().await;
                    let disposition = self.conversation.settled().unwrap_or(Disposition::Cancelled);
                    return self.outcome(disposition, Detail::new("cancelled by the daemon"));
                }
                () = sleep_until(until) => return self.give_up().await,
                incoming = self.line.news.recv() => {
                    // The sender lives as long as the line does.
                    let Some(incoming) = incoming else { return self.give_up().await };
                    if let Some(end) = self.take(incoming).await {
                        return self.ended(&end, Detail::default());
                    }
                }
            }
        }
    }

    /// Takes a webhook, and answers it if it is of this call; gives the end if it tells of one.
    async fn take(&mut self, incoming: Incoming) -> Option<End> {
        let Incoming { place, news, reply } = incoming;
        // A reply that is dropped refuses the webhook.
        if self.id.get_or_insert_with(|| news.provider_id.clone()) != &news.provider_id {
            return None;
        }
        if let Some(token) = news.token_id
            && (self.tokens.len() >= limits::MAX_TOKENS
                || *self.tokens.entry(token).or_insert(place) != place)
        {
            return None;
        }
        let turn = match news.what {
            What::Status(status) => {
                // Whoever is gone does not need the answer.
                let _gone = reply.send(Reply::Noted);
                return self.told(status);
            }
            _ if self.last.is_some_and(|(before, _)| before == place) => self.last.map(|(_, turn)| turn),
            What::Answered => self.conversation.answered(),
            What::Heard(entry, keys) => match self.conversation.heard(entry, &keys) {
                Some(Step::Say(turn)) => Some(turn),
                Some(Step::Check(entry)) => Some(self.check(&entry).await),
                None => None,
            },
        }?;
        self.last = Some((place, turn));
        self.follow(turn);
        let _gone = reply.send(Reply::Do(turn));
        None
    }

    fn told(&mut self, status: Option<Status>) -> Option<End> {
        let ring = self.shared.settings.ring + limits::RING_MARGIN;
        let rang = matches!(self.phase, Phase::Ringing { rings: true, .. });
        match (status?, self.phase) {
            (Status::Ended(end), _) => return Some(end),
            (Status::Queued, Phase::Silent { .. }) => {
                self.phase = Phase::Ringing { until: self.deadline, rings: false };
            }
            (Status::Calling, Phase::Silent { .. } | Phase::Ringing { rings: false, .. }) => {
                self.phase = Phase::Ringing { until: Instant::now() + ring, rings: false };
            }
            (Status::Ringing, Phase::Silent { .. } | Phase::Ringing { .. }) if !rang => {
                self.phase = Phase::Ringing { until: Instant::now() + ring, rings: true };
                self.shared.daemon.progress(&self.call.id, phase::RINGING);
            }
            (Status::Answered, Phase::Silent { .. } | Phase::Ringing { .. }) => self.talk(),
            // What comes late tells nothing new.
            (Status::Queued | Status::Calling | Status::Ringing | Status::Answered, _) => {}
        }
        None
    }

    fn talk(&mut self) {
        let longest = self.shared.settings.max_call + limits::CALL_MARGIN;
        self.phase = Phase::Talking { until: Instant::now() + longest };
        self.shared.daemon.progress(&self.call.id, phase::ANSWERED);
    }

    fn follow(&mut self, turn: Turn) {
        if matches!(self.phase, Phase::Silent { .. } | Phase::Ringing { .. }) {
            self.talk();
        }
        match turn {
            Turn::Ask(..) => self.shared.daemon.progress(&self.call.id, phase::PROMPTING),
            Turn::Part(_) => self.phase = Phase::Parting { until: Instant::now() + limits::PARTING },
        }
    }

    async fn check(&mut self, entry: &Entry) -> Turn {
        let daemon = &self.shared.daemon;
        match timeout(limits::CHECK, daemon.check(&self.call.id, entry.expose())).await {
            Ok(Ok(answer)) => {
                if !answer.accepted {
                    daemon.progress(&self.call.id, own_phase::WRONG_DIGITS);
                }
                self.conversation.checked(answer.accepted, answer.tries_left)
            }
            Ok(Err(_)) | Err(_) => self.conversation.unchecked(),
        }
    }

    /// Nothing came in time. The provider may know more than its webhooks told.
    async fn give_up(self) -> Outcome {
        if let Some(disposition) = self.conversation.settled() {
            self.hang_up().await;
            return self
                .outcome(disposition, Detail::new("the provider did not tell that the call has ended"));
        }
        let found = self.ask_status().await;
        let silent = matches!(self.phase, Phase::Silent { .. });
        let note = silent.then(|| {
            "no webhook came: the provider cannot reach public_url, or the proxy does not pass it on"
                .to_owned()
        });
        if let Some(Status::Ended(end)) = &found {
            return self.ended(end, Detail::default().and_if(note));
        }
        self.hang_up().await;
        let (disposition, text) = match self.phase {
            Phase::Silent { .. } if self.unclear.is_some() => {
                (Disposition::Unreachable, "it is not known whether there was a call")
            }
            Phase::Silent { .. } => (Disposition::ProviderError, "nothing was heard of the call"),
            Phase::Ringing { rings: false, .. } => {
                (Disposition::NoAnswer, "the provider took the call, but no ringing was reported")
            }
            Phase::Ringing { rings: true, .. } => {
                (Disposition::NoAnswer, "rang until ring_seconds were over")
            }
            Phase::Talking { .. } | Phase::Parting { .. } => {
                (Disposition::MaxDuration, "max_call_seconds were over")
            }
        };
        self.outcome(disposition, Detail::new(text).and_if(note))
    }

    /// The provider told the end.
    fn ended(self, end: &End, detail: Detail) -> Outcome {
        let found = || end.disposition(self.shared.settings.max_call);
        let disposition = self.conversation.hung_up().unwrap_or_else(found);
        let unheard = end.kind == Kind::Completed && self.last.is_none();
        let note = unheard.then(|| "the provider never asked what to say: check public_url".to_owned());
        self.outcome(disposition, end.tell(detail).and_if(note))
    }

    fn outcome(self, disposition: Disposition, detail: Detail) -> Outcome {
        let answered = self.last.is_some().then(|| self.conversation.summary());
        let detail = match self.unclear {
            Some(why) => detail.and(why.to_string()),
            None => detail,
        };
        let detail = detail.and_if(answered).after("after", self.started.elapsed());
        Outcome { disposition, detail, provider_id: self.id }
    }

    async fn ask_status(&self) -> Option<Status> {
        let asking = self.shared.provider.ask_status(self.id.as_deref()?, SystemTime::now())?;
        let answer = self.shared.client.ask(asking, limits::LAST_REQUEST).await.ok()?;
        self.shared.provider.status(&answer)
    }

    /// Ends the call at the provider. A refusal means mostly that it was answered, or ended, at this very moment.
    async fn hang_up(&self) {
        let Some(id) = self.id.as_deref() else { return };
        let before = match self.phase {
            Phase::Silent { .. } | Phase::Ringing { .. } => Answered::NotYet,
            Phase::Talking { .. } | Phase::Parting { .. } => Answered::Yes,
        };
        for answered in [before, Answered::Yes] {
            let Some(asking) = self.shared.provider.end(id, answered, SystemTime::now()) else { return };
            match self.shared.client.ask(asking, limits::LAST_REQUEST).await {
                Ok(answer) if (200..300).contains(&answer.status) => return,
                Ok(answer) => tracing::debug!(status = answer.status, "the end of a call was refused"),
                Err(error) => tracing::warn!(%error, "the provider could not be told to end a call"),
            }
            if before == Answered::Yes {
                return;
            }
        }
    }
}

impl Phase {
    fn until(self) -> Instant {
        match self {
            Phase::Silent { until }
            | Phase::Ringing { until, .. }
            | Phase::Talking { until }
            | Phase::Parting { until } => until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_leaves_time_to_end_a_call() {
        let ending = limits::LAST_REQUEST * 2;
        assert!(limits::DEADLINE_MARGIN > ending);
        assert!(limits::ANSWER > limits::CHECK);
    }
}
