//! Starts a program that dies with the demonstration, however that ends.
//!
//! The demonstration runs itself with the hidden verb `guard`, which asks the kernel for a signal at the
//! parent's death and then becomes the program: the request outlives `exec`, and no unsafe code is needed
//! between `fork` and `exec`.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use thiserror::Error;

/// Why a guarded program was not started.
#[derive(Debug, Error)]
pub enum GuardError {
    /// The kernel refused.
    #[error("the program could not be bound to the demonstration's life")]
    Bind(#[source] rustix::io::Errno),
    /// The demonstration was gone already.
    #[error("the demonstration has ended")]
    Orphaned,
    /// The program could not be started.
    #[error("{} could not be started", program.display())]
    Start {
        /// The program.
        program: std::path::PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A command that starts `program` guarded: in a process group of its own, without a terminal's input.
#[must_use]
pub fn command(demo: &Path, program: &Path) -> Command {
    let mut command = Command::new(demo);
    command.arg("guard").arg(std::process::id().to_string()).arg(program);
    command.process_group(0).stdin(Stdio::null());
    command
}

/// Becomes the program; returns only if that fails.
#[must_use]
pub fn become_program(parent: i32, program: &Path, arguments: &[OsString]) -> GuardError {
    if let Err(error) = set_parent_process_death_signal(Some(Signal::TERM)) {
        return GuardError::Bind(error);
    }
    // The parent may have died before the kernel was asked.
    if getppid() != Pid::from_raw(parent) {
        return GuardError::Orphaned;
    }
    let source = Command::new(program).args(arguments).exec();
    GuardError::Start { program: program.to_owned(), source }
}
