//! `readmit policy list`: the versions that the daemon keeps.

use clap::Args;
use serde_json::Value;

use crate::bus::value::objects;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{number, word};
use crate::table::Table;
use crate::time::stamp;

const EXAMPLES: &str = "\
Examples:
  readmit policy list

JSON: [{version, current, loaded_at, files, refused}], the one in force first.";

/// List the versions that are kept for open cases
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct List {}

/// Runs the verb.
pub async fn run(_list: List, context: &mut Context) -> Result<(), Failure> {
    let found = objects(&context.policies().await?.list().await?);
    context.output.answer(&found, |style| table(&found).text(style))
}

fn table(policies: &Value) -> Table {
    let mut table = Table::new(&["VERSION", "CURRENT", "LOADED", "FILES"], "No policy is loaded.");
    for policy in policies.as_array().into_iter().flatten() {
        let loaded_at = stamp(number(policy, "loaded_at"));
        table.row(vec![word(policy, "version"), word(policy, "current"), loaded_at, word(policy, "files")]);
    }
    table
}
