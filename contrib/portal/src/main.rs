//! `readmit-portal`: the web front end of Readmit.

use std::process::ExitCode;

fn main() -> ExitCode {
    readmit_portal::run()
}
