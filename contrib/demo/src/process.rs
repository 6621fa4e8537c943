//! A program of the project as a child of the demonstration, in a process group of its own, with its log.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{guard, limits};

/// A program that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: Log,
    reading: JoinHandle<()>,
}

impl Process {
    /// Starts `program` with this configuration; what it says is added to the file `log`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(demo: &Path, program: &Path, configuration: &Path, log: PathBuf) -> io::Result<Self> {
        let mut command = Command::from(guard::command(demo, program));
        command.arg("--config").arg(configuration);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let lines = Log::default();
        let reading = tokio::spawn(lines.clone().follow(child.stderr.take(), log));
        Ok(Self { child, log: lines, reading })
    }

    /// Stops it in good order, and whatever it has started with it.
    pub async fn stop(mut self) {
        if let Some(group) = self.group() {
            let _ = kill_process_group(group, Signal::TERM);
            if timeout(limits::DAEMON_STOP, self.child.wait()).await.is_err() {
                tracing::warn!("a program did not stop in time and is killed");
            }
            // Whoever of the group is left is beyond asking.
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.bury().await;
    }

    /// Kills it without a warning, and whatever it has started with it.
    pub async fn kill(mut self) {
        if let Some(group) = self.group() {
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.bury().await;
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        // The log is whole once its pipe is closed, which the program's end does.
        let _ = timeout(limits::DAEMON_STOP, &mut self.reading).await;
        Ok(status)
    }

    /// The last lines that it said.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.tail()
    }

    fn group(&self) -> Option<Pid> {
        self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
    }

    async fn bury(&mut self) {
        let _ = self.child.wait().await;
        self.reading.abort();
    }
}

/// The end of a program's log; all of it goes to a file.
#[derive(Debug, Clone, Default)]
struct Log {
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl Log {
    fn tail(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("  {line}\n")).collect()
    }

    async fn follow(self, stderr: Option<ChildStderr>, path: PathBuf) {
        let Some(stderr) = stderr else { return };
        let mut file = open(&path).await;
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(file) = &mut file {
                // A full disk is no reason to stop reading what the program says.
                let _ = file.write_all(format!("{line}\n").as_bytes()).await;
            }
            let mut tail = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if tail.len() >= limits::LOG_TAIL {
                tail.pop_front();
            }
            tail.push_back(line);
        }
    }
}

async fn open(path: &Path) -> Option<tokio::fs::File> {
    let file = tokio::fs::File::options().create(true).append(true).open(path).await;
    file.inspect_err(|error| tracing::warn!(%error, "a log could not be kept")).ok()
}
