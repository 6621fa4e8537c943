//! Whether the journal is still the one that it was: looked at again and again while the daemon runs, so that nobody has
//! to ask.
//!
//! Its end every few seconds: does it lead to the head that was exported last, and is the anchor the one that was written?
//! All of it at the start and once an hour, a bounded number of entries at a time. What is wrong is told in every way
//! there is: an alert, an entry of the journal, the log, the metrics, `readmit status`, the line of `systemctl status`.
//! Nothing is repaired, and the daemon goes on: whoever could change the journal must not be able to stop recoveries
//! by it.

use std::time::Duration;

use parking_lot::Mutex;
use readmit_recovery::time::Timestamp;
use readmit_store::{Anchor, SignedHead, StoreError};

use super::limits::{CHECK_EVERY, CHECK_LOOK, CHECK_PAUSE, CHECK_ROWS, UPKEEP_LONGEST_RETRY, UPKEEP_RETRY};
use super::{Service, now};

/// What is wrong with the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFault {
    /// Which entry it shows at first.
    pub seq: u64,
    /// How it shows.
    pub why: String,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Every entry, and how they are chained.
    Chain,
    /// The end, against what is remembered of it.
    End,
    /// The file with the last head that was exported.
    Anchor,
}

/// What is remembered of it.
#[derive(Default)]
pub(super) struct Integrity {
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    is_checked: bool,
    chain: Option<JournalFault>,
    end: Option<JournalFault>,
    anchor: Option<JournalFault>,
}

impl Part {
    /// The kind of the alert.
    const fn kind(self) -> &'static str {
        match self {
            Self::Chain | Self::End => "journal_broken",
            Self::Anchor => "anchor_mismatch",
        }
    }
}

impl Found {
    const fn of(&mut self, part: Part) -> &mut Option<JournalFault> {
        match part {
            Part::Chain => &mut self.chain,
            Part::End => &mut self.end,
            Part::Anchor => &mut self.anchor,
        }
    }
}

impl Integrity {
    /// Keeps what a look has found. Says whether it is news: the same again, or what follows from it, is not.
    fn keep(&self, part: Part, fault: Option<&JournalFault>) -> bool {
        let mut found = self.found.lock();
        let kept = found.of(part);
        let is_news = match (kept.as_ref(), fault) {
            (Some(before), Some(fault)) => fault.seq < before.seq,
            (before, fault) => before.is_some() != fault.is_some(),
        };
        if is_news {
            *kept = fault.cloned();
        }
        is_news
    }

    /// Whether all of the journal was looked at, and nothing found.
    pub(super) fn is_proven(&self) -> bool {
        let is_checked = self.found.lock().is_checked;
        is_checked && self.journal().is_none()
    }

    /// What is wrong with the journal, the earliest entry first.
    pub(super) fn journal(&self) -> Option<JournalFault> {
        let found = self.found.lock();
        found.chain.iter().chain(&found.end).min_by_key(|fault| fault.seq).cloned()
    }

    /// What is wrong with the anchor.
    pub(super) fn anchor(&self) -> Option<JournalFault> {
        self.found.lock().anchor.clone()
    }
}

/// Whether something is due again, by the clock on the wall, which goes on while a machine sleeps. One that was set back
/// must not delay it.
pub(super) fn is_due(last: Option<Timestamp>, every: Duration, now: Timestamp) -> bool {
    last.is_none_or(|last| now < last || now.since(last) >= every)
}

impl Service {
    /// What is wrong with the journal, as far as it was looked at.
    #[must_use]
    pub fn journal_fault(&self) -> Option<JournalFault> {
        self.integrity.journal()
    }

    /// What is wrong with the anchor, as far as it was looked at.
    #[must_use]
    pub fn anchor_fault(&self) -> Option<JournalFault> {
        self.integrity.anchor()
    }

    /// Looks at all of the journal at the start, and again and again.
    pub(super) async fn keep_checking_chain(&self) {
        let mut checked_at: Option<Timestamp> = None;
        let mut wait = UPKEEP_RETRY;
        loop {
            let now = now();
            if is_due(checked_at, CHECK_EVERY, now) {
                match self.check_chain().await {
                    Ok(fault) => {
                        self.told_of_chain(fault).await;
                        checked_at = Some(now);
                        wait = UPKEEP_RETRY;
                    }
                    Err(error) => {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "the journal could not be checked; it is tried again"
                        );
                        tokio::time::sleep(wait).await;
                        wait = (wait * 2).min(UPKEEP_LONGEST_RETRY);
                    }
                }
            }
            tokio::time::sleep(CHECK_LOOK).await;
        }
    }

    async fn check_chain(&self) -> Result<Option<JournalFault>, StoreError> {
        let mut behind = None;
        loop {
            let slice = self.store.check_journal(behind, CHECK_ROWS).await?;
            if slice.finished {
                return Ok(slice.broken.map(|(seq, why)| JournalFault { seq, why: why.to_owned() }));
            }
            behind = Some(slice.last);
            tokio::time::sleep(CHECK_PAUSE).await;
        }
    }

    /// What a look at all of the journal has found, whoever asked for it.
    pub(super) async fn told_of_chain(&self, fault: Option<JournalFault>) {
        self.found(Part::Chain, fault).await;
        self.integrity.found.lock().is_checked = true;
        self.meters.journal_checked(self.integrity.journal().is_none());
    }

    /// Looks whether the end of the journal and the anchor are what they were, again and again.
    pub(super) async fn keep_checking_end(&self) {
        loop {
            tokio::time::sleep(CHECK_LOOK).await;
            // Nothing is exported meanwhile.
            let _turn = self.upkeep.exporting.lock().await;
            let Some(exported) = self.exported_head() else { continue };
            self.check_end(&exported).await;
            self.check_anchor(&exported).await;
        }
    }

    /// Whether the journal leads to the head that was exported last; where that cannot be known, it is taken to be so.
    pub(super) async fn check_end(&self, exported: &SignedHead) -> bool {
        let fault = match self.store.leads_to(exported).await {
            Ok(()) => None,
            Err(StoreError::JournalBroken { seq, why }) => Some(JournalFault { seq, why: why.to_owned() }),
            Err(StoreError::RolledBack { found, known, .. }) => Some(JournalFault {
                seq: found + 1,
                why: format!("the end was cut off: entry {known} was signed and exported before"),
            }),
            Err(StoreError::OtherHistory { why, known, .. }) => {
                Some(JournalFault { seq: known, why: why.to_owned() })
            }
            Err(_) => return true,
        };
        let holds = fault.is_none();
        self.found(Part::End, fault).await;
        holds
    }

    async fn check_anchor(&self, exported: &SignedHead) {
        let Some(path) = self.settings.upkeep.anchor.clone() else { return };
        let read = tokio::task::spawn_blocking(move || Anchor::read(&path)).await;
        let why = match read {
            Ok(Ok(Some(anchor))) if anchor.head == *exported => None,
            Ok(Ok(Some(anchor))) => {
                Some(format!("it names entry {}, which is not what was written", anchor.head.head.seq))
            }
            Ok(Ok(None)) => Some("it is gone".to_owned()),
            Ok(Err(StoreError::Anchor { why, .. })) => Some(why.to_owned()),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => return,
        };
        self.found(Part::Anchor, why.map(|why| JournalFault { seq: exported.head.seq, why })).await;
    }

    /// Tells what a look has found, if it is news.
    async fn found(&self, part: Part, fault: Option<JournalFault>) {
        let is_news = self.integrity.keep(part, fault.as_ref());
        if !is_news {
            return;
        }
        self.meters.journal_broken(self.integrity.journal().is_some());
        match (part, fault) {
            (Part::Anchor, None) => tracing::info!("the anchor is right again"),
            (_, None) => tracing::info!("the journal holds again"),
            (part, Some(JournalFault { seq, why })) => {
                match part {
                    Part::Chain | Part::End => tracing::error!(
                        entry = seq,
                        "the journal is broken: {why}. Keep a copy of the database, then compare it with the last backup that verifies: contrib/BACKUP.md"
                    ),
                    Part::Anchor => tracing::error!(
                        entry = seq,
                        "the anchor was changed behind the daemon's back: {why}. The next export writes it anew; find out who has the disk: contrib/BACKUP.md"
                    ),
                }
                self.alert_noted(part.kind(), vec![("entry", seq.to_string()), ("why", why)]).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(seq: u64) -> JournalFault {
        JournalFault { seq, why: format!("entry {seq}") }
    }

    #[test]
    fn what_follows_from_a_fault_is_no_news_and_the_earliest_is_told() {
        let integrity = Integrity::default();
        assert!(!integrity.keep(Part::End, None));
        assert!(integrity.keep(Part::End, Some(&fault(9))));
        assert!(!integrity.keep(Part::End, Some(&fault(12))), "what follows from it");
        assert!(integrity.keep(Part::Chain, Some(&fault(4))));
        assert!(integrity.keep(Part::Anchor, Some(&fault(1))));
        assert_eq!(integrity.journal(), Some(fault(4)));
        assert!(integrity.keep(Part::Chain, None));
        assert_eq!(integrity.journal(), Some(fault(9)));
        assert!(integrity.keep(Part::End, None) && !integrity.keep(Part::End, None));
        assert_eq!((integrity.journal(), integrity.anchor()), (None, Some(fault(1))));
    }

    #[test]
    fn nothing_is_pruned_before_all_was_looked_at() {
        let integrity = Integrity::default();
        assert!(!integrity.is_proven());
        integrity.found.lock().is_checked = true;
        assert!(integrity.is_proven());
        integrity.keep(Part::Chain, Some(&fault(4)));
        assert!(!integrity.is_proven());
    }

    #[test]
    fn a_clock_that_was_set_back_delays_nothing() {
        let (at, every) = (Timestamp::from_unix, Duration::from_secs(10));
        assert!(is_due(None, every, at(5)));
        assert!(!is_due(Some(at(5)), every, at(14)));
        assert!(is_due(Some(at(5)), every, at(15)) && is_due(Some(at(5)), every, at(4)));
    }
}
