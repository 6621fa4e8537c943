//! `readmit policy activate`: the word of one person for the policies that wait.

use clap::Args;

use super::list::{listed, standing};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};

const EXAMPLES: &str = "\
Examples:
  readmit policy activate 3f9a1c

Where the configuration says policy.activation = \"two_persons\", a saved set that stands the check and its own tests
waits until two different users have run this. Its first digits are enough, 6 or more. A set that is saved meanwhile
takes its place, without the approvals.

JSON: {version, state, current, loaded_at, actor, tests, approved_by, on_disk, files}, as of policy list; state is
\"pending\" while another approval is needed, then \"in_force\".";

/// Approve the policies that wait; the second person brings them into force
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Activate {
    /// The version that waits, or its first digits
    #[arg(id = "set", value_name = "VERSION")]
    version: String,
}

/// Runs the verb.
pub async fn run(activate: Activate, context: &mut Context) -> Result<(), Failure> {
    let activated = context.policies().await?.activate(&activate.version).await;
    let version = activated
        .hint(Kind::WrongState, "readmit policy list shows what is in force")
        .hint(
            Kind::NotFound,
            "readmit policy list shows what waits; a set that was saved later takes its place",
        )
        .hint(Kind::NotAuthorized, "another administrator runs the same command")
        .hint(Kind::Refused, "mend the files and save them: the new set waits then")?;
    let policy = listed(context, &version).await?;
    context.output.answer(&policy, |_| standing(&policy))
}
