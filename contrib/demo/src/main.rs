//! `readmit-demo`: a whole recovery on one machine, to watch or to drive.

use std::process::ExitCode;

fn main() -> ExitCode {
    readmit_demo::run::run()
}
