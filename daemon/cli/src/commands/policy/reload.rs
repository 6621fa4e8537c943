//! `readmit policy reload`: the whole set again, or nothing.

use clap::Args;

use super::list::{listed, standing};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};

const EXAMPLES: &str = "\
Examples:
  readmit policy reload

Saved files are read at once anyway; this says what came of them. A set that does not stand the check or its own tests
is refused, and what was in force stays. After a rollback, files that nobody has changed are not taken again.

JSON: {version, state, current, loaded_at, actor, tests, approved_by, on_disk, files}, as of policy list; state is
\"pending\" where two persons must activate it.";

/// Read the policies again: the whole set or nothing
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Reload {}

/// Runs the verb.
pub async fn run(_reload: Reload, context: &mut Context) -> Result<(), Failure> {
    let reloaded = context.policies().await?.reload().await;
    let kept = "the policies before stay in force; mend the file that is named, then reload again";
    let version = reloaded.hint(Kind::Refused, kept).hint(Kind::Usage, kept)?;
    let policy = listed(context, &version).await?;
    context.output.answer(&policy, |_| standing(&policy))
}
