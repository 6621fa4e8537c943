//! `readmit pass`: access passes, which support issues to a person it has identified.

use clap::{Args, Subcommand};
use serde_json::json;

use super::account::UNKNOWN;
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::time::{now, parse_span, span, stamp};

const EXAMPLES: &str = "\
Example:
  readmit pass issue alice --valid 30m             for a person whose identity you have checked

The person uses it as the factor `pass` of a recovery: readmit recover alice. \
JSON: {account, pass, valid_seconds, expires_at}. The pass is shown this once.";

/// Issue access passes
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Pass {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Issue a pass that works once, for a while
    Issue {
        /// The account
        account: String,
        /// How long it works, such as 30m, 2h or 1d
        #[arg(long, default_value = "1h", value_name = "TIME", value_parser = parse_span)]
        valid: u64,
    },
}

/// Runs the verb.
pub async fn run(pass: Pass, context: &mut Context) -> Result<(), Failure> {
    let Verb::Issue { account, valid } = pass.verb;
    let seconds =
        u32::try_from(valid).map_err(|_| Failure::new(Kind::Usage, "that is too long for a pass"))?;
    let pass = context.accounts().await?.issue_pass(&account, seconds).await.hint(Kind::NotFound, UNKNOWN)?;
    let expires_at = now() + valid;
    let answer = json!({"account": account, "pass": pass, "valid_seconds": valid, "expires_at": expires_at});
    context.output.answer(&answer, |style| {
        format!(
            "Access pass of {account}, shown this once:\n  {}\nIt works once, for {} (until {}). \
             Give it to nobody but the person whose identity you have checked.\n",
            style.bold(&pass),
            span(valid),
            stamp(expires_at),
        )
    })
}
