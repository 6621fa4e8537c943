//! The portal as a child of the demonstration.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::binaries::Binaries;
use crate::home::Home;
use crate::limits;
use crate::process::Process;

/// Why the portal does not run.
#[derive(Debug, Error)]
pub enum PortalError {
    /// The program could not be started.
    #[error("{} could not be started", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It has ended.
    #[error("readmit-portal ended ({status}). It said:\n{log}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It does not serve.
    #[error("readmit-portal did not serve within {} s. It said:\n{log}", limits::PORTAL_START.as_secs())]
    NotReady {
        /// The end of its log.
        log: String,
    },
    /// The system failed.
    #[error("readmit-portal could not be watched")]
    Watch(#[source] io::Error),
}

/// A portal that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Portal {
    process: Process,
}

impl Portal {
    /// Starts the portal that `home` is furnished for, and waits until it serves at this address.
    ///
    /// # Errors
    /// If it does not come to that.
    pub async fn start(binaries: &Binaries, home: &Home, address: SocketAddr) -> Result<Self, PortalError> {
        let log = home.path().join("readmit-portal.log");
        let process = Process::start(&binaries.demo, &binaries.portal, &home.portal_configuration(), log)
            .map_err(|source| PortalError::Start { program: binaries.portal.clone(), source })?;
        let mut portal = Self { process };
        let served = tokio::select! {
            served = timeout(limits::PORTAL_START, serves(address)) => served,
            ended = portal.ended() => return Err(ended),
        };
        match served {
            Ok(()) => Ok(portal),
            Err(_) => Err(PortalError::NotReady { log: portal.process.log() }),
        }
    }

    /// Waits until it has ended by itself, which it should not.
    pub async fn ended(&mut self) -> PortalError {
        match self.process.ended().await {
            Ok(status) => PortalError::Ended { status, log: self.process.log() },
            Err(error) => PortalError::Watch(error),
        }
    }

    /// Stops it in good order.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

async fn serves(address: SocketAddr) {
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(limits::LOOK).await;
    }
}
