//! `readmit demo`: a whole recovery on this machine, by the program `readmit-demo`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use clap::Args;

use crate::failure::{Failure, Kind};
use crate::sibling;

const EXAMPLES: &str = "\
Examples:
  readmit demo                                     a recovery to do with a mouse, in your browser
  readmit demo --watch --busy                      one to watch, in which the line is busy at first
  readmit demo --help                              all that can be shown

It needs no configuration, no root and no network, and leaves nothing behind.";

/// Try a whole recovery on this machine
#[derive(Args)]
#[command(after_help = EXAMPLES, disable_help_flag = true, disable_version_flag = true)]
pub struct Demo {
    /// Arguments for readmit-demo, passed on as they are
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Runs the verb: becomes the demonstration.
pub fn run(demo: Demo) -> Result<(), Failure> {
    let program = sibling::find("readmit-demo")?;
    let error = Command::new(&program).args(demo.arguments).exec();
    Err(Failure::new(Kind::Failed, format!("{} cannot be started: {error}", program.display())))
}
