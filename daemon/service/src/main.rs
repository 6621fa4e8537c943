//! `readmitd`: the account-recovery daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    readmitd::start::main()
}
