//! What a store holds that is going on, counted: for those who watch over it.

use std::collections::BTreeMap;

use readmit_recovery::time::Timestamp;

use crate::journal::Head;
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
    /// Where the journal ends. Nothing of the chain before it was looked at.
    pub head: Head,
    /// When the last entry was made.
    pub head_at: Option<Timestamp>,
}

impl Figures {
    /// Cases that are not closed, by the name of their state.
    #[must_use]
    pub fn open_cases(&self) -> BTreeMap<&str, u64> {
        let mut by_state = BTreeMap::new();
        for figure in &self.cases {
            *by_state.entry(figure.state.as_str()).or_default() += u64::from(figure.count);
        }
        by_state
    }

    /// Deliveries in this state.
    #[must_use]
    pub fn deliveries_in(&self, state: DeliveryState) -> u64 {
        let figures = self.deliveries.iter().filter(|figure| figure.state == state);
        figures.map(|figure| u64::from(figure.count)).sum()
    }
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
