//! The daemon as a process.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::desk::Desk;
use crate::{patiently, program};

/// A running readmitd. Dropped, it is killed.
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts it and waits until it has its name on the bus.
    pub(crate) async fn start(
        config: &Path,
        log: &Path,
        filter: &str,
        environment: &[(String, PathBuf)],
        desk: &Desk,
    ) -> Self {
        let mut owners = desk.owners().await;
        let mut child = spawn(config, log, filter, environment);
        let named = async { while owners.next().await[2] == "" {} };
        tokio::select! {
            () = patiently("the daemon to take its name", named) => Self { child },
            status = child.wait() => panic!("readmitd ended with {status:?}:\n{}", tail(log)),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the daemon was not waited for")
    }

    /// Ends it as a power cut does.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop and waits.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        kill_process(pid(self.id()), Signal::TERM).unwrap();
        patiently("the daemon to stop", self.child.wait()).await.unwrap()
    }
}

/// Ends a process that the test has started, as a power cut does.
pub fn kill(id: u32) {
    kill_process(pid(id), Signal::KILL).unwrap();
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}

fn spawn(config: &Path, log: &Path, filter: &str, environment: &[(String, PathBuf)]) -> Child {
    let log = OpenOptions::new().create(true).append(true).open(log).unwrap();
    Command::new(program("readmitd"))
        .arg("--config")
        .arg(config)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("READMIT_LOG", filter)
        .env("RUST_LOG", filter)
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::from(log.try_clone().unwrap()))
        .stderr(Stdio::from(log))
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The end of the log, for whoever reads why a test failed.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
