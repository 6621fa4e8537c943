//! Who watches the writer at work: for meters and traces, which the store itself knows nothing of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::CommitError;

/// Is told what the writer does. It is told by the writer's thread, so it must return at once.
pub trait StoreObserver: Send + Sync + 'static {
    /// A group of changes has ended: on disk, or with what kept it from there.
    fn group(&self, group: &CommitGroup, failed: Option<&CommitError>);

    /// A change was refused, since it would have passed this limit.
    fn limited(&self, scope: &'static str);
}

/// A group of changes that were committed together, with one sync of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitGroup {
    /// How many.
    pub changes: usize,
    /// From the first change to the end of the sync.
    pub took: Duration,
    /// Whether the journal has grown, which it does with nearly everything that is put on the disk.
    pub wrote: bool,
}

/// An observer, if there is one.
#[derive(Clone, Default)]
pub struct Observed(Option<Arc<dyn StoreObserver>>);

impl Observed {
    /// Watched by this one.
    #[must_use]
    pub fn by(observer: Arc<dyn StoreObserver>) -> Self {
        Self(Some(observer))
    }

    pub(crate) fn group(&self, group: &CommitGroup, failed: Option<&CommitError>) {
        if let Some(observer) = &self.0 {
            observer.group(group, failed);
        }
    }

    pub(crate) fn limited(&self, scope: &'static str) {
        if let Some(observer) = &self.0 {
            observer.limited(scope);
        }
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Observed" } else { "Unobserved" })
    }
}
