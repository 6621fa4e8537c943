//! The outbox: what is to be delivered, committed before anything is sent.
//!
//! A delivery goes `queued` → `taken` → `done`, and may go back from `taken` to `queued`. What is found taken
//! at start was in a plugin's hands when the daemon died; what follows from that is the service's to say.

use std::fmt;

use readmit_recovery::id::{CaseId, DeliveryId};
use readmit_recovery::time::Timestamp;
use zeroize::Zeroizing;

/// One thing to deliver.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// The idempotency key: the same id is queued once, ever.
    pub id: DeliveryId,
    /// The case that it belongs to, if any.
    pub case: Option<CaseId>,
    /// The channel that it goes by.
    pub channel: String,
    /// Whether it may not be tried again once a plugin could have begun with it.
    pub at_most_once: bool,
    /// From when on it may be taken.
    pub not_before: Timestamp,
    /// From when on it is worth nothing.
    pub deadline: Timestamp,
    /// What to deliver, opaque to the store and sealed on disk.
    pub payload: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for OutboxItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OutboxItem")
            .field("id", &self.id)
            .field("case", &self.case)
            .field("channel", &self.channel)
            .field("at_most_once", &self.at_most_once)
            .field("not_before", &self.not_before)
            .field("deadline", &self.deadline)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish()
    }
}

/// A delivery that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What to deliver.
    pub item: OutboxItem,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it has been taken.
    pub attempt: u32,
}

/// Where a delivery stands, until it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits.
    Queued,
    /// Somebody delivers it.
    Taken,
}
