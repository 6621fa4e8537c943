//! `readmit pass`: access passes, which support has sent to a person, or issues to one it has identified.

use clap::{Args, Subcommand};
use serde_json::json;

use super::account::UNKNOWN;
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::plain;
use crate::time::{now, parse_span, span, stamp};

const EXAMPLES: &str = "\
Examples:
  readmit pass send alice                          to the verified address on file; you do not see it
  readmit pass send alice --valid 8h
  readmit pass issue alice --valid 30m             for a person whose identity you have checked

The person uses it as the factor `pass` of a recovery: readmit recover alice. A pass works once. The help desk may have one \
sent, which works for up to a day; whoever may issue one can hand over the way in.

JSON: send: {account, sent_to, valid_seconds, expires_at}, where sent_to is a masked address; issue: {account, pass, \
valid_seconds, expires_at}. A pass that is issued is shown this once.";

const HAVE_IT_SENT: &str = "have it sent to the address on file instead: readmit pass send ACCOUNT";

/// Send and issue access passes
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Pass {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Send a pass to the verified address on file
    Send(For),
    /// Issue a pass that works once, for a while, and show it
    Issue(For),
}

#[derive(Args)]
struct For {
    /// The account
    account: String,
    /// How long it works, such as 30m, 2h or 1d
    #[arg(long, default_value = "1h", value_name = "TIME", value_parser = parse_span)]
    valid: u64,
}

impl For {
    fn seconds(&self) -> Result<u32, Failure> {
        u32::try_from(self.valid).map_err(|_| Failure::new(Kind::Usage, "that is too long for a pass"))
    }
}

/// Runs the verb.
pub async fn run(pass: Pass, context: &mut Context) -> Result<(), Failure> {
    match pass.verb {
        Verb::Send(wanted) => send(&wanted, context).await,
        Verb::Issue(wanted) => issue(&wanted, context).await,
    }
}

async fn send(wanted: &For, context: &mut Context) -> Result<(), Failure> {
    let (account, seconds) = (wanted.account.as_str(), wanted.seconds()?);
    let sent_to =
        context.accounts().await?.send_pass(account, seconds).await.hint(Kind::NotFound, UNKNOWN)?;
    let expires_at = now() + wanted.valid;
    let answer = json!({"account": account, "sent_to": sent_to, "valid_seconds": wanted.valid,
        "expires_at": expires_at});
    context.output.answer(&answer, |_| {
        format!(
            "An access pass is on its way to {}. It works once, for {} (until {}).\n",
            plain(&sent_to),
            span(wanted.valid),
            stamp(expires_at),
        )
    })
}

async fn issue(wanted: &For, context: &mut Context) -> Result<(), Failure> {
    let (account, seconds) = (wanted.account.as_str(), wanted.seconds()?);
    let pass = context.accounts().await?.issue_pass(account, seconds).await;
    let pass = pass.hint(Kind::NotFound, UNKNOWN).hint(Kind::NotAuthorized, HAVE_IT_SENT)?;
    let expires_at = now() + wanted.valid;
    let answer =
        json!({"account": account, "pass": pass, "valid_seconds": wanted.valid, "expires_at": expires_at});
    context.output.answer(&answer, |style| {
        format!(
            "Access pass of {account}, shown this once:\n  {}\nIt works once, for {} (until {}). \
             Give it to nobody but the person whose identity you have checked.\n",
            style.bold(&pass),
            span(wanted.valid),
            stamp(expires_at),
        )
    })
}
