//! A host of its own: Debian with a real systemd as process 1, in namespaces of its own.
//!
//! Every host starts from the same root and keeps its changes in memory, so hosts neither know nor disturb one
//! another. What happens in it ends with it: processes, mounts, control groups. It has no network.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::programs::Ended;
use crate::{PATIENCE, root};

/// The script that makes the namespaces.
const BOOT: &str = include_str!("host.sh");

/// Where programs are.
const SEARCH: &str = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

/// A running host. Dropped, it is gone; the same if the test's process dies.
pub struct Host {
    supervisor: Child,
    /// The host's process 1, by its number in this process's namespace.
    first: u32,
    work: TempDir,
}

impl Host {
    /// Boots Debian and waits until systemd has started everything.
    ///
    /// # Panics
    /// If this machine does not let it, or systemd is not content.
    #[must_use]
    pub fn boot() -> Self {
        Self::boot_after("")
    }

    /// The same, after these lines of shell have been run in the root, before there is any systemd.
    ///
    /// # Panics
    /// As [`Host::boot`].
    #[must_use]
    pub fn boot_after(preparation: &str) -> Self {
        let (host, notify) = Self::start(&format!("{preparation}\nexec /usr/lib/systemd/systemd"));
        host.wait_until_up(&notify);
        let state = host.run(["systemctl", "is-system-running"]).output;
        if state.trim() != "running" {
            panic!("systemd says {state}:\n{}", host.sh("systemctl list-units --failed --no-legend"));
        }
        host
    }

    /// The same root with no init in it, as in a chroot where an image is made.
    #[must_use]
    pub fn without_systemd() -> Self {
        Self::start("exec sleep infinity").0
    }

    fn start(first: &str) -> (Self, UnixDatagram) {
        let base = root::debian();
        let work = tempfile::Builder::new().prefix("readmit-host-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(work.path(), PermissionsExt::from_mode(0o711)).unwrap();
        let console = std::fs::File::create(work.path().join("console")).unwrap();
        let script = work.path().join("host.sh");
        std::fs::write(&script, BOOT).unwrap();
        let notify = UnixDatagram::bind(work.path().join("notify")).unwrap();
        let mut supervisor = Command::new("setsid")
            .args(["unshare", "--mount", "bash"])
            .arg(script)
            .arg("outer")
            .args([&base, work.path()])
            .arg(first)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(console)
            .spawn()
            .unwrap();
        let mut told = String::new();
        BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut told).unwrap();
        let Ok(first) = told.trim().parse() else {
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
            panic!(
                "this machine lets nobody boot a host in namespaces; root is needed, with the right to mount and to \
                 make control groups:\n{}",
                crate::daemon::tail(&work.path().join("console"))
            );
        };
        (Self { supervisor, first, work }, notify)
    }

    /// systemd says so itself, as to any supervisor of containers.
    fn wait_until_up(&self, notify: &UnixDatagram) {
        let since = Instant::now();
        notify.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut message = [0; 4096];
        loop {
            match notify.recv(&mut message) {
                Ok(length)
                    if String::from_utf8_lossy(&message[..length]).lines().any(|line| line == "READY=1") =>
                {
                    return;
                }
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let alive = Path::new(&format!("/proc/{}", self.first)).exists();
                    assert!(
                        alive && since.elapsed() < PATIENCE,
                        "systemd did not come up:\n{}",
                        self.console()
                    );
                }
                Err(error) => panic!("waiting for systemd: {error}"),
            }
        }
    }

    /// Runs a program in the host as root, to its end.
    #[must_use]
    pub fn run<A: AsRef<OsStr>>(&self, command: impl IntoIterator<Item = A>) -> Ended {
        let output = Command::new("timeout")
            .args(["--kill-after=1", &PATIENCE.as_secs().to_string()])
            .args(["nsenter", "--all", "--target", &self.process().to_string(), "--"])
            .args([
                "/usr/bin/env",
                "-i",
                SEARCH,
                "HOME=/root",
                "LANG=C.UTF-8",
                "DEBIAN_FRONTEND=noninteractive",
            ])
            .args(command)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ended::from(output)
    }

    /// Runs a program in the host in a login session of that user, as logind and polkit know sessions.
    #[must_use]
    pub fn run_as<A: AsRef<OsStr>>(&self, user: &str, command: impl IntoIterator<Item = A>) -> Ended {
        let user = format!("User={user}");
        let session = [
            "systemd-run",
            "--quiet",
            "--pipe",
            "--wait",
            "--collect",
            "-p",
            "PAMName=login",
            "-p",
            &user,
            "--",
        ];
        let mut whole: Vec<std::ffi::OsString> = session.map(Into::into).into();
        whole.extend(command.into_iter().map(|argument| argument.as_ref().to_owned()));
        self.run(whole)
    }

    /// Runs lines of shell as root, which must succeed, and gives what they wrote.
    ///
    /// # Panics
    /// If they fail.
    #[track_caller]
    pub fn sh(&self, script: &str) -> String {
        let ended = self.run(["sh", "-euc", script]);
        assert!(ended.code == 0, "{script}\nended with {}:\n{}{}", ended.code, ended.output, ended.error);
        ended.output
    }

    /// Writes a file of root's, and the directories above it.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let place = self.place(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, text).unwrap();
    }

    /// Copies a file of this machine into the host, with its permissions.
    pub fn copy(&self, from: &Path, path: &str) {
        let place = self.place(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(from, place).unwrap_or_else(|error| panic!("copying {}: {error}", from.display()));
    }

    /// Reads a file.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.place(path)).unwrap_or_else(|error| panic!("reading {path}: {error}"))
    }

    /// Whether there is anything of that name.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.place(path).symlink_metadata().is_ok()
    }

    /// The host's process 1, by its number here.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.first
    }

    /// Where a path of the host is for this process. An absolute link in it would lead out of the host.
    #[must_use]
    pub fn place(&self, path: &str) -> PathBuf {
        assert!(path.starts_with('/'), "{path} is not absolute");
        PathBuf::from(format!("/proc/{}/root{path}", self.first))
    }

    /// Everything that the host's journal has.
    #[must_use]
    pub fn journal(&self) -> String {
        let _ = self.run(["journalctl", "--sync"]);
        self.run(["journalctl", "--no-pager", "--output=short-monotonic"]).output
    }

    /// What the host's console shows.
    fn console(&self) -> String {
        crate::daemon::tail(&self.work.path().join("console"))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let journal = self.journal();
            let lines: Vec<&str> = journal.lines().collect();
            eprintln!(
                "the end of the host's journal:\n{}",
                lines[lines.len().saturating_sub(60)..].join("\n")
            );
        }
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}
