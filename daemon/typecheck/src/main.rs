//! `readmit-typecheck`: the Luau type checker, for `readmit policy check`.
//!
//! It is a program of its own because the type checker and the machine that runs policies are the same C++ library in
//! two versions, which one program cannot hold; and because what it reads is hostile: it has no network, writes
//! nothing, and may be ended at any time. One JSON request on standard input ([`protocol::Request`]) gives one JSON
//! answer on standard output ([`protocol::Answer`]).
//!
//! What the files mean to each other, where hooks have their types from, and how problems are shown is left to whoever
//! asks.

mod checking;
mod limits;
mod protocol;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::run()
}
