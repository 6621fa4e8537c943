//! Brings a plugin to life, as a child process or over a unix socket, and sees to it that nothing is left of it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use readmit_plugin::frames::{Frame, Frames};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use thiserror::Error;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use super::limits;
use super::mask;
use super::throttle::Throttle;
use crate::config::{Launch, PluginConfig};

/// What a child process gets of the daemon's environment. Nothing else: the daemon's may hold secrets.
const ENVIRONMENT: [&str; 4] = ["PATH", "LANG", "CREDENTIALS_DIRECTORY", "READMIT_LOG"];

/// How long the kernel may take to let a killed process go.
const REAP: Duration = Duration::from_secs(5);

/// Why a plugin could not be started.
#[derive(Debug, Error)]
pub(super) enum StartError {
    #[error("no command is configured")]
    NoCommand,
    #[error("{0} could not be started")]
    Spawn(String, #[source] io::Error),
    #[error("{0} could not be watched")]
    Watch(String, #[source] io::Error),
    #[error("the socket {} could not be connected", .0.display())]
    Connect(PathBuf, #[source] io::Error),
}

/// A plugin that was started or connected.
pub(super) struct Life {
    pub(super) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) writer: Box<dyn AsyncWrite + Send + Unpin>,
    /// None for a socket: the process behind it is somebody else's.
    pub(super) process: Option<Process>,
}

/// Starts the plugin's command, or connects to its socket.
pub(super) async fn start(config: &PluginConfig) -> Result<Life, StartError> {
    match &config.launch {
        Launch::Command(command) => spawn(&config.name, command),
        Launch::Socket(path) => {
            let stream =
                UnixStream::connect(path).await.map_err(|error| StartError::Connect(path.clone(), error))?;
            let (reader, writer) = stream.into_split();
            Ok(Life { reader: Box::new(reader), writer: Box::new(writer), process: None })
        }
    }
}

fn spawn(plugin: &str, command: &[String]) -> Result<Life, StartError> {
    let (program, arguments) = command.split_first().ok_or(StartError::NoCommand)?;
    let failed = |error| StartError::Spawn(program.clone(), error);
    let environment = ENVIRONMENT.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value)));
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that what it starts ends with it, and so that ^C ends the daemon first.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let process = Process::watch(child).map_err(|error| StartError::Watch(program.clone(), error))?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(failed(io::ErrorKind::BrokenPipe.into()));
    };
    tokio::spawn(log_lines(plugin.to_owned(), stderr));
    Ok(Life { reader: Box::new(stdout), writer: Box::new(stdin), process: Some(process) })
}

/// A child process and everything that it has started. Dropped, it is killed.
pub(super) struct Process {
    child: Child,
    group: Pid,
    /// Readable once the child has exited. It says so without reaping, so that the group's number stays taken
    /// until the group was killed.
    exit: AsyncFd<OwnedFd>,
    reaped: bool,
}

impl Process {
    fn watch(child: Child) -> io::Result<Self> {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        let group = number.and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
        let exit = watched(pidfd_open(group, PidfdFlags::empty())?)?;
        Ok(Self { child, group, exit, reaped: false })
    }

    /// Gives the process `patience` to exit, then kills its group. Says how it ended, if by itself.
    pub(super) async fn end(mut self, patience: Duration) -> Option<String> {
        let by_itself = timeout(patience, self.exit.readable()).await.is_ok();
        self.kill_group();
        // A killed process is gone at once, unless the kernel itself holds it.
        let status = timeout(REAP, self.child.wait()).await.ok()?.ok()?;
        self.reaped = true;
        by_itself.then(|| status.to_string())
    }

    fn kill_group(&self) {
        // The one way to fail is that nothing is left to kill.
        let _gone = kill_process_group(self.group, Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill_group();
        }
    }
}

#[expect(
    deprecated,
    reason = "the descriptor is owned and never closed early, which is what the unsafe successor asks"
)]
fn watched(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}

/// Passes on what a plugin writes to its standard error, one bounded line at a time.
async fn log_lines(plugin: String, stderr: ChildStderr) {
    let mut frames = Frames::new(stderr);
    let mut throttle = Throttle::default();
    while let Ok(Some(frame)) = frames.next().await {
        let Some(suppressed) = throttle.admit() else { continue };
        if suppressed > 0 {
            tracing::warn!(plugin, suppressed, "the plugin writes too much; lines were left out");
        }
        match frame {
            Frame::Line(line) => {
                tracing::info!(plugin, "{}", mask::cleaned(&line, limits::TEXT_CHARS));
            }
            Frame::TooLong | Frame::NotUtf8 | Frame::Half => {
                tracing::debug!(plugin, ?frame, "the plugin wrote something unreadable to its log");
            }
        }
    }
    tracing::debug!(plugin, suppressed = throttle.suppressed(), "the plugin's standard error ended");
}
