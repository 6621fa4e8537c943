//! `readmit`, the command line: what administrators, support and people at a terminal do with `readmitd`.
//!
//! It is a client of the bus and holds no state. What may be done is decided by the daemon; here requests
//! are put together, answers are shown as tables or JSON, and errors become exit codes and hints.

mod bus;
mod cli;
mod commands;
mod context;
mod doctor;
mod draft;
mod failure;
mod heads;
mod limits;
mod output;
mod recover;
mod redaction;
mod roster;
mod sibling;
mod table;
mod terminal;
mod time;
mod work;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(std::env::args_os().collect()).await
}
