//! Which span has queued a delivery, until it is handed to a plugin. Not on file: after a restart a delivery begins a
//! trace of its own.

use std::collections::{HashMap, VecDeque};

use opentelemetry::trace::SpanContext;
use readmit_recovery::id::DeliveryId;

use super::limits::ORIGINS;

/// What has queued which delivery; so many are remembered.
#[derive(Default)]
pub(super) struct Origins {
    known: HashMap<DeliveryId, SpanContext>,
    order: VecDeque<DeliveryId>,
}

impl Origins {
    pub(super) fn put(&mut self, id: &DeliveryId, origin: &SpanContext) {
        if self.known.insert(id.clone(), origin.clone()).is_none() {
            self.order.push_back(id.clone());
        }
        if self.order.len() > ORIGINS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// It stays known: a delivery that is put back has the same origin.
    pub(super) fn of(&self, id: &DeliveryId) -> Option<SpanContext> {
        self.known.get(id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_origins_are_remembered_and_the_oldest_go() {
        let id = |number: usize| DeliveryId::from_random((number as u128).to_be_bytes());
        let mut origins = Origins::default();
        for number in 0..=ORIGINS {
            origins.put(&id(number), &SpanContext::NONE);
            origins.put(&id(number), &SpanContext::NONE);
        }
        assert!(origins.of(&id(0)).is_none() && origins.of(&id(1)).is_some());
        assert_eq!((origins.known.len(), origins.order.len()), (ORIGINS, ORIGINS));
    }
}
