//! One request, one answer.

use std::io::Write as _;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};
use thiserror::Error;

use crate::checking::{Unable, check};
use crate::limits::{MEMORY_BYTES, STACK_BYTES};
use crate::protocol::{Answer, BadRequest, Request};

/// Why there is no answer.
#[derive(Debug, Error)]
enum Failed {
    #[error(
        "readmit-typecheck takes no arguments: `readmit policy check` runs it, with a request on standard input"
    )]
    Arguments,
    #[error("{0}")]
    Request(#[from] BadRequest),
    #[error("{0}")]
    Unable(#[from] Unable),
    #[error("no limit can be set on memory")]
    Limit(#[from] rustix::io::Errno),
    #[error("the checking thread ended early")]
    Thread,
    #[error("the answer cannot be written")]
    Answer(#[from] std::io::Error),
}

/// Answers the request on standard input. A failure is told on standard error, in one line.
pub fn run() -> ExitCode {
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            let text = failed.to_string().replace('\n', "; ");
            // Standard error may be closed; there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn answer() -> Result<(), Failed> {
    if std::env::args_os().len() > 1 {
        return Err(Failed::Arguments);
    }
    let request = Request::read(std::io::stdin().lock())?;
    setrlimit(Resource::As, Rlimit { current: Some(MEMORY_BYTES), maximum: Some(MEMORY_BYTES) })?;
    let answer = on_large_stack(request)?;
    let mut text = serde_json::to_vec(&answer).map_err(std::io::Error::from)?;
    text.push(b'\n');
    let mut output = std::io::stdout().lock();
    output.write_all(&text)?;
    Ok(output.flush()?)
}

fn on_large_stack(request: Request) -> Result<Answer, Failed> {
    let checking = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || check(&request))?;
    Ok(checking.join().map_err(|_| Failed::Thread)??)
}
