//! The outbox: what was committed is handed to plugins, and how it ended is the next event.
//!
//! A message is delivered at least once, always under the same id; a call at most once: it is marked as taken
//! before it is placed, and one that was taken when the daemon died is never placed again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::{Comparison, Event, Phase, Reply};
use readmit_recovery::id::{CaseId, DeliveryId};
use readmit_recovery::secret::Secret;
use readmit_store::{CommitError, Delivery, OutboxItem, Write};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::limits::{
    BATCH, CLOCK_LOOK, DELIVERIES_AT_ONCE, FIRST_RETRY, FIRST_RING, LONGEST_RETRY, MESSAGE_ATTEMPT,
};
use super::{Fault, Service, Signal, now};
use crate::plugins::{CallRequest, Checked, Ended, Events, MessageRequest, PluginState};

/// Who writes for a plugin, in the journal.
const ACTOR: &str = "plugin";

/// What is delivered, as the outbox keeps it sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub(super) enum Payload {
    Message { to: String, purpose: String, locale: String, fields: BTreeMap<String, String> },
    Call { to: String, locale: String, digits: u8, tries: u8 },
    Pretence { disposition: Disposition },
}

impl Payload {
    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| Fault::internal())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whether it must never be done twice, or looks as if.
    pub(super) const fn is_at_most_once(&self) -> bool {
        match self {
            Self::Message { .. } | Self::Pretence { disposition: Disposition::Sent } => false,
            Self::Call { .. } | Self::Pretence { .. } => true,
        }
    }

    /// Whether the person waits for it at the page, and is told at once when it cannot be delivered.
    fn is_awaited(&self) -> bool {
        match self {
            Self::Message { purpose, .. } => purpose == "verification",
            Self::Call { .. } | Self::Pretence { .. } => true,
        }
    }
}

impl Service {
    /// Puts right what a crash left behind: calls that were under way are over, messages are sent again.
    pub(super) async fn resume_deliveries(&self) -> Result<(), Fault> {
        loop {
            let taken = self.store.taken_deliveries().await?;
            if taken.is_empty() {
                return Ok(());
            }
            for delivery in taken {
                if delivery.item.at_most_once {
                    let detail = "the daemon stopped while the call was under way";
                    self.finish(&delivery, Ended::because(Disposition::Interrupted, detail)).await?;
                } else {
                    let requeue = Write::RequeueDelivery { id: delivery.item.id, not_before: now() };
                    self.commit("daemon", vec![requeue]).await?;
                }
            }
        }
    }

    /// Hands due deliveries to plugins until `shutdown`, then waits for those in hand.
    pub(super) async fn work_off_deliveries(self: &Arc<Self>, shutdown: &CancellationToken) {
        let hands = Arc::new(Semaphore::new(DELIVERIES_AT_ONCE));
        loop {
            if let Err(fault) = self.take_due(&hands).await {
                tracing::error!(%fault, "looking for deliveries failed");
            }
            tokio::select! {
                () = self.outbox.notified() => {}
                () = tokio::time::sleep(CLOCK_LOOK) => {}
                () = shutdown.cancelled() => break,
            }
        }
        let all = u32::try_from(DELIVERIES_AT_ONCE).unwrap_or(u32::MAX);
        drop(hands.acquire_many(all).await);
    }

    async fn take_due(self: &Arc<Self>, hands: &Arc<Semaphore>) -> Result<(), Fault> {
        loop {
            let due = self.store.due_deliveries(now(), BATCH).await?;
            let last_round = due.len() < BATCH as usize;
            for delivery in due {
                let Ok(hand) = hands.clone().acquire_owned().await else { return Ok(()) };
                let take = Write::TakeDelivery { id: delivery.item.id.clone() };
                match self.store.commit(self.change(ACTOR, vec![take])).await {
                    Ok(_) => {}
                    // Called off, or taken by another daemon, in the meantime.
                    Err(CommitError::Stale | CommitError::NotFound) => continue,
                    Err(error) => return Err(error.into()),
                }
                let service = Arc::clone(self);
                tokio::spawn(async move {
                    service.deliver(delivery).await;
                    drop(hand);
                });
            }
            if last_round {
                return Ok(());
            }
        }
    }

    async fn deliver(self: Arc<Self>, delivery: Delivery) {
        let Some(payload) = Payload::from_bytes(&delivery.item.payload) else {
            tracing::error!(delivery = %delivery.item.id, "a delivery cannot be read");
            let ended = Ended::because(Disposition::ProviderError, "the delivery cannot be read");
            self.finish_or_log(&delivery, ended).await;
            return;
        };
        let awaited = payload.is_awaited();
        let ended = self.hand_over(&delivery, payload).await;
        let again_later = matches!(ended.disposition, Disposition::Unreachable | Disposition::ProviderError);
        if !awaited && again_later {
            let wait = FIRST_RETRY.saturating_mul(1 << delivery.attempt.min(16)).min(LONGEST_RETRY);
            let not_before = now().plus(wait);
            if not_before < delivery.item.deadline {
                let requeue = Write::RequeueDelivery { id: delivery.item.id.clone(), not_before };
                if let Err(fault) = self.commit(ACTOR, vec![requeue]).await {
                    tracing::error!(%fault, delivery = %delivery.item.id, "putting a delivery back failed");
                }
                return;
            }
        }
        self.finish_or_log(&delivery, ended).await;
    }

    async fn hand_over(&self, delivery: &Delivery, payload: Payload) -> Ended {
        let item = &delivery.item;
        let Ok(plugins) = self.plugins() else {
            return Ended::because(Disposition::Unreachable, "the daemon is starting");
        };
        let left = item.deadline.since(now());
        match payload {
            Payload::Pretence { disposition } => {
                self.pretend(item, disposition, left).await;
                Ended::because(disposition, "")
            }
            Payload::Message { to, purpose, locale, fields } => {
                let mut fields: BTreeMap<String, Secret> =
                    fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
                fields.insert("sender".to_owned(), Secret::new(self.settings.sender.clone()));
                plugins
                    .deliver(MessageRequest {
                        id: item.id.clone(),
                        channel: item.channel.clone(),
                        to: Secret::new(to),
                        purpose,
                        locale,
                        fields,
                        deadline: left.clamp(Duration::from_secs(1), MESSAGE_ATTEMPT),
                    })
                    .await
            }
            Payload::Call { to, locale, digits, tries } => {
                if left.is_zero() {
                    return Ended::because(Disposition::Expired, "the call was not placed in time");
                }
                if let Some(case) = item.case.clone() {
                    self.calls.lock().insert(item.id.clone(), case);
                }
                let ended = plugins
                    .call(CallRequest {
                        id: item.id.clone(),
                        to: Secret::new(to),
                        locale,
                        fields: BTreeMap::new(),
                        digits,
                        tries,
                        deadline: left,
                    })
                    .await;
                self.calls.lock().remove(&item.id);
                ended
            }
        }
    }

    /// Lets a delivery that nobody gets take its time, and a call ring.
    async fn pretend(&self, item: &OutboxItem, disposition: Disposition, left: Duration) {
        let ends_at = Instant::now() + left;
        if disposition == Disposition::NoAnswer
            && let Some(case) = item.case.clone()
        {
            self.calls.lock().insert(item.id.clone(), case);
            self.progressed(item.id.clone(), Phase::Calling).await;
            tokio::time::sleep(FIRST_RING.min(left)).await;
            self.progressed(item.id.clone(), Phase::Ringing).await;
        }
        tokio::time::sleep_until(ends_at).await;
        self.calls.lock().remove(&item.id);
    }

    async fn finish_or_log(&self, delivery: &Delivery, ended: Ended) {
        if let Err(fault) = self.finish(delivery, ended).await {
            tracing::error!(%fault, delivery = %delivery.item.id, "recording the end of a delivery failed");
        }
    }

    /// Records how a delivery ended, in the case and in the outbox at once.
    async fn finish(&self, delivery: &Delivery, ended: Ended) -> Result<(), Fault> {
        let finish = Write::FinishDelivery { id: delivery.item.id.clone() };
        let Some(case) = &delivery.item.case else {
            self.commit(ACTOR, vec![finish]).await?;
            return Ok(());
        };
        let disposition = ended.disposition;
        if !disposition.is_success() {
            tracing::warn!(
                delivery = %delivery.item.id,
                channel = delivery.item.channel,
                disposition = disposition.as_str(),
                detail = ended.detail.as_deref().unwrap_or_default(),
                "a delivery failed"
            );
        }
        let event = Event::DeliveryEnded {
            delivery: delivery.item.id.clone(),
            disposition,
            detail: ended.detail.unwrap_or_default(),
        };
        self.apply(case, ACTOR, event, vec![finish]).await?;
        Ok(())
    }

    /// Calls a delivery off, wherever it is.
    pub(super) async fn cancel_delivery(&self, id: &DeliveryId, actor: &str) {
        let cancel = Write::CancelDelivery { id: id.clone() };
        match self.store.commit(self.change(actor, vec![cancel])).await {
            Ok(_) => {}
            Err(CommitError::Stale | CommitError::NotFound) => {
                if let Ok(plugins) = self.plugins() {
                    plugins.cancel(id);
                }
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "calling a delivery off failed")
            }
        }
    }

    async fn progressed(&self, delivery: DeliveryId, phase: Phase) {
        let Some(case) = self.case_of_call(&delivery) else { return };
        // Progress that comes too late to matter is dropped.
        if let Err(fault) =
            self.apply(&case, ACTOR, Event::DeliveryProgressed { delivery, phase }, Vec::new()).await
        {
            tracing::debug!(%fault, "progress of a call was not taken");
        }
    }

    async fn check_digits(&self, delivery: DeliveryId, digits: Secret) -> Checked {
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
        self.calls.lock().get(delivery).cloned()
    }
}

/// What plugins tell the service.
pub struct PluginEvents(pub Arc<Service>);

impl Events for PluginEvents {
    fn progress(&self, id: &DeliveryId, phase: &str) {
        let Ok(phase) = phase.parse::<Phase>() else { return };
        let (service, id) = (Arc::clone(&self.0), id.clone());
        tokio::spawn(async move { service.progressed(id, phase).await });
    }

    fn check(&self, id: &DeliveryId, digits: Secret) -> BoxFuture<'static, Checked> {
        let (service, id) = (Arc::clone(&self.0), id.clone());
        Box::pin(async move { service.check_digits(id, digits).await })
    }

    fn state(&self, plugin: &str, state: PluginState) {
        if state == PluginState::Failed {
            let detail = vec![("plugin", plugin.to_owned())];
            self.0.tell(Signal::Alert { kind: "plugin_failed".to_owned(), detail });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_survives_the_outbox() -> Result<(), Fault> {
        let payload =
            Payload::Call { to: "+14155550123".to_owned(), locale: "en".to_owned(), digits: 6, tries: 3 };
        let read = Payload::from_bytes(&payload.to_bytes()?);
        assert!(matches!(read, Some(Payload::Call { digits: 6, tries: 3, .. })));
        assert!(Payload::from_bytes(b"{}").is_none());
        Ok(())
    }
}
