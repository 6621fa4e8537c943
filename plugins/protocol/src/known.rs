//! Remembers which ids were delivered or called, so that the same id is never delivered twice.
//!
//! One memory serves a whole process, over all connections of the daemon.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::limits;
use crate::wire::{Ended, disposition};

/// The recent ids of one plugin process, at most [`limits::MAX_KNOWN_IDS`] finished ones.
#[derive(Debug, Default)]
pub struct Known {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_id: HashMap<String, watch::Receiver<Option<Ended>>>,
    finished: VecDeque<String>,
}

/// What to do about a request with an id.
pub(crate) enum Claim<'a> {
    /// The id is new: do the work, then say how it ended.
    New(Ticket<'a>),
    /// The id is being worked on, or done: wait for that end.
    Same(watch::Receiver<Option<Ended>>),
}

/// The duty to say how the work on an id ended. Dropped unfinished, the work counts as interrupted.
pub(crate) struct Ticket<'a> {
    known: &'a Known,
    id: String,
    repeat: Repeat,
    end: watch::Sender<Option<Ended>>,
    finished: bool,
}

/// Whether an id may be tried again after it did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// A message that did not get out may be tried again under the same id.
    UntilSent,
    /// A telephone rings at most once for an id.
    Never,
}

impl Known {
    pub(crate) fn claim(&self, id: &str, repeat: Repeat) -> Claim<'_> {
        let mut entries = self.entries.lock();
        if let Some(known) = entries.by_id.get(id) {
            return Claim::Same(known.clone());
        }
        let (end, waiting) = watch::channel(None);
        entries.by_id.insert(id.to_owned(), waiting);
        Claim::New(Ticket { known: self, id: id.to_owned(), repeat, end, finished: false })
    }

    fn keep(&self, id: &str) {
        let mut entries = self.entries.lock();
        entries.finished.push_back(id.to_owned());
        while entries.finished.len() > limits::MAX_KNOWN_IDS {
            if let Some(oldest) = entries.finished.pop_front() {
                entries.by_id.remove(&oldest);
            }
        }
    }
}

impl Ticket<'_> {
    /// Tells everyone who waits for this id how it ended.
    pub(crate) fn finish(mut self, ended: &Ended) {
        self.end_with(ended);
    }

    fn end_with(&mut self, ended: &Ended) {
        self.finished = true;
        self.end.send_replace(Some(ended.clone()));
        let not_out = [disposition::UNREACHABLE, disposition::PROVIDER_ERROR].contains(&&*ended.disposition);
        if self.repeat == Repeat::UntilSent && not_out {
            self.known.entries.lock().by_id.remove(&self.id);
        } else {
            self.known.keep(&self.id);
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.end_with(&Ended::new(disposition::UNREACHABLE).with_detail("interrupted"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(known: &Known, id: &str, repeat: Repeat, disposition: &str) {
        match known.claim(id, repeat) {
            Claim::New(ticket) => ticket.finish(&Ended::new(disposition)),
            Claim::Same(_) => panic!("{id} was known"),
        }
    }

    fn answer(known: &Known, id: &str) -> Option<String> {
        match known.claim(id, Repeat::Never) {
            Claim::New(_) => None,
            Claim::Same(waiting) => waiting.borrow().as_ref().map(|ended| ended.disposition.clone()),
        }
    }

    #[test]
    fn a_known_id_gets_its_answer_again() {
        let known = Known::default();
        end(&known, "a", Repeat::UntilSent, disposition::SENT);
        end(&known, "b", Repeat::Never, disposition::UNREACHABLE);
        assert_eq!(answer(&known, "a").as_deref(), Some("sent"));
        assert_eq!(answer(&known, "b").as_deref(), Some("unreachable"));
    }

    #[test]
    fn a_message_that_did_not_get_out_may_be_tried_again_but_a_call_may_not() {
        let known = Known::default();
        end(&known, "a", Repeat::UntilSent, disposition::UNREACHABLE);
        end(&known, "a", Repeat::UntilSent, disposition::PROVIDER_ERROR);
        end(&known, "a", Repeat::UntilSent, disposition::REJECTED);
        assert_eq!(answer(&known, "a").as_deref(), Some("rejected"));
        drop(known.claim("c", Repeat::Never));
        assert_eq!(answer(&known, "c").as_deref(), Some("unreachable"), "an interrupted call stays made");
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let known = Known::default();
        for n in 0..=limits::MAX_KNOWN_IDS {
            end(&known, &n.to_string(), Repeat::Never, disposition::SENT);
        }
        assert_eq!(known.entries.lock().by_id.len(), limits::MAX_KNOWN_IDS);
        assert!(answer(&known, "1").is_some(), "at the limit");
        assert!(answer(&known, "0").is_none(), "past the limit");
    }
}
