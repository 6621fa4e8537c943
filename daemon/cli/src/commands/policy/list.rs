//! `readmit policy list`: the versions that the daemon keeps.

use clap::Args;
use serde_json::Value;

use crate::bus::value::objects;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::SHORT_VERSION;
use crate::output::{number, plain, word};
use crate::table::Table;
use crate::time::stamp;

const EXAMPLES: &str = "\
Examples:
  readmit policy list
  readmit policy list --json | jq '.[0].refused'

JSON: [{version, state, current, loaded_at, actor, tests, approved_by, on_disk, files, refused}]: the one in force, then
the one that waits for approval, then the candidate of policy shadow, then the earlier ones. state is \"in_force\",
\"pending\", \"shadow\" or \"earlier\"; loaded_at is when it came into force the last time, or since when it waits or is
tried; on_disk tells whether it is what the policies directory holds; refused, of the one in force, tells why what was
saved last is not. The candidate has {version, state, shadow, files, loaded_at, stopped_at, asked, same, weaker, failing,
stronger, other, dropped}.";

/// List the versions of the policies: in force, waiting, earlier
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct List {}

/// Runs the verb.
pub async fn run(_list: List, context: &mut Context) -> Result<(), Failure> {
    let found = objects(&context.policies().await?.list().await?);
    context.output.answer(&found, |style| {
        let mut text = table(&found).text(style);
        if let Some(why) = found[0]["refused"].as_str() {
            text += "\nWhat was saved last is refused:\n";
            why.lines().for_each(|line| text += &(plain(line) + "\n"));
        }
        text
    })
}

/// What the daemon says of one version.
///
/// # Errors
/// [`Failure`] of the call; [`Kind::NotFound`] if it does not know it any more.
pub async fn listed(context: &mut Context, version: &str) -> Result<Value, Failure> {
    let found = objects(&context.policies().await?.list().await?);
    let is_meant = |policy: &&Value| policy["version"] == version && policy["state"] != "shadow";
    let policy = found.as_array().into_iter().flatten().find(is_meant);
    policy.cloned().ok_or_else(|| {
        let gone = format!("version {version} is not there any more: another set has taken its place");
        Failure::new(Kind::NotFound, gone).with_hint("readmit policy list shows what there is")
    })
}

/// Where a version stands, in a sentence.
#[must_use]
pub fn standing(policy: &Value) -> String {
    let version = word(policy, "version");
    let tests = match number(policy, "tests") {
        0 => String::new(),
        1 => "; its test passes".to_owned(),
        tests => format!("; its {tests} tests pass"),
    };
    let approved = policy["approved_by"].as_array().map_or(0, Vec::len);
    match policy["state"].as_str() {
        Some("pending") => {
            let so_far = if approved == 0 { "two persons" } else { "a second person" };
            format!(
                "Policies {version} wait for {so_far}{tests}: readmit policy activate {}\n",
                short(&version)
            )
        }
        Some("earlier") => format!("Policies {version} were in force; others are now: readmit policy list\n"),
        _ => format!("Policies {version} are in force{tests}.\n"),
    }
}

fn table(policies: &Value) -> Table {
    let mut table = Table::new(
        &["VERSION", "STATE", "SINCE", "BY", "TESTS", "APPROVED BY", "FILES"],
        "No policy is loaded.",
    );
    for policy in policies.as_array().into_iter().flatten() {
        table.row(vec![
            short(&word(policy, "version")),
            word(policy, "state").replace('_', " "),
            stamp(number(policy, "loaded_at")),
            word(policy, "actor"),
            word(policy, "tests"),
            word(policy, "approved_by"),
            word(policy, "files"),
        ]);
    }
    table
}

/// As many digits as people compare at a glance, more than any two versions are likely to share.
fn short(version: &str) -> String {
    version.chars().take(SHORT_VERSION).collect()
}
