//! `readmit policy`: the rules, as the daemon has them.

use clap::{Args, Subcommand};
use readmit_recovery::account::Reason;
use serde_json::{Value, json};

use super::account::UNKNOWN;
use super::{put, reason};
use crate::bus::value::{Options, object, objects};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::{number, word};
use crate::table::{Table, fields};
use crate::time::stamp;

const EXAMPLES: &str = "\
Examples:
  readmit policy list
  readmit policy explain alice --reason lost       what would have to be proven, and why
  readmit policy explain alice --reason stolen --known --address 203.0.113.7
  readmit policy reload                            loads all files, or refuses and keeps the old ones

JSON: list: [{version, current, loaded_at, files, refused}]; reload: {version}; \
explain: {verdict, plan, to, because, version, micros, minimal_sets}.";

/// See, explain and reload the policies
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Policy {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the versions that are kept for open cases
    List,
    /// Load the policies again: the whole set or nothing
    Reload,
    /// Show what the policy would decide for an account, without opening a case
    Explain(Explain),
}

#[derive(Args)]
struct Explain {
    /// The account
    account: String,
    /// Why a recovery is wanted: lost, stolen, damaged, not_working or out_of_sync
    #[arg(long, value_parser = reason)]
    reason: Reason,
    /// From which network address
    #[arg(long)]
    address: Option<String>,
    /// With which browser
    #[arg(long, value_name = "TEXT")]
    user_agent: Option<String>,
    /// In which language (BCP 47)
    #[arg(long)]
    locale: Option<String>,
    /// From a browser that the front end knows as the account's
    #[arg(long)]
    known: bool,
    /// For which of the account's devices
    #[arg(long)]
    device: Option<String>,
}

/// Runs the verb.
pub async fn run(policy: Policy, context: &mut Context) -> Result<(), Failure> {
    let policies = context.policies().await?;
    match policy.verb {
        Verb::List => {
            let found = objects(&policies.list().await?);
            context.output.answer(&found, |style| table(&found).text(style))
        }
        Verb::Reload => {
            let reloaded = policies.reload().await;
            let kept = "the policies before stay in force; mend the file that is named, then reload again";
            let version = reloaded.hint(Kind::Refused, kept).hint(Kind::Usage, kept)?;
            context
                .output
                .answer(&json!({"version": version}), |_| format!("Policies {version} are in force.\n"))
        }
        Verb::Explain(explain) => {
            let mut given = Options::new();
            put(&mut given, "address", explain.address);
            put(&mut given, "user_agent", explain.user_agent);
            put(&mut given, "locale", explain.locale);
            put(&mut given, "known", explain.known.then_some(true));
            put(&mut given, "device", explain.device);
            let answer = policies.explain(&explain.account, explain.reason.as_str(), given).await;
            let answer = object(&answer.hint(Kind::NotFound, UNKNOWN)?);
            context.output.answer(&answer, |style| {
                let told = ["verdict", "plan", "to", "because", "version"];
                let mut pairs: Vec<(&str, String)> = told
                    .iter()
                    .map(|key| (*key, word(&answer, key)))
                    .filter(|(_, text)| text != "-")
                    .collect();
                for set in answer["minimal_sets"].as_array().into_iter().flatten() {
                    pairs.push(("is enough", set.as_str().map_or_else(|| set.to_string(), str::to_owned)));
                }
                pairs.push(("decided in", format!("{} µs", number(&answer, "micros"))));
                fields(&pairs, style)
            })
        }
    }
}

fn table(policies: &Value) -> Table {
    let mut table = Table::new(&["VERSION", "CURRENT", "LOADED", "FILES"], "No policy is loaded.");
    for policy in policies.as_array().into_iter().flatten() {
        let loaded_at = stamp(number(policy, "loaded_at"));
        table.row(vec![word(policy, "version"), word(policy, "current"), loaded_at, word(policy, "files")]);
    }
    table
}
