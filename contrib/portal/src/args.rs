//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::console::ConsoleArgs;

const EXAMPLES: &str = "\
Examples:
  readmit-portal                                 serve what /etc/readmit/portal.toml says
  readmit-portal --config try.toml --check-config
                                                 check a configuration and say what is wrong, with its line
  READMIT_LOG=debug readmit-portal               say more
  readmit-portal console                         support's pages, for you alone: readmit-portal console --help";

/// The web front end of Readmit: sign-in, recovery, and the links in its messages.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/readmit/portal.toml", global = true)]
    pub(crate) config: PathBuf,
    /// Only check the configuration
    #[arg(long)]
    pub(crate) check_config: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve support's pages to the user who runs this, and to nobody else
    Console(ConsoleArgs),
}
