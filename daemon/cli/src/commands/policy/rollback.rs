//! `readmit policy rollback`: an earlier version again, in one call.

use clap::Args;

use super::list::{listed, standing};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};

const EXAMPLES: &str = "\
Examples:
  readmit policy list                              the earlier versions
  readmit policy rollback 3f9a1c

Its first digits are enough, 6 or more. The version stays in force, across restarts too, until other files are saved
than those in the policies directory now. Open cases keep the version that opened them. Where the configuration says
policy.activation = \"two_persons\", you are the first of the two, and another user runs this or policy activate.

JSON: {version, state, current, loaded_at, actor, tests, approved_by, on_disk, files}, as of policy list.";

/// Bring back a version that was in force before
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Rollback {
    /// The version, or its first digits
    #[arg(id = "set", value_name = "VERSION")]
    version: String,
}

/// Runs the verb.
pub async fn run(rollback: Rollback, context: &mut Context) -> Result<(), Failure> {
    let rolled_back = context.policies().await?.rollback(&rollback.version).await;
    let version = rolled_back
        .hint(Kind::WrongState, "readmit policy list shows what is in force")
        .hint(Kind::NotFound, "readmit policy list shows the versions that were in force")
        .hint(Kind::NotAuthorized, "another administrator runs the same command")
        .hint(Kind::Refused, "choose another version: readmit policy list")?;
    let policy = listed(context, &version).await?;
    context.output.answer(&policy, |_| standing(&policy))
}
