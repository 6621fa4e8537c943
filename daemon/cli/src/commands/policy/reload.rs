//! `readmit policy reload`: the whole set again, or nothing.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};

const EXAMPLES: &str = "\
Examples:
  readmit policy reload

JSON: {version}.";

/// Load the policies again: the whole set or nothing
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Reload {}

/// Runs the verb.
pub async fn run(_reload: Reload, context: &mut Context) -> Result<(), Failure> {
    let reloaded = context.policies().await?.reload().await;
    let kept = "the policies before stay in force; mend the file that is named, then reload again";
    let version = reloaded.hint(Kind::Refused, kept).hint(Kind::Usage, kept)?;
    context.output.answer(&json!({"version": version}), |_| format!("Policies {version} are in force.\n"))
}
