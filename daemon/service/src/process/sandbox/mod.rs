//! The walls that the daemon builds around itself: Landlock for files, seccomp for the network and for what a daemon
//! never does.
//!
//! Under systemd the unit does this and more; here it also holds where no systemd is, and where a unit was loosened.
//! Children inherit the walls. A plugin needs the network and files of its own, so a daemon that starts plugins as its
//! children stays without: plugins on sockets, each a service of its own, are the way to have both.

mod calls;
mod files;

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::causes::with_causes;
use crate::config::{Config, Launch, Sandboxing};

/// What the process may still reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// Files and directories that it may read, with all below.
    pub read: Vec<PathBuf>,
    /// Those that it may also write.
    pub write: Vec<PathBuf>,
}

/// Why there are no walls, or not whole ones.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// Plugins are children of the daemon.
    #[error(
        "sandbox.mode is \"require\", and the daemon starts the plugin `{0}` itself, which would be walled in too: reach it by `socket`, as a service of its own"
    )]
    Child(String),
    /// The kernel cannot wall in files.
    #[error(
        "the kernel cannot keep the daemon to its files (Landlock): use Linux 6.2 or newer with `landlock` in the boot parameter `lsm`; with sandbox.mode = \"auto\" it goes on without"
    )]
    NoLandlock,
    /// It refused to.
    #[error("the daemon could not be kept to its files")]
    Files(#[source] landlock::RulesetError),
    /// The kernel cannot wall off calls.
    #[error("the daemon could not be kept from the network")]
    Calls(#[source] seccompiler::Error),
    /// Nobody has written down what to forbid on this machine.
    #[error("the daemon cannot be kept from the network on this kind of processor")]
    Processor(#[source] seccompiler::BackendError),
}

/// What is missing of the walls although they are wanted, and why; for whoever looks at how the daemon is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing(pub Option<String>);

/// Walls in the calling thread, and every thread that it starts: before others run. Says what cannot be had of them.
///
/// # Errors
/// [`SandboxError`] if `sandbox.mode` is `require` and something of it cannot be had. In the mode `auto` that is
/// logged.
pub fn enter(config: &Config, file: &Path) -> Result<Missing, SandboxError> {
    if config.sandbox == Sandboxing::Off {
        return Ok(Missing::default());
    }
    let child = config.plugins.iter().find(|plugin| matches!(plugin.launch, Launch::Command(_)));
    let walls = match child {
        Some(plugin) => Err(SandboxError::Child(plugin.name.clone())),
        None => Sandbox::of(config, file).apply(),
    };
    match walls {
        Err(SandboxError::Child(plugin)) if config.sandbox == Sandboxing::Auto => {
            tracing::info!(
                plugin,
                "the daemon is not sandboxed by itself, since its children would be too; plugins by `socket` change that"
            );
            Ok(Missing::default())
        }
        Err(error) if config.sandbox == Sandboxing::Auto => {
            let error = with_causes(&error);
            tracing::warn!("the sandbox is not whole, and the daemon goes on with the rest of it: {error}");
            Ok(Missing(Some(error)))
        }
        Ok(()) => {
            tracing::info!("sandboxed: no network, no programs, no files but its own");
            Ok(Missing::default())
        }
        Err(error) => Err(error),
    }
}

impl Sandbox {
    /// What a daemon of this configuration needs.
    #[must_use]
    pub fn of(config: &Config, file: &Path) -> Self {
        // Names of users, the time zone, libraries that the system loads late, itself.
        let mut read: Vec<PathBuf> =
            ["/etc", "/usr", "/lib", "/lib64", "/proc", "/sys/fs/cgroup"].map(PathBuf::from).into();
        read.extend(std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from));
        // The directories above, since a file that is saved, or a directory that is swapped, is a new one.
        read.extend(above(file));
        read.extend(above(&config.policy.directory));
        read.extend(config.policy.directory.canonicalize().ok());
        let state = config.store.path.parent().unwrap_or(Path::new("/"));
        let mut write = vec![state.to_owned(), "/dev/null".into()];
        // Replaced by a file of the same directory.
        write.extend(above(&config.store.anchor_file()).filter(|directory| directory != state));
        Self { read, write }
    }

    /// Walls in the calling thread, and every thread and process that it starts from now on, for good.
    ///
    /// # Errors
    /// [`SandboxError`]; then some of the walls may stand.
    pub fn apply(&self) -> Result<(), SandboxError> {
        let files = files::restrict(&self.read, &self.write);
        calls::restrict()?;
        files
    }
}

/// The nearest directory above that is there, unless it is the root of everything.
fn above(path: &Path) -> Option<PathBuf> {
    let nearest = path.ancestors().skip(1).find(|above| above.is_dir())?;
    nearest.parent().is_some().then(|| nearest.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, OpenOptions};
    use std::io::ErrorKind::PermissionDenied;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::process::Command;

    use super::*;

    /// Runs in a thread of its own, which alone is walled in, and with it what it starts.
    fn walled_in(sandbox: Sandbox, look: impl FnOnce() + Send + 'static) {
        let thread = std::thread::spawn(move || {
            sandbox.apply().unwrap();
            look();
        });
        thread.join().unwrap();
    }

    #[test]
    fn the_daemon_reaches_its_own_files_and_no_others() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        for directory in ["etc", "etc/policies", "state", "home"] {
            fs::create_dir(path(directory)).unwrap();
        }
        for file in ["etc/readmit.toml", "etc/policies/default.lua", "state/readmit.db", "home/diary"] {
            fs::write(path(file), "text").unwrap();
        }
        std::os::unix::fs::symlink(path("home/diary"), path("etc/policies/sly.lua")).unwrap();
        let text = format!(
            "[store]\npath = \"{}\"\n[policy]\ndirectory = \"{}\"\n",
            path("state/readmit.db").display(),
            path("etc/policies").display()
        );
        let config = Config::parse(&text, Path::new("readmit.toml")).unwrap();
        let sandbox = Sandbox::of(&config, &path("etc/readmit.toml"));
        let root = place.path().to_owned();
        walled_in(sandbox, move || {
            let path = |name: &str| root.join(name);
            assert!(File::open(path("etc/readmit.toml")).is_ok());
            assert!(File::open(path("etc/policies/default.lua")).is_ok());
            assert!(fs::read_dir(path("etc/policies")).is_ok());
            assert!(File::open("/etc/passwd").is_ok(), "names of users");
            fs::write(path("state/new"), "kept").unwrap();
            fs::rename(path("state/new"), path("state/newer")).unwrap();
            fs::remove_file(path("state/newer")).unwrap();
            let denied = |result: std::io::Result<()>| result.unwrap_err().kind() == PermissionDenied;
            assert!(denied(File::open(path("home/diary")).map(drop)));
            assert!(denied(File::open(path("etc/policies/sly.lua")).map(drop)), "nor by a link");
            assert!(denied(fs::read_dir(path("home")).map(drop)));
            assert!(denied(fs::write(path("home/new"), "")));
            assert!(denied(fs::write(path("etc/policies/default.lua"), "")), "policies are read only");
            let append = OpenOptions::new().append(true).open(path("etc/readmit.toml"));
            assert!(denied(append.map(drop)));
            assert!(denied(UnixListener::bind(path("state/socket")).map(drop)), "no doors of its own");
        });
    }

    #[test]
    fn the_daemon_has_no_network_and_starts_no_program() {
        let place = tempfile::tempdir().unwrap();
        let local = UnixListener::bind(place.path().join("bus")).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let (bus, port) = (place.path().join("bus"), tcp.local_addr().unwrap());
        walled_in(Sandbox { read: vec!["/".into()], write: Vec::new() }, move || {
            assert!(UnixStream::connect(&bus).is_ok(), "the bus and plugins are sockets in the file system");
            let refused = |result: std::io::Result<()>| result.unwrap_err().kind() == PermissionDenied;
            assert!(refused(TcpStream::connect(port).map(drop)));
            assert!(refused(TcpListener::bind("127.0.0.1:0").map(drop)));
            assert!(refused(UdpSocket::bind("[::1]:0").map(drop)));
            assert!(refused(Command::new("/bin/true").status().map(drop)));
        });
        drop(local);
    }

    #[test]
    fn a_daemon_with_children_is_walled_in_only_by_its_unit() {
        let with = |mode: &str| {
            let text = format!("[sandbox]\nmode = \"{mode}\"\n[plugins.p]\ncommand = [\"/bin/true\"]\n");
            Config::parse(&text, Path::new("readmit.toml")).unwrap()
        };
        let file = Path::new("/etc/readmit/readmit.toml");
        let error = enter(&with("require"), file).unwrap_err().to_string();
        assert!(error.contains("`p`") && error.contains("`socket`"), "{error}");
        for mode in ["auto", "off"] {
            assert_eq!(enter(&with(mode), file).unwrap(), Missing::default());
            assert!(TcpListener::bind("127.0.0.1:0").is_ok(), "{mode}: the child needs the network");
        }
    }
}
