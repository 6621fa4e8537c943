//! The command line of the demonstration.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

use crate::person::Behaviour;

const EXAMPLES: &str = "\
Examples:
  readmit demo                          do a recovery with a mouse: prints an address for your browser
  readmit demo --port 8090              on a port of your choice, such as for a tunnel
  readmit demo --watch                  watch a recovery being played
  readmit demo --busy                   the same; the line is busy at the first call
  readmit demo --drive                  recover yourself, with a second terminal for mail and phone
  readmit demo --drive --unattended-phone
                                        recover yourself; the phone answers itself

Everything runs on this machine, in a temporary directory, and ends with the demonstration.";

/// Shows a whole recovery on this machine: do one in a browser, watch one, or drive one at the terminal.
#[derive(Debug, Parser)]
#[command(name = "readmit-demo", version, about, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Options {
    /// What to do besides.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// How to show it.
    #[command(flatten)]
    pub show: Show,
}

/// Verbs besides the show itself.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Open the second terminal: mailbox, telephone and authenticator app of a `--drive`
    Phone {
        /// The directory that the demonstration has printed
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
    /// Show the codes of a device, as an authenticator app does
    App {
        /// The secret, or the otpauth:// URI, that the recovery shows
        secret: String,
    },
    /// Start a program that dies with its parent
    #[command(hide = true)]
    Guard {
        /// The parent's process id
        parent: i32,
        /// The program
        program: PathBuf,
        /// Its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// How to show it.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mode").args(["web", "watch", "drive"]))]
#[command(group = ArgGroup::new("first_call").args(["busy", "no_answer", "decline", "wrong_digits"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Show {
    /// Do a recovery in a browser: the portal, a mailbox and a telephone on one page (this is the default)
    #[arg(long)]
    pub web: bool,
    /// With --web: serve the page on this port, and what belongs to it on the two after it
    #[arg(long, value_name = "PORT", conflicts_with_all = ["watch", "drive"])]
    pub port: Option<u16>,
    /// With --web: open no browser
    #[arg(long, conflicts_with_all = ["watch", "drive"])]
    pub no_open: bool,
    /// Watch a recovery being played (the default with --fast, --busy, --no-answer, --decline or --wrong-digits)
    #[arg(long)]
    pub watch: bool,
    /// Drive a recovery yourself at the terminal
    #[arg(long)]
    pub drive: bool,
    /// Watch without pauses for reading
    #[arg(long, conflicts_with_all = ["drive", "web"])]
    pub fast: bool,
    /// The line is busy at the first call
    #[arg(long)]
    pub busy: bool,
    /// Nobody answers the first call
    #[arg(long)]
    pub no_answer: bool,
    /// The first call is declined
    #[arg(long)]
    pub decline: bool,
    /// Wrong digits are typed at the first call
    #[arg(long, conflicts_with = "web")]
    pub wrong_digits: bool,
    /// With --drive: the phone answers itself, and mails are shown here
    #[arg(long, requires = "drive")]
    pub unattended_phone: bool,
    /// Keep configuration, policy, database and log in this directory
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

impl Show {
    /// What the phone does at its first call.
    #[must_use]
    pub fn first_call(&self) -> Behaviour {
        match (self.busy, self.no_answer, self.decline, self.wrong_digits) {
            (true, ..) => Behaviour::Busy,
            (_, true, ..) => Behaviour::NoAnswer,
            (_, _, true, _) => Behaviour::Decline,
            (.., true) => Behaviour::WrongDigits,
            (false, false, false, false) => Behaviour::Right,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn what_can_be_asked_for() {
        let parse =
            |line: &str| Options::try_parse_from(line.split(' ')).map(|options| options.show.first_call());
        let table = [
            ("demo", Some(Behaviour::Right)),
            ("demo --watch --fast", Some(Behaviour::Right)),
            ("demo --watch --busy", Some(Behaviour::Busy)),
            ("demo --no-answer", Some(Behaviour::NoAnswer)),
            ("demo --decline", Some(Behaviour::Decline)),
            ("demo --drive --unattended-phone --wrong-digits", Some(Behaviour::WrongDigits)),
            ("demo --watch --drive", None),
            ("demo --busy --decline", None),
            ("demo --unattended-phone", None),
            ("demo --drive --fast", None),
            ("demo --web --busy --no-open --port 8090", Some(Behaviour::Busy)),
            ("demo --web --wrong-digits", None),
            ("demo --web --fast", None),
            ("demo --web --watch", None),
            ("demo --watch --port 8090", None),
            ("demo phone", None),
            ("demo phone --dir /tmp/x", Some(Behaviour::Right)),
        ];
        for (line, expected) in table {
            assert_eq!(parse(line).ok(), expected, "{line}");
        }
    }
}
