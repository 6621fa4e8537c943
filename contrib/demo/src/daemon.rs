//! The daemon as a child of the demonstration.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zbus::fdo::DBusProxy;

use crate::binaries::Binaries;
use crate::client::{Client, NAME};
use crate::home::Home;
use crate::{guard, limits};

/// Why the daemon does not run.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// The program could not be started.
    #[error("{} could not be started", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("readmitd ended ({status}) before it was ready. It said:\n{log}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It did not become ready.
    #[error("readmitd was not on the bus after {} s. It said:\n{log}", limits::DAEMON_START.as_secs())]
    NotReady {
        /// The end of its log.
        log: String,
    },
    /// A plugin does not run.
    #[error("the plugin {plugin} does not run: {why}. readmitd said:\n{log}")]
    Plugin {
        /// Which.
        plugin: String,
        /// What the daemon says of it.
        why: String,
        /// The end of the daemon's log.
        log: String,
    },
    /// The bus failed.
    #[error("readmitd could not be asked")]
    Bus(#[from] zbus::Error),
    /// The system failed.
    #[error("readmitd could not be watched")]
    Watch(#[source] io::Error),
}

/// A daemon that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: Log,
    reading: JoinHandle<()>,
}

impl Daemon {
    /// Starts the daemon and waits until it and its plugins are ready.
    ///
    /// # Errors
    /// If one of them does not become ready.
    pub async fn start(binaries: &Binaries, home: &Home, client: &Client) -> Result<Self, DaemonError> {
        let mut command = Command::from(guard::command(&binaries.demo, &binaries.daemon));
        command.arg("--config").arg(home.configuration());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|source| DaemonError::Start { program: binaries.daemon.clone(), source })?;
        let log = Log::default();
        let stderr = child.stderr.take();
        let reading = tokio::spawn(log.clone().follow(stderr, home.path().join("readmitd.log")));
        let mut daemon = Self { child, log, reading };
        daemon.wait_for_name(client).await?;
        daemon.wait_for_plugins(client).await?;
        Ok(daemon)
    }

    /// Stops the daemon in good order, and its plugins with it.
    pub async fn stop(mut self) {
        let group = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::TERM);
            if timeout(limits::DAEMON_STOP, self.child.wait()).await.is_err() {
                tracing::warn!("readmitd did not stop in time and is killed");
            }
            // Whoever of the group is left is beyond asking.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait().await;
        self.reading.abort();
    }

    async fn wait_for_name(&mut self, client: &Client) -> Result<(), DaemonError> {
        let bus = DBusProxy::new(&client.connection).await?;
        let mut owners = bus.receive_name_owner_changed_with_args(&[(0, NAME)]).await?;
        let name = zbus::names::BusName::try_from(NAME)?;
        let came = async {
            if bus.name_has_owner(name).await.map_err(zbus::Error::from)? {
                return Ok(());
            }
            while let Some(change) = owners.next().await {
                if change.args()?.new_owner().is_some() {
                    return Ok(());
                }
            }
            Err(zbus::Error::from(io::Error::from(io::ErrorKind::UnexpectedEof)))
        };
        tokio::select! {
            came = timeout(limits::DAEMON_START, came) => match came {
                Ok(came) => came.map_err(DaemonError::Bus),
                Err(_) => Err(DaemonError::NotReady { log: self.log.tail() }),
            },
            ended = self.child.wait() => {
                let status = ended.map_err(DaemonError::Watch)?;
                // The log is whole once its pipe is closed, which the daemon's end does.
                let _ = timeout(limits::DAEMON_STOP, &mut self.reading).await;
                Err(DaemonError::Ended { status, log: self.log.tail() })
            }
        }
    }

    async fn wait_for_plugins(&mut self, client: &Client) -> Result<(), DaemonError> {
        let deadline = tokio::time::Instant::now() + limits::PLUGIN_START;
        loop {
            let plugins = client.plugins.list().await?;
            let waiting = plugins.iter().find(|plugin| plugin.state.as_deref() != Some("running"));
            let Some(waiting) = waiting else { return Ok(()) };
            if tokio::time::Instant::now() > deadline {
                return Err(DaemonError::Plugin {
                    plugin: waiting.plugin.clone().unwrap_or_default(),
                    why: waiting.last_error.clone().or(waiting.state.clone()).unwrap_or_default(),
                    log: self.log.tail(),
                });
            }
            tokio::time::sleep(limits::LOOK).await;
        }
    }
}

/// The end of the daemon's log; all of it goes to a file.
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
                // A full disk is no reason to stop reading what the daemon says.
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
    let file = tokio::fs::File::create(path).await;
    file.inspect_err(|error| tracing::warn!(%error, "the daemon's log could not be kept")).ok()
}
