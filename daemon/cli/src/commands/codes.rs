//! `readmit codes`: the recovery codes that a person keeps.

use clap::{Args, Subcommand};

use super::account::{UNKNOWN, show_codes};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};

const EXAMPLES: &str = "\
Example:
  readmit codes issue alice                        a new set; the old codes stop working

JSON: {account, codes: [text]}. The codes are shown this once and stored hashed.";

/// Issue recovery codes
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Codes {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Issue a new set; the old codes stop working
    Issue {
        /// The account
        account: String,
    },
}

/// Runs the verb.
pub async fn run(codes: Codes, context: &mut Context) -> Result<(), Failure> {
    let Verb::Issue { account } = codes.verb;
    let accounts = context.accounts().await?;
    let issued = accounts.issue_recovery_codes(&account).await.hint(Kind::NotFound, UNKNOWN)?;
    show_codes(context, &account, &issued)
}
