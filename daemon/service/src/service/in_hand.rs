//! What is in hand: deliveries that were taken and have not ended, and how many of a kind there may be.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use readmit_recovery::event::Phase;
use readmit_recovery::id::{CaseId, DeliveryId};
use readmit_store::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::limits::{CALLS_AT_ONCE, MESSAGES_AT_ONCE, PHASES_WAITING, PRETENCES_AT_ONCE};
use super::payload::Payload;

/// The deliveries that have been taken and have not ended.
#[derive(Default)]
pub(super) struct InHand(Mutex<HashMap<DeliveryId, Held>>);

struct Held {
    case: Option<CaseId>,
    called_off: CancellationToken,
    /// How far a call is, as its plugin told and the case has not yet heard.
    phases: VecDeque<Phase>,
    /// Whether somebody is telling the case.
    telling: bool,
    /// Since when a call is answered.
    answered: Option<Instant>,
}

impl InHand {
    pub(super) fn add(&self, delivery: &Delivery) -> CancellationToken {
        let called_off = CancellationToken::new();
        let held = Held {
            case: delivery.item.case.clone(),
            called_off: called_off.clone(),
            phases: VecDeque::new(),
            telling: false,
            answered: None,
        };
        self.0.lock().insert(delivery.item.id.clone(), held);
        called_off
    }

    pub(super) fn remove(&self, id: &DeliveryId) {
        self.0.lock().remove(id);
    }

    pub(super) fn call_off(&self, id: &DeliveryId) {
        if let Some(held) = self.0.lock().get(id) {
            held.called_off.cancel();
        }
    }

    /// The case that a delivery belongs to.
    pub(super) fn case_of(&self, id: &DeliveryId) -> Option<CaseId> {
        self.0.lock().get(id).and_then(|held| held.case.clone())
    }

    /// Notes how far a call is. True where nobody is telling the case, so that the caller must.
    pub(super) fn note(&self, id: &DeliveryId, phase: Phase) -> bool {
        let mut deliveries = self.0.lock();
        let Some(held) = deliveries.get_mut(id) else { return false };
        if phase == Phase::Answered {
            held.answered.get_or_insert_with(Instant::now);
        }
        if held.phases.len() >= PHASES_WAITING {
            held.phases.pop_front();
        }
        held.phases.push_back(phase);
        !std::mem::replace(&mut held.telling, true)
    }

    /// For how long a call has been answered.
    pub(super) fn answered_for(&self, id: &DeliveryId) -> Duration {
        let since = self.0.lock().get(id).and_then(|held| held.answered);
        since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// The next phase to tell the case; none ends the telling.
    pub(super) fn next(&self, id: &DeliveryId) -> Option<Phase> {
        let mut deliveries = self.0.lock();
        let held = deliveries.get_mut(id)?;
        let phase = held.phases.pop_front();
        held.telling = phase.is_some();
        phase
    }
}

/// How many deliveries of a kind may be in hand: a flood of one kind stops no other.
pub(super) struct Hands {
    messages: Arc<Semaphore>,
    calls: Arc<Semaphore>,
    pretences: Arc<Semaphore>,
}

impl Hands {
    pub(super) fn new() -> Self {
        let hands = |number| Arc::new(Semaphore::new(number));
        Self {
            messages: hands(MESSAGES_AT_ONCE),
            calls: hands(CALLS_AT_ONCE),
            pretences: hands(PRETENCES_AT_ONCE),
        }
    }

    pub(super) fn free(&self, payload: Option<&Payload>) -> Option<OwnedSemaphorePermit> {
        let hands = match payload {
            Some(Payload::Message { .. }) | None => &self.messages,
            Some(Payload::Call { .. }) => &self.calls,
            Some(Payload::Pretence { .. }) => &self.pretences,
        };
        hands.clone().try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use readmit_recovery::time::Timestamp;
    use readmit_store::{DeliveryState, OutboxItem};
    use zeroize::Zeroizing;

    use super::*;

    fn held(id: &DeliveryId) -> InHand {
        let item = OutboxItem {
            id: id.clone(),
            case: Some(CaseId::from_random([1; 16])),
            channel: "voice".to_owned(),
            at_most_once: true,
            not_before: Timestamp::default(),
            deadline: Timestamp::default(),
            payload: Zeroizing::new(Vec::new()),
        };
        let in_hand = InHand::default();
        in_hand.add(&Delivery { item, state: DeliveryState::Taken, attempt: 1 });
        in_hand
    }

    #[test]
    fn the_phases_of_a_call_are_told_in_order_by_one() {
        let id = DeliveryId::from_random([2; 16]);
        let in_hand = held(&id);
        assert!(in_hand.note(&id, Phase::Calling), "the first tells");
        assert!(!in_hand.note(&id, Phase::Ringing), "the second leaves it to the first");
        assert_eq!(in_hand.next(&id), Some(Phase::Calling));
        assert!(in_hand.answered_for(&id).is_zero(), "it only rings");
        assert!(!in_hand.note(&id, Phase::Answered));
        assert!(!in_hand.answered_for(&id).is_zero());
        assert_eq!((in_hand.next(&id), in_hand.next(&id)), (Some(Phase::Ringing), Some(Phase::Answered)));
        assert_eq!(in_hand.next(&id), None);
        assert!(in_hand.note(&id, Phase::Prompting), "whoever comes after the end tells again");
        assert!(
            !in_hand.note(&DeliveryId::from_random([3; 16]), Phase::Calling),
            "an unknown call tells nobody"
        );
    }

    #[test]
    fn a_flood_of_phases_keeps_the_latest() {
        let id = DeliveryId::from_random([2; 16]);
        let in_hand = held(&id);
        for _ in 0..PHASES_WAITING {
            in_hand.note(&id, Phase::Ringing);
        }
        in_hand.note(&id, Phase::Prompting);
        let told: Vec<Phase> = std::iter::from_fn(|| in_hand.next(&id)).collect();
        assert_eq!((told.len(), told.last()), (PHASES_WAITING, Some(&Phase::Prompting)));
    }
}
