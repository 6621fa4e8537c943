//! Watches the directory of policies: what is saved there is read again at once.
//!
//! Whatever editors and administrators do is noticed: files written, renamed into place, linked, removed or made
//! readable; a directory that is deleted, made again, replaced by another, or made only later. Reading, checking and
//! keeping the policies is the service's; here is only heard that it is time to.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::service::{SAVER, Service};

/// How long nothing must be saved before the policies are read: several files are often saved together.
const QUIET: Duration = Duration::from_millis(10);
/// How long they are waited for at most.
const PATIENCE: Duration = Duration::from_millis(40);
/// How often it is looked whether what is watched is still what is there.
const LOOK: Duration = Duration::from_secs(5);
/// How often a watch is set anew because directories come and go while it is.
const TRIES: u32 = 8;

/// Reads the policies again whenever something was saved, until `shutdown`. At most one reading is under way, and at
/// most one waits.
pub async fn keep_up(service: Arc<Service>, mut saved: mpsc::Receiver<()>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            more = saved.recv() => match more {
                Some(()) => settle(&mut saved).await,
                None => return,
            },
            () = shutdown.cancelled() => return,
        }
        // What is refused is logged and told by the service itself.
        if let Err(fault) = service.reload_policies(SAVER).await {
            tracing::debug!(%fault, "what was saved is not in force");
        }
    }
}

/// Waits until nothing more is saved, but not for long.
async fn settle(saved: &mut mpsc::Receiver<()>) {
    let end = Instant::now() + PATIENCE;
    loop {
        let quiet = Instant::now() + QUIET;
        match timeout_at(quiet.min(end), saved.recv()).await {
            Ok(Some(())) if quiet < end => {}
            Ok(_) | Err(_) => return,
        }
    }
}

/// Watches as long as it lives.
pub struct Watch {
    task: JoinHandle<()>,
}

impl Watch {
    /// Tells `saved` whenever something in `directory` or below has changed. While that cannot be watched, the log
    /// says so, and it is tried again.
    pub async fn start(directory: &Path, saved: mpsc::Sender<()>) -> Self {
        let (moved, mut anew) = mpsc::channel(1);
        let told = Told { directory: directory.to_owned(), saved, moved };
        let mut armed = told.arm_aside().await;
        let task = tokio::spawn(async move {
            loop {
                let has_moved = tokio::time::timeout(LOOK, anew.recv()).await.is_ok();
                if !has_moved
                    && armed.as_ref().is_some_and(|armed| armed.what == Identity::of(&told.directory))
                {
                    continue;
                }
                // The old one ends after the new one has begun, so that nothing is missed in between.
                let new = told.arm_aside().await;
                armed = new.or(armed);
                tell(&told.saved);
            }
        });
        Self { task }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who is told of what.
#[derive(Clone)]
struct Told {
    directory: PathBuf,
    /// Something was saved.
    saved: mpsc::Sender<()>,
    /// A directory has come or gone: the watch must be set anew.
    moved: mpsc::Sender<()>,
}

/// A watch that is set.
struct Armed {
    _watcher: RecommendedWatcher,
    /// What was there when it was.
    what: Option<Identity>,
}

/// Which directory it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    fn of(directory: &Path) -> Option<Self> {
        std::fs::metadata(directory).ok().map(|metadata| Self(metadata.dev(), metadata.ino()))
    }
}

impl Told {
    /// Sets the watch; none if that fails. It may take a while where there are many directories.
    async fn arm_aside(&self) -> Option<Armed> {
        let told = self.clone();
        let armed = tokio::task::spawn_blocking(move || told.arm()).await;
        let directory = self.directory.display();
        match armed {
            Ok(Ok(armed)) => Some(armed),
            Ok(Err(error)) => {
                tracing::warn!(%error, %directory, "the policies are not watched: reload them after a change");
                None
            }
            Err(error) => {
                tracing::error!(%error, %directory, "the policies are not watched");
                None
            }
        }
    }

    /// Watches the directory with all below, and the nearest directory above that is there, in which it may come and
    /// go.
    fn arm(&self) -> notify::Result<Armed> {
        let mut tries = 0;
        loop {
            let told = self.clone();
            let mut watcher = notify::recommended_watcher(move |event| told.hear(event))?;
            let above = self.above();
            watcher.watch(&above, RecursiveMode::NonRecursive)?;
            let what = Identity::of(&self.directory);
            if what.is_some() {
                // Gone since then: the directory above tells.
                watcher.watch(&self.directory, RecursiveMode::Recursive).or_else(unless_gone)?;
            }
            tries += 1;
            if self.above() == above || tries == TRIES {
                return Ok(Armed { _watcher: watcher, what });
            }
        }
    }

    /// The nearest directory above the policies that is there.
    fn above(&self) -> PathBuf {
        let above = self.directory.ancestors().skip(1).find(|above| above.is_dir());
        above.unwrap_or_else(|| Path::new("/")).to_owned()
    }

    fn hear(&self, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(%error, "watching the policies failed");
                return tell(&self.moved);
            }
        };
        if event.need_rescan() || event.paths.iter().any(|path| self.has_moved(event.kind, path)) {
            tell(&self.moved);
        } else if event
            .paths
            .iter()
            .any(|path| path.starts_with(&self.directory) && is_change(event.kind, path))
        {
            tell(&self.saved);
        }
    }

    /// Whether the policies, or a directory that they are in or have in them, have come or gone.
    fn has_moved(&self, kind: EventKind, path: &Path) -> bool {
        let comes_or_goes = matches!(
            kind,
            EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
        );
        let is_new_below =
            || kind == EventKind::Create(CreateKind::Folder) && path.starts_with(&self.directory);
        (comes_or_goes && self.directory.starts_with(path)) || is_new_below()
    }
}

/// Leaves a word, unless one waits already: whoever finds that looks at what has changed since, too.
fn tell(listener: &mpsc::Sender<()>) {
    let _ = listener.try_send(());
}

fn unless_gone(error: notify::Error) -> notify::Result<()> {
    match error.kind {
        notify::ErrorKind::PathNotFound => Ok(()),
        notify::ErrorKind::Io(ref io) if io.kind() == std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// Whether files are other than before, and whole: a file that is still being written is not looked at.
fn is_change(kind: EventKind, path: &Path) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(_) | ModifyKind::Metadata(_))
        | EventKind::Remove(_) => true,
        // A link is whole at once, and nobody closes it.
        EventKind::Create(_) => {
            std::fs::symlink_metadata(path).is_ok_and(|new| new.is_symlink() || new.nlink() > 1)
        }
        EventKind::Access(_) | EventKind::Modify(_) | EventKind::Any | EventKind::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    struct Watched {
        place: tempfile::TempDir,
        told: mpsc::Receiver<()>,
        _watch: Watch,
    }

    impl Watched {
        /// A directory `policies` that is watched; it is there only if it is made.
        async fn new(make: impl FnOnce(&Path)) -> Self {
            let place = tempfile::tempdir().unwrap();
            make(&place.path().join("policies"));
            let (saved, told) = mpsc::channel(1);
            let watch = Watch::start(&place.path().join("policies"), saved).await;
            Self { place, told, _watch: watch }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.place.path().join("policies").join(name)
        }

        async fn told(&mut self) {
            told(&mut self.told).await;
        }

        /// Waits until a change has been told after which `seen` holds.
        async fn until(&mut self, seen: impl Fn(&Self) -> bool) {
            loop {
                self.told().await;
                if seen(self) {
                    return;
                }
            }
        }
    }

    /// Bounds a wait, so that what never comes fails the test.
    async fn told(told: &mut mpsc::Receiver<()>) {
        let comes = tokio::time::timeout(Duration::from_secs(60), told.recv()).await;
        assert_eq!(comes.expect("it comes in time"), Some(()));
    }

    fn made(directory: &Path) {
        fs::create_dir_all(directory).unwrap();
    }

    #[tokio::test]
    async fn whatever_changes_a_file_is_told() {
        let changes: [fn(&Path, &Path); 7] = [
            |one, _| fs::write(one, "return 1").unwrap(),
            |_, other| fs::write(other, "return 1").unwrap(),
            |one, other| fs::rename(one, other).unwrap(),
            |one, other| std::os::unix::fs::symlink(one, other).unwrap(),
            |one, other| fs::hard_link(one, other).unwrap(),
            |one, _| fs::set_permissions(one, fs::Permissions::from_mode(0o600)).unwrap(),
            |one, _| fs::remove_file(one).unwrap(),
        ];
        for change in changes {
            let mut watched = Watched::new(|directory| {
                made(directory);
                fs::write(directory.join("one.lua"), "return {}").unwrap();
            })
            .await;
            change(&watched.path("one.lua"), &watched.path("other.lua"));
            watched.told().await;
        }
    }

    #[tokio::test]
    async fn a_file_in_a_directory_that_is_made_later_is_told() {
        let mut watched = Watched::new(made).await;
        made(&watched.path("lib/deeper"));
        watched.until(|_| true).await;
        fs::write(watched.path("lib/deeper/common.lua"), "return {}").unwrap();
        watched.until(|watched| watched.path("lib/deeper/common.lua").exists()).await;
    }

    #[tokio::test]
    async fn a_directory_that_goes_and_comes_again_is_watched_again() {
        let mut watched = Watched::new(made).await;
        for round in ["first", "second", "third"] {
            fs::remove_dir_all(watched.path("")).unwrap();
            watched.until(|watched| !watched.path("").exists()).await;
            made(&watched.path(""));
            watched.until(|watched| watched.path("").exists()).await;
            fs::write(watched.path("default.lua"), round).unwrap();
            watched
                .until(|watched| fs::read_to_string(watched.path("default.lua")).is_ok_and(|it| it == round))
                .await;
        }
    }

    #[tokio::test]
    async fn a_directory_that_is_made_only_later_is_watched() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("etc/readmit/policies");
        let (saved, mut saved_again) = mpsc::channel(1);
        let _watch = Watch::start(&directory, saved).await;
        made(&directory);
        fs::write(directory.join("default.lua"), "return {}").unwrap();
        told(&mut saved_again).await;
        fs::write(directory.join("other.lua"), "return {}").unwrap();
        told(&mut saved_again).await;
    }

    #[tokio::test]
    async fn a_directory_that_takes_its_place_is_watched() {
        let mut watched = Watched::new(|directory| {
            made(&directory.with_file_name("one"));
            made(&directory.with_file_name("two"));
            std::os::unix::fs::symlink("one", directory).unwrap();
        })
        .await;
        let (link, new) = (watched.place.path().join("policies"), watched.place.path().join("new"));
        std::os::unix::fs::symlink("two", &new).unwrap();
        fs::rename(&new, &link).unwrap();
        watched.until(|_| true).await;
        fs::write(watched.place.path().join("two/default.lua"), "return {}").unwrap();
        watched.until(|watched| watched.path("default.lua").exists()).await;
    }

    #[test]
    fn half_a_file_and_a_reader_are_no_change() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("half.lua");
        fs::write(&file, "ret").unwrap();
        for kind in [
            EventKind::Modify(ModifyKind::Any),
            EventKind::Create(CreateKind::File),
            EventKind::Access(AccessKind::Close(AccessMode::Read)),
        ] {
            assert!(!is_change(kind, &file), "{kind:?}");
        }
    }
}
