//! `readmit completions`: scripts that complete the words of the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  readmit completions bash > /usr/share/bash-completion/completions/readmit
  readmit completions zsh  > ~/.zfunc/_readmit
  readmit completions fish > ~/.config/fish/completions/readmit.fish";

/// Print a completion script for a shell
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Runs the verb.
pub fn run(completions: Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Cli::command(), "readmit", &mut script);
    output::write(&String::from_utf8_lossy(&script))
}
