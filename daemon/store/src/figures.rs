//! What a store holds that is going on, counted: for those who watch over it.

use readmit_recovery::time::Timestamp;

use crate::outbox::DeliveryState;

/// What is going on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Cases that are not closed.
    pub cases: Vec<CaseFigure>,
    /// When the oldest escalated case was opened.
    pub oldest_escalated: Option<Timestamp>,
    /// Deliveries that have not ended.
    pub deliveries: Vec<DeliveryFigure>,
    /// Since when the longest due delivery may be taken; it may lie ahead.
    pub oldest_due: Option<Timestamp>,
    /// Entries of the journal.
    pub journal: u64,
}

/// So many cases of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFigure {
    /// Their state's word.
    pub state: String,
    /// Their reason's word.
    pub reason: String,
    /// How many.
    pub count: u32,
}

/// So many deliveries of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFigure {
    /// Their channel.
    pub channel: String,
    /// Whether they wait or are in somebody's hands.
    pub state: DeliveryState,
    /// How many.
    pub count: u32,
}
