//! `readmit-email`, the e-mail plugin of Readmit. See the library for what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    readmit_email::run()
}
