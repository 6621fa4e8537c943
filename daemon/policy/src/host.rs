//! The set of policies in force, and those that open cases still go by.

use std::collections::VecDeque;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use readmit_recovery::id::PolicyVersion;

use crate::limits::MAX_OLD_SETS;
use crate::set::PolicySet;

/// Holds the current set and the [`MAX_OLD_SETS`] most recently used older ones.
///
/// Asking for the current set never waits: a reload swaps it under whoever decides, who finishes with the set
/// they have.
pub struct PolicyHost {
    current: ArcSwap<PolicySet>,
    /// The most recently used first.
    others: Mutex<VecDeque<Arc<PolicySet>>>,
}

impl PolicyHost {
    /// A host with its first set.
    #[must_use]
    pub fn new(set: PolicySet) -> Self {
        Self { current: ArcSwap::from_pointee(set), others: Mutex::new(VecDeque::new()) }
    }

    /// The set that new cases are opened by.
    #[must_use]
    pub fn current(&self) -> Arc<PolicySet> {
        self.current.load_full()
    }

    /// The set of a version, if it is in memory; if not, the caller loads it from the sources in its store and
    /// [adds](Self::add) it.
    #[must_use]
    pub fn get(&self, version: &PolicyVersion) -> Option<Arc<PolicySet>> {
        let current = self.current.load();
        if current.version() == version {
            return Some(Arc::clone(&current));
        }
        let mut others = self.others.lock();
        let at = others.iter().position(|set| set.version() == version)?;
        let set = others.remove(at)?;
        others.push_front(Arc::clone(&set));
        Some(set)
    }

    /// Keeps a set for the cases that were opened by it, in place of the one that was not used for longest.
    pub fn add(&self, set: PolicySet) -> Arc<PolicySet> {
        self.get(set.version()).unwrap_or_else(|| {
            let set = Arc::new(set);
            self.keep(Arc::clone(&set));
            set
        })
    }

    /// Puts a set in force; the one before it stays for open cases, and is returned.
    pub fn swap(&self, set: PolicySet) -> Arc<PolicySet> {
        let before = self.current.swap(Arc::new(set));
        if before.version() != self.current.load().version() {
            self.keep(Arc::clone(&before));
        }
        before
    }

    fn keep(&self, set: Arc<PolicySet>) {
        let mut others = self.others.lock();
        others.retain(|other| other.version() != set.version());
        others.push_front(set);
        others.truncate(MAX_OLD_SETS);
    }
}
