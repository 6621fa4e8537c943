//! The command line.

use std::path::PathBuf;

use clap::Parser;

const EXAMPLES: &str = "\
Examples:
  readmit-portal                                 serve what /etc/readmit/portal.toml says
  readmit-portal --config try.toml --check-config
                                                 check a configuration and say what is wrong, with its line
  READMIT_LOG=debug readmit-portal               say more";

/// The web front end of Readmit: sign-in, recovery, and the links in its messages.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/readmit/portal.toml")]
    pub(crate) config: PathBuf,
    /// Only check the configuration
    #[arg(long)]
    pub(crate) check_config: bool,
}
