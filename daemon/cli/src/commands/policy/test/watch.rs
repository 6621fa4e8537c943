//! The tests again at each save.

use std::path::Path;
use std::sync::Arc;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{sleep, timeout};

use super::super::set::read;
use super::{Test, once};
use crate::failure::Failure;
use crate::limits::{WATCH_AGAIN, WATCH_PAUSE};
use crate::output::{Output, write};

/// Runs the tests now and whenever the files have changed, until the command is interrupted. What is wrong with the
/// files is told, and ends nothing.
pub async fn run(test: &Arc<Test>, directory: &Path, output: Output) -> Result<(), Failure> {
    let mut last = None;
    loop {
        // Watching begins before reading, so that nothing is saved unseen. It begins anew each time, because the
        // directory itself may have been replaced.
        let watching = Watching::begin(directory);
        let sources = read(directory);
        let seen = sources.as_ref().map(|sources| sources.version().clone()).map_err(Clone::clone);
        if last.as_ref() != Some(&seen) {
            last = Some(seen);
            let ended = match sources {
                Ok(sources) => once(test, sources, output).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = ended {
                failure.report(output.is_json());
            }
            if !output.is_json() {
                write(&format!("waiting for a save in {} (Ctrl-C ends)\n", directory.display()))?;
            }
        }
        match watching {
            Some(mut watching) => watching.change().await,
            // The directory is gone, or there are too many watches: look again after a while.
            None => sleep(WATCH_AGAIN).await,
        }
    }
}

/// A watch over a directory.
struct Watching {
    changes: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl Watching {
    fn begin(directory: &Path) -> Option<Self> {
        let (sender, changes) = channel(1);
        let tell = move |event: notify::Result<notify::Event>| {
            // Reading the files is an event too, and would never end.
            if event.map_or(true, |event| !matches!(event.kind, EventKind::Access(_))) {
                // One is enough: whoever waits looks at everything.
                let _ = sender.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(tell).ok()?;
        watcher.watch(directory, RecursiveMode::Recursive).ok()?;
        Some(Self { changes, _watcher: watcher })
    }

    /// Returns after something has changed and nothing more has for a moment.
    async fn change(&mut self) {
        if self.changes.recv().await.is_none() {
            return;
        }
        while let Ok(Some(())) = timeout(WATCH_PAUSE, self.changes.recv()).await {}
    }
}
