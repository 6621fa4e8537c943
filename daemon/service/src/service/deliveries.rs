//! The outbox: what was committed is handed to plugins, and how it ended is the next event.
//!
//! A message is delivered at least once, always under the same id; a call at most once: it is marked as taken
//! before it is placed, and one that was taken when the daemon died is never placed again.

use std::collections::BTreeMap;
use std::future::Future;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use readmit_recovery::case::{Case, Challenge, ChallengeStatus};
use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::{Comparison, Event, Phase, Reply};
use readmit_recovery::id::{CaseId, DeliveryId};
use readmit_recovery::secret::Secret;
use readmit_store::{CommitError, Delivery, OutboxItem, Write};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::calling::country_called;
use super::in_hand::Hands;
use super::limits::{
    CLOCK_LOOK, DELIVERY_BATCH, FIRST_RETRY, LONGEST_RETRY, LOST_MESSAGE_TRIES, MESSAGE_ATTEMPT,
    RECORD_TRIES, RECORD_WAIT,
};
use super::payload::Payload;
use super::writes::PRETENCE;
use super::{Fault, Service, now};
use crate::meters::DeliveryEnd;
use crate::plugins::{CallRequest, Checked, Ended, Events, MessageRequest, PluginState, Supervisor};
use crate::traces::note;

/// Who writes for a plugin, in the journal.
const ACTOR: &str = "plugin";

impl Service {
    /// Puts right what a crash left behind: calls that were under way are over, messages are sent again.
    pub(super) async fn resume_deliveries(&self) -> Result<(), Fault> {
        loop {
            let taken = self.store.taken_deliveries().await?;
            let mut resumed = 0;
            for delivery in taken {
                let id = delivery.item.id.clone();
                match self.resume(delivery).await {
                    Ok(()) => resumed += 1,
                    // One that cannot be put right keeps no other from it, and the daemon from nothing.
                    Err(fault) => tracing::error!(%fault, delivery = %id, "a delivery was not resumed"),
                }
            }
            if resumed == 0 {
                return Ok(());
            }
        }
    }

    async fn resume(&self, delivery: Delivery) -> Result<(), Fault> {
        if delivery.item.at_most_once {
            let detail = "the daemon stopped while the call was under way";
            return self.finish(&delivery, Ended::because(Disposition::Interrupted, detail)).await;
        }
        let requeue = Write::RequeueDelivery { id: delivery.item.id, not_before: now() };
        self.commit("daemon", vec![requeue]).await.map(|_| ())
    }

    /// Hands due deliveries to plugins until `shutdown`, then waits for those in hand.
    pub(super) async fn work_off_deliveries(self: &Arc<Self>, shutdown: &CancellationToken) {
        let hands = Hands::new();
        let tasks = TaskTracker::new();
        loop {
            if let Err(fault) = self.take_due(&hands, &tasks).await {
                tracing::error!(%fault, "looking for deliveries failed");
            }
            tokio::select! {
                () = self.outbox.notified() => {}
                () = tokio::time::sleep(CLOCK_LOOK) => {}
                () = shutdown.cancelled() => break,
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn take_due(self: &Arc<Self>, hands: &Hands, tasks: &TaskTracker) -> Result<(), Fault> {
        loop {
            let due = self.store.due_deliveries(now(), DELIVERY_BATCH).await?;
            let last_round = due.len() < DELIVERY_BATCH as usize;
            let mut begun = 0;
            for delivery in due {
                let payload = Payload::from_bytes(&delivery.item.payload);
                // Where all hands of a kind are full it waits; the end of another one wakes this loop.
                let Some(hand) = hands.free(payload.as_ref()) else { continue };
                let id = delivery.item.id.clone();
                // Before it is taken: from then on, calling it off looks for it here.
                let called_off = self.in_hand.add(&delivery);
                let take = Write::TakeDelivery { id: id.clone() };
                match self.store.commit(self.change(ACTOR, vec![take])).await {
                    Ok(_) => {}
                    // Called off, or taken by another daemon, in the meantime.
                    Err(CommitError::Stale | CommitError::NotFound) => {
                        self.in_hand.remove(&id);
                        continue;
                    }
                    Err(error) => {
                        self.in_hand.remove(&id);
                        return Err(error.into());
                    }
                }
                begun += 1;
                let service = Arc::clone(self);
                tasks.spawn(async move {
                    let channel = delivery.item.channel.clone();
                    let delivered = service.deliver(delivery, payload, called_off);
                    service.traces.delivering(&id, &channel, delivered).await;
                    service.in_hand.remove(&id);
                    drop(hand);
                    service.outbox.notify_one();
                });
            }
            if last_round || begun == 0 {
                return Ok(());
            }
        }
    }

    async fn deliver(&self, delivery: Delivery, payload: Option<Payload>, called_off: CancellationToken) {
        let Some(payload) = payload else {
            tracing::error!(delivery = %delivery.item.id, "a delivery cannot be read");
            let ended = Ended::because(Disposition::ProviderError, "the delivery cannot be read");
            self.finish_or_log(&delivery, ended).await;
            return;
        };
        let awaited = payload.is_awaited();
        let calls = payload.is_at_most_once();
        let began = Instant::now();
        let ended = self.hand_over(&delivery, payload, &called_off).await;
        note("readmit.disposition", ended.disposition.as_str());
        if ended.plugin.is_some() {
            self.meters.attempted(&delivery.item.channel, began.elapsed());
        }
        if calls || ended.disposition != Disposition::Interrupted {
            let lasting = awaited || !may_pass(ended.disposition);
            if lasting || !self.put_back(&delivery, wait_after(delivery.attempt)).await {
                self.finish_or_log(&delivery, ended).await;
            }
            return;
        }
        // Taken as it is, it is sent again when the daemon starts again.
        if self.stopping.is_cancelled() {
            return;
        }
        let given_up = awaited && delivery.attempt + 1 >= LOST_MESSAGE_TRIES;
        let wait = if awaited { Duration::ZERO } else { wait_after(delivery.attempt) };
        if given_up || !self.put_back(&delivery, wait).await {
            self.finish_or_log(&delivery, ended).await;
        }
    }

    /// Puts a delivery back for later; false if its time would be over by then.
    async fn put_back(&self, delivery: &Delivery, wait: Duration) -> bool {
        let not_before = now().plus(wait);
        if not_before >= delivery.item.deadline {
            return false;
        }
        let again = || vec![Write::RequeueDelivery { id: delivery.item.id.clone(), not_before }];
        self.keep_trying(&delivery.item.id, || self.commit(ACTOR, again())).await;
        self.meters.put_back(&delivery.item.channel);
        true
    }

    async fn hand_over(
        &self,
        delivery: &Delivery,
        payload: Payload,
        called_off: &CancellationToken,
    ) -> Ended {
        let item = &delivery.item;
        let left = item.deadline.since(now());
        if left.is_zero() && !matches!(payload, Payload::Pretence { .. }) {
            return Ended::because(Disposition::Expired, "it was not handed over in time");
        }
        // A crash may have come between the end of a challenge and the calling off of its delivery.
        if payload.is_awaited() && !self.is_waited_for(item).await {
            return Ended::because(Disposition::Cancelled, "nobody waits for it any more");
        }
        let Ok(plugins) = self.plugins() else {
            return Ended::because(Disposition::Unreachable, "the daemon is starting");
        };
        let id = item.id.clone();
        match payload {
            Payload::Pretence { disposition } => self.pretend(item, disposition, left, called_off).await,
            Payload::Message { to, purpose, locale, fields } => {
                let mut fields: BTreeMap<String, Secret> =
                    fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
                fields.insert("sender".to_owned(), Secret::new(self.settings.sender.clone()));
                let (channel, to, deadline) =
                    (item.channel.clone(), Secret::new(to), left.min(MESSAGE_ATTEMPT));
                let request = MessageRequest { id, channel, to, purpose, locale, fields, deadline };
                until_ended(plugins, &item.id, called_off, plugins.deliver(request)).await
            }
            Payload::Call { to, locale, digits, tries } => {
                let (to, fields, deadline) = (Secret::new(to), BTreeMap::new(), left);
                let request = CallRequest { id, to, locale, fields, digits, tries, deadline };
                until_ended(plugins, &item.id, called_off, plugins.call(request)).await
            }
        }
    }

    /// Whether the case still waits for this delivery. Where that cannot be read, a call is not placed.
    async fn is_waited_for(&self, item: &OutboxItem) -> bool {
        let Some(case) = &item.case else { return true };
        let case = match self.load(case).await {
            Ok(loaded) => loaded.case,
            Err(fault) => {
                tracing::error!(%fault, delivery = %item.id, "whether a delivery is waited for is unknown");
                return false;
            }
        };
        let challenges = case.tracks.values().filter_map(|track| track.challenge.as_ref());
        let under_way = |challenge: &Challenge| challenge.status == ChallengeStatus::Delivering;
        challenges.filter(|challenge| under_way(challenge)).any(|it| it.delivery.as_ref() == Some(&item.id))
    }

    async fn finish_or_log(&self, delivery: &Delivery, ended: Ended) {
        self.keep_trying(&delivery.item.id, || self.finish(delivery, ended.clone())).await;
    }

    /// Does what must not be lost over a store that fails for a while. What is not done stays taken, and is put
    /// right when the daemon starts again.
    async fn keep_trying<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        id: &DeliveryId,
        write: impl Fn() -> F,
    ) {
        let mut wait = RECORD_WAIT;
        for _ in 0..RECORD_TRIES {
            let Err(fault) = write().await else { return };
            tracing::error!(%fault, delivery = %id, "recording how a delivery ended failed");
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = wait.saturating_mul(2),
                () = self.stopping.cancelled() => return,
            }
        }
    }

    /// Records how a delivery ended, in the case and in the outbox at once.
    async fn finish(&self, delivery: &Delivery, ended: Ended) -> Result<(), Fault> {
        let finish = Write::FinishDelivery { id: delivery.item.id.clone() };
        let Some(case) = &delivery.item.case else {
            self.commit(ACTOR, vec![finish]).await?;
            self.count(delivery, &ended, None);
            return Ok(());
        };
        let disposition = ended.disposition;
        if disposition.is_failure() {
            // The provider's own words stand in the journal, where addresses are taken out of them.
            tracing::warn!(
                delivery = %delivery.item.id,
                channel = delivery.item.channel,
                disposition = disposition.as_str(),
                "a delivery failed"
            );
        }
        let event = Event::DeliveryEnded {
            delivery: delivery.item.id.clone(),
            disposition,
            detail: ended.detail.clone().unwrap_or_default(),
        };
        let writes = iter::once(finish).chain(self.other_minutes(delivery)).collect();
        let applied = self.apply(case, ACTOR, event, writes).await?;
        self.count(delivery, &ended, Some(&applied.case));
        Ok(())
    }

    fn count(&self, delivery: &Delivery, ended: &Ended, case: Option<&Case>) {
        let channel = delivery.item.channel.as_str();
        if channel == PRETENCE {
            return self.meters.pretended();
        }
        self.meters.delivered(&DeliveryEnd {
            channel,
            plugin: ended.plugin.as_deref(),
            disposition: ended.disposition,
            country: case.and_then(|case| country_called(case, delivery)),
            answered: self.in_hand.answered_for(&delivery.item.id),
        });
    }

    /// Calls a delivery off, wherever it is.
    pub(super) async fn cancel_delivery(&self, id: &DeliveryId, actor: &str) {
        let cancel = Write::CancelDelivery { id: id.clone() };
        match self.store.commit(self.change(actor, vec![cancel])).await {
            Ok(_) => {}
            Err(CommitError::Stale | CommitError::NotFound) => self.in_hand.call_off(id),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "calling a delivery off failed");
                self.in_hand.call_off(id);
            }
        }
    }

    pub(super) async fn progressed(&self, delivery: DeliveryId, phase: Phase) {
        let Some(case) = self.case_of_call(&delivery) else { return };
        // Progress that comes too late to matter is dropped.
        if let Err(fault) =
            self.apply(&case, ACTOR, Event::DeliveryProgressed { delivery, phase }, Vec::new()).await
        {
            tracing::debug!(%fault, "progress of a call was not taken");
        }
    }

    async fn check_digits(&self, delivery: DeliveryId, digits: Secret) -> Checked {
        if let Some(checked) = self.trials.check(&delivery, &digits) {
            return checked;
        }
        let refused = Checked { accepted: false, tries_left: 0 };
        let Some(case) = self.case_of_call(&delivery) else { return refused };
        match self.apply(&case, ACTOR, Event::DigitsEntered { delivery, digits }, Vec::new()).await {
            Ok(applied) => match applied.reply {
                Reply::Proof { comparison, tries_left } => {
                    Checked { accepted: comparison == Comparison::Right, tries_left }
                }
                _ => refused,
            },
            Err(_) => refused,
        }
    }

    fn case_of_call(&self, delivery: &DeliveryId) -> Option<CaseId> {
        self.in_hand.case_of(delivery)
    }
}

/// Waits for the end of what a plugin does, and tells the plugin when it is called off.
async fn until_ended(
    plugins: &Supervisor,
    id: &DeliveryId,
    called_off: &CancellationToken,
    work: impl Future<Output = Ended>,
) -> Ended {
    if called_off.is_cancelled() {
        return Ended::because(Disposition::Cancelled, "called off before a plugin began with it");
    }
    tokio::pin!(work);
    tokio::select! {
        // The work first: only what has begun can be called off.
        biased;
        ended = &mut work => return ended,
        () = called_off.cancelled() => plugins.cancel(id),
    }
    work.await
}

/// Whether trying again later may help.
const fn may_pass(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Unreachable | Disposition::ProviderError)
}

/// How long to wait after so many attempts before this one.
fn wait_after(attempts: u32) -> Duration {
    FIRST_RETRY.saturating_mul(1 << attempts.min(16)).min(LONGEST_RETRY)
}

/// What plugins tell the service.
pub struct PluginEvents(pub Arc<Service>);

impl Events for PluginEvents {
    fn progress(&self, id: &DeliveryId, phase: &str) {
        let Ok(phase) = phase.parse::<Phase>() else { return };
        if !self.0.in_hand.note(id, phase) {
            return;
        }
        // One after the other, so that the page shows what was last, not what was slowest.
        let (service, id) = (Arc::clone(&self.0), id.clone());
        tokio::spawn(async move {
            while let Some(phase) = service.in_hand.next(&id) {
                service.progressed(id.clone(), phase).await;
            }
        });
    }

    fn check(&self, id: &DeliveryId, digits: Secret) -> BoxFuture<'static, Checked> {
        let (service, id) = (Arc::clone(&self.0), id.clone());
        Box::pin(async move { service.check_digits(id, digits).await })
    }

    fn state(&self, plugin: &str, state: PluginState) {
        if state == PluginState::Failed {
            self.0.clone().plugin_failed(plugin.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let waits = [0, 1, 2, 6, 7, 16, u32::MAX].map(|attempts| wait_after(attempts).as_secs());
        assert_eq!(waits, [30, 60, 120, 1920, 3600, 3600, 3600]);
    }
}
