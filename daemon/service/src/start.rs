//! The process around the daemon: arguments, logs, signals, exit code.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::args::Args;
use crate::config::{Config, ConfigError, DEFAULT_PATH};
use crate::inherited::Inherited;
use crate::run::run;
use crate::scrape::Scrape;

/// What is logged unless `READMIT_LOG` says otherwise.
const LOG: &str = "info,zbus=warn";

/// Runs the process.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    if args.check_config {
        return check(&args);
    }
    let filter = EnvFilter::try_from_env("READMIT_LOG").unwrap_or_else(|_| EnvFilter::new(LOG));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    keep_out_of_core_dumps();
    match serve(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("readmitd: {}", with_causes(&*error)));
            ExitCode::FAILURE
        }
    }
}

fn serve(args: &Args) -> Result<(), Box<dyn Error>> {
    let config = load(args)?;
    // Before anything is begun: what cannot be watched as configured does not start.
    let scrape = Scrape::open(&config.metrics, &mut Inherited::from_environment())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let (ask, reload) = mpsc::channel(1);
        tokio::spawn(listen(shutdown.clone(), ask));
        run(config, scrape, shutdown, reload).await.map_err(Box::from)
    })
}

/// Turns signals into what they mean.
async fn listen(shutdown: CancellationToken, reload: mpsc::Sender<()>) {
    let signals =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else {
        tracing::error!("signals cannot be received");
        return shutdown.cancel();
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => return shutdown.cancel(),
            _ = interrupt.recv() => return shutdown.cancel(),
            // A reload that waits already reads what has changed since.
            _ = hangup.recv() => drop(reload.try_send(())),
        }
    }
}

fn load(args: &Args) -> Result<Config, ConfigError> {
    match &args.config {
        Some(path) => Config::load(path),
        None => Config::load_default(),
    }
}

fn check(args: &Args) -> ExitCode {
    let report = match load(args) {
        Ok(_) => crate::config::Report::default(),
        Err(error) => error.into_report(),
    };
    let path = args.config.as_deref().map_or(DEFAULT_PATH.into(), |path| path.display().to_string());
    let text = match (args.json, report.is_ok()) {
        (true, _) => report.to_json(),
        (false, true) => format!("{path}: the configuration is right"),
        (false, false) => report.to_string(),
    };
    // Whether anybody reads it changes nothing.
    let _ = writeln!(std::io::stdout(), "{text}");
    if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Memory holds keys and codes: nobody may dump or trace it.
fn keep_out_of_core_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "core dumps of this process cannot be turned off");
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = next.source();
    }
    text
}

fn say(text: &str) {
    // There is nobody left to tell that stderr is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}
