//! The daemon as a child of the demonstration.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use futures_util::StreamExt;
use thiserror::Error;
use tokio::time::timeout;
use zbus::fdo::DBusProxy;

use crate::binaries::Binaries;
use crate::client::{Client, NAME};
use crate::home::Home;
use crate::limits;
use crate::process::Process;

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
    process: Process,
}

impl Daemon {
    /// Starts the daemon and waits until it and its plugins are ready.
    ///
    /// # Errors
    /// If one of them does not become ready.
    pub async fn start(binaries: &Binaries, home: &Home, client: &Client) -> Result<Self, DaemonError> {
        let log = home.path().join("readmitd.log");
        let process = Process::start(&binaries.demo, &binaries.daemon, &home.configuration(), log)
            .map_err(|source| DaemonError::Start { program: binaries.daemon.clone(), source })?;
        let mut daemon = Self { process };
        daemon.wait_for_name(client).await?;
        daemon.wait_for_plugins(client).await?;
        Ok(daemon)
    }

    /// Stops the daemon in good order, and its plugins with it.
    pub async fn stop(self) {
        self.process.stop().await;
    }

    /// Kills the daemon without a warning, and its plugins with it.
    pub async fn kill(self) {
        self.process.kill().await;
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
                Err(_) => Err(DaemonError::NotReady { log: self.process.log() }),
            },
            ended = self.process.ended() => {
                let status = ended.map_err(DaemonError::Watch)?;
                Err(DaemonError::Ended { status, log: self.process.log() })
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
                    log: self.process.log(),
                });
            }
            tokio::time::sleep(limits::LOOK).await;
        }
    }
}
