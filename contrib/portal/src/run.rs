//! From the command line to the end.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::args::{Args, Command};
use crate::config::{Config, ConfigError};
use crate::console::{self, ConsoleError};
use crate::server::{self, ServerError, Signals};
use crate::web::{Portal, PortalError};

/// Why the portal does not run.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Portal(#[from] PortalError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Console(#[from] ConsoleError),
    #[error("the portal could not start its threads")]
    Runtime(#[source] io::Error),
    #[error("signals cannot be heard")]
    Signals(#[source] io::Error),
}

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let args = Args::parse();
    let filter = EnvFilter::try_from_env("READMIT_LOG").unwrap_or_else(|_| EnvFilter::new("info,zbus=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
    match serve(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn serve(args: &Args) -> Result<(), RunError> {
    let config = Config::read(&args.config)?;
    if let Some(Command::Console(args)) = &args.command {
        return serve_console(args, config);
    }
    let portal = Arc::new(Portal::new(config)?);
    if args.check_config {
        server::check(&portal.config)?;
        return Ok(());
    }
    let runtime = tokio::runtime::Runtime::new().map_err(RunError::Runtime)?;
    runtime.block_on(async {
        let signals = Signals { stop: portal.stop.clone(), reload: Arc::default() };
        hear(signals.clone()).map_err(RunError::Signals)?;
        Ok(server::serve(portal, signals).await?)
    })
}

fn serve_console(args: &console::ConsoleArgs, config: Config) -> Result<(), RunError> {
    let runtime = tokio::runtime::Runtime::new().map_err(RunError::Runtime)?;
    runtime.block_on(async {
        let signals = Signals { stop: CancellationToken::new(), reload: Arc::default() };
        hear(signals.clone()).map_err(RunError::Signals)?;
        Ok(console::serve(args, config, signals.stop).await?)
    })
}

/// Stops on SIGTERM and SIGINT, takes up renewed files on SIGHUP.
fn hear(Signals { stop, reload }: Signals) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => reload.notify_one(),
            }
        }
        stop.cancel();
    });
    Ok(())
}

fn report(error: &dyn std::error::Error) {
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("\n  because: {cause}"));
        source = cause.source();
    }
    // If standard error is closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{text}");
}
