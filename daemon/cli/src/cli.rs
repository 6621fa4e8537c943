//! The command line's grammar, and the way from its words to a verb and back to an exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::bus::administration::Asking;
use crate::commands::{
    account, audit, backup, case, codes, completions, config, demo, device, doctor, key, manual, pass,
    plugin, policy, recover, restore, schema, status, top,
};
use crate::context::Context;
use crate::failure::{Failure, Kind};

const EXAMPLES: &str = "\
Examples:
  readmit status                                   is everything well?
  readmit account add alice --email a@example.org --phone +14155550123
  readmit recover alice                            get back in, step by step
  readmit case list --open --json                  for scripts

Exit codes: 0 done, 1 failed or refused, 2 usage, 3 not found, 4 not authorized, 5 rate limited, \
6 wrong state, 7 daemon unavailable, 8 only warnings. An error says what to do next; with --json it is one JSON object \
{error, message, hint} on standard error.

Secrets are never arguments: they are asked for without echo, or read from standard input.";

/// Lets people back in after they lose their second factor.
#[derive(Parser)]
#[command(name = "readmit", version, after_help = EXAMPLES, propagate_version = true)]
pub struct Cli {
    /// The daemon's bus: system, session or an address such as unix:path=/run/…
    #[arg(long, global = true, env = "READMIT_BUS", value_name = "ADDRESS")]
    bus: Option<String>,
    /// Answer with one JSON document on standard output
    #[arg(long, global = true)]
    json: bool,
    /// Let polkit ask for a password although standard input is no terminal
    #[arg(long, global = true)]
    ask_password: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Account(account::Account),
    Device(device::Device),
    Case(case::Case),
    Codes(codes::Codes),
    Pass(pass::Pass),
    Plugin(plugin::Plugin),
    Audit(audit::Audit),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Key(key::Key),
    Policy(policy::Policy),
    Config(config::Config),
    Status(status::Status),
    Top(top::Top),
    Doctor(doctor::Doctor),
    Recover(recover::Recover),
    Demo(demo::Demo),
    Completions(completions::Completions),
    Manual(manual::Manual),
    Schema(schema::Schema),
}

/// Runs the command that the arguments name.
pub async fn run(arguments: Vec<OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return misread(&error, &arguments),
    };
    let json = cli.json;
    match perform(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(json);
            ExitCode::from(failure.kind.code())
        }
    }
}

async fn perform(cli: Cli) -> Result<(), Failure> {
    // Before the first question: nobody may be left with a terminal that does not echo.
    let mut interrupts = Interrupts::catch()?;
    let asking = if cli.ask_password { Asking::Allowed } else { Asking::Forbidden };
    let mut context = Context::new(cli.json, cli.bus, asking);
    let context = &mut context;
    let work = async {
        match cli.verb {
            Verb::Account(verb) => account::run(verb, context).await,
            Verb::Device(verb) => device::run(verb, context).await,
            Verb::Case(verb) => case::run(verb, context).await,
            Verb::Codes(verb) => codes::run(verb, context).await,
            Verb::Pass(verb) => pass::run(verb, context).await,
            Verb::Plugin(verb) => plugin::run(verb, context).await,
            Verb::Audit(verb) => audit::run(verb, context).await,
            Verb::Backup(verb) => backup::run(verb, context).await,
            Verb::Restore(verb) => restore::run(verb, context).await,
            Verb::Key(verb) => key::run(verb, context).await,
            Verb::Policy(verb) => policy::run(verb, context).await,
            Verb::Config(verb) => config::run(verb, context).await,
            Verb::Status(verb) => status::run(verb, context).await,
            Verb::Top(verb) => top::run(verb, context).await,
            Verb::Doctor(verb) => doctor::run(verb, context).await,
            Verb::Recover(verb) => recover::run(verb, context).await,
            Verb::Demo(verb) => demo::run(verb),
            Verb::Completions(verb) => completions::run(verb),
            Verb::Manual(verb) => manual::run(verb, context).await,
            Verb::Schema(verb) => schema::run(verb),
        }
    };
    // Whatever was under way is dropped, and with it the guard that keeps the terminal's echo off.
    let done = tokio::select! {
        done = work => done,
        interrupted = interrupts.next() => Err(interrupted),
    };
    match (done, context.next_step.take()) {
        (Err(failure), Some(next)) if matches!(failure.kind, Kind::Interrupted | Kind::Unavailable) => {
            Err(failure.with_hint(next))
        }
        (done, _) => done,
    }
}

/// Ctrl-C, SIGTERM and SIGHUP, caught from here on.
struct Interrupts([Signal; 3]);

impl Interrupts {
    fn catch() -> Result<Self, Failure> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    async fn next(&mut self) -> Failure {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        Failure::new(Kind::Interrupted, "interrupted")
    }
}

/// Help and version are answers; anything else is a usage error, told by clap or as JSON.
fn misread(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let wants_json =
        arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    if wants_json && !is_answer {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::new(Kind::Usage, message).report(true);
    } else {
        // The stream may be closed; there is nobody left to tell.
        let _ = error.print();
    }
    ExitCode::from(if is_answer { 0 } else { Kind::Usage.code() })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    /// Every verb teaches: what it is for, and an example.
    #[test]
    fn every_verb_has_an_example() {
        for verb in Cli::command().get_subcommands() {
            let name = verb.get_name();
            assert!(verb.get_about().is_some(), "{name} says what it is for");
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("readmit {name}")), "{name} has an example");
            for argument in verb.get_subcommands().flat_map(clap::Command::get_arguments) {
                assert!(argument.get_help().is_some(), "{name}: {} is explained", argument.get_id());
            }
        }
    }
}
