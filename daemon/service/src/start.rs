//! The process around the daemon: arguments, logs, signals, exit code.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::args::{Args, Verb};
use crate::causes::with_causes;
use crate::config::{ConfigFile, KEYS, shown};
use crate::inherited::Inherited;
use crate::process::{logging, sandbox};
use crate::restore::{change_keyring, restore};
use crate::run::{make_private_directory, run};
use crate::scrape::Scrape;

/// Runs the process.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let file = ConfigFile::new(args.config.clone());
    if args.check_config {
        return check(&file, args.json);
    }
    if args.describe_config {
        return tell(&serde_json::to_string_pretty(KEYS).unwrap_or_default());
    }
    if args.show_config {
        return show(&file);
    }
    if let Some(verb) = &args.verb {
        return perform(verb, &file);
    }
    logging::start();
    keep_out_of_core_dumps();
    match serve(file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Does what is to be done instead of serving.
fn perform(verb: &Verb, file: &ConfigFile) -> ExitCode {
    keep_out_of_core_dumps();
    let arguments = match verb {
        Verb::Keyring(verb) => return change_keyring(verb),
        Verb::Restore(arguments) => arguments,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match (file.load().map_err(|error| with_causes(&error)), runtime.map_err(|error| error.to_string())) {
        (Ok(config), Ok(runtime)) => runtime.block_on(restore(arguments, &config)),
        (Err(error), _) | (_, Err(error)) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

fn serve(file: ConfigFile) -> Result<(), Box<dyn Error>> {
    let config = file.load()?;
    // Before anything is begun: what cannot be watched as configured does not start.
    let scrape = Scrape::open(&config.metrics, &mut Inherited::from_environment())?;
    // What is to be kept to its directories needs them to be there.
    make_private_directory(&config.store.path)?;
    // Before any other thread runs, since walls are a thread's own.
    let missing = sandbox::enter(&config, file.path())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let (ask, reload) = mpsc::channel(1);
        tokio::spawn(listen(shutdown.clone(), ask));
        run(config, file, scrape, missing, shutdown, reload).await.map_err(Box::from)
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

fn check(file: &ConfigFile, json: bool) -> ExitCode {
    let report = match file.load() {
        Ok(_) => crate::config::Report::default(),
        Err(error) => error.into_report(),
    };
    let text = match (json, report.is_ok()) {
        (true, _) => report.to_json(),
        (false, true) => format!("{}: the configuration is right", file.path().display()),
        (false, false) => report.to_string(),
    };
    // Whether anybody reads it changes nothing.
    let _ = writeln!(std::io::stdout(), "{text}");
    if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn show(file: &ConfigFile) -> ExitCode {
    match file.load() {
        Ok(config) => tell(&format!("{:#}", shown(&config))),
        Err(error) => {
            say(&error.into_report().to_string());
            ExitCode::FAILURE
        }
    }
}

/// Answers on standard output; whether anybody reads it changes nothing.
fn tell(text: &str) -> ExitCode {
    let _ = writeln!(std::io::stdout(), "{text}");
    ExitCode::SUCCESS
}

/// Memory holds keys and codes: nobody may dump or trace it.
fn keep_out_of_core_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "core dumps of this process cannot be turned off");
    }
}

/// The last words: why the daemon ends.
fn say(text: &str) {
    if readmit_plugin::journal::is_connected() {
        return tracing::error!("{text}");
    }
    // There is nobody left to tell that stderr is closed.
    let _ = writeln!(std::io::stderr(), "readmitd: {text}");
}
