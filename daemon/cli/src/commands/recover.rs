//! `readmit recover`: a person at a terminal gets back in.

use clap::Args;
use readmit_recovery::account::Reason;

use super::reason;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::recover::journey::{Beginning, walk};

const EXAMPLES: &str = "\
Examples:
  readmit recover alice                            asks what has happened and goes on from there
  readmit recover alice --reason lost
  readmit recover --case CASE                      go on with a case that is open

It leads through every step: the password, the message, the call with its six digits, a new password where \
that is needed, and the new device with its QR code. Enter alone takes the first choice; a letter takes \
another. Ctrl-C leaves the case open.

A script answers with lines on standard input. While the phone is being called nothing is read. The exit code \
is 0 only if the recovery is complete.";

/// Get back into an account, step by step
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Recover {
    /// Who wants back in; asked for if it is missing
    account: Option<String>,
    /// What happened to the device: lost, stolen, damaged, not_working or out_of_sync; asked for if it is missing
    #[arg(long, value_parser = reason)]
    reason: Option<Reason>,
    /// Which of the account's devices
    #[arg(long)]
    device: Option<String>,
    /// Go on with this case
    #[arg(long, conflicts_with_all = ["account", "reason", "device"])]
    case: Option<String>,
}

/// Runs the verb.
pub async fn run(recover: Recover, context: &mut Context) -> Result<(), Failure> {
    if context.output.is_json() {
        return Err(Failure::new(Kind::Usage, "recover talks to a person and has no --json")
            .with_hint("a program uses org.readmit.Recovery1 on the bus, or answers recover by lines"));
    }
    let Recover { account, reason, device, case } = recover;
    walk(Beginning { account, reason, device, case }, context).await
}
