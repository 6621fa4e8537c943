//! Watches the directory of policies: what is saved there is read again at once.
//!
//! Reading, checking and keeping them is the service's; here is only heard that it is time to.

use std::path::Path;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Watches as long as it lives.
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Tells `saved` whenever something in `directory` or below has changed. None if that cannot be watched: then
    /// policies are read again only when somebody asks for it, and the log says so.
    #[must_use]
    pub fn start(directory: &Path, saved: mpsc::Sender<()>) -> Option<Self> {
        let tell = move |event: notify::Result<Event>| match event {
            // A request that waits already reads what has changed since.
            Ok(event) if is_change(&event) => drop(saved.try_send(())),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "watching the policies failed"),
        };
        let watching = notify::recommended_watcher(tell).and_then(|mut watcher| {
            watcher.watch(directory, RecursiveMode::Recursive)?;
            Ok(Self { _watcher: watcher })
        });
        watching
            .inspect_err(|error| {
                let directory = directory.display();
                tracing::warn!(%error, %directory, "the policies are not watched: reload them after a change");
            })
            .ok()
    }
}

/// Whether files are other than before, and whole: a file that is still being written is not looked at.
fn is_change(event: &Event) -> bool {
    let whole = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(_))
        | EventKind::Remove(_) => true,
        EventKind::Access(_)
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Any
        | EventKind::Other => false,
    };
    whole || event.need_rescan()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_saved_a_renamed_and_a_removed_file_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let (saved, mut told) = mpsc::channel(16);
        let watch = Watch::start(directory.path(), saved);
        assert!(watch.is_some());
        let (one, other) = (directory.path().join("one.lua"), directory.path().join("other.lua"));
        fs::write(&one, "return {}").unwrap();
        assert_eq!(told.recv().await, Some(()));
        fs::rename(&one, &other).unwrap();
        assert_eq!(told.recv().await, Some(()));
        fs::remove_file(&other).unwrap();
        assert_eq!(told.recv().await, Some(()));
    }

    #[test]
    fn a_directory_that_is_not_there_is_not_watched() {
        let (saved, _told) = mpsc::channel(1);
        assert!(Watch::start(Path::new("/nowhere/policies"), saved).is_none());
    }

    #[test]
    fn half_a_file_and_a_reader_are_no_change() {
        for kind in [
            EventKind::Modify(ModifyKind::Any),
            EventKind::Create(notify::event::CreateKind::File),
            EventKind::Access(AccessKind::Close(AccessMode::Read)),
        ] {
            assert!(!is_change(&Event::new(kind)), "{kind:?}");
        }
    }
}
