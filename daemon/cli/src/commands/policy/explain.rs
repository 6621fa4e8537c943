//! `readmit policy explain`: what would happen to an account now, and why.

use clap::Args;
use readmit_recovery::account::Reason;

use super::super::account::UNKNOWN;
use super::super::{put, reason};
use crate::bus::value::{Options, object};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::{number, word};
use crate::table::fields;

const EXAMPLES: &str = "\
Examples:
  readmit policy explain alice --reason lost
  readmit policy explain alice --reason stolen --known --address 203.0.113.7

JSON: {verdict, plan, to, because, version, micros, minimal_sets}.";

/// Show what the policy would decide for an account, without opening a case
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Explain {
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
pub async fn run(explain: Explain, context: &mut Context) -> Result<(), Failure> {
    let mut given = Options::new();
    put(&mut given, "address", explain.address);
    put(&mut given, "user_agent", explain.user_agent);
    put(&mut given, "locale", explain.locale);
    put(&mut given, "known", explain.known.then_some(true));
    put(&mut given, "device", explain.device);
    let answer = context.policies().await?.explain(&explain.account, explain.reason.as_str(), given).await;
    let answer = object(&answer.hint(Kind::NotFound, UNKNOWN)?);
    context.output.answer(&answer, |style| {
        let told = ["verdict", "plan", "to", "because", "version"];
        let mut pairs: Vec<(&str, String)> =
            told.iter().map(|key| (*key, word(&answer, key))).filter(|(_, text)| text != "-").collect();
        for set in answer["minimal_sets"].as_array().into_iter().flatten() {
            pairs.push(("is enough", set.as_str().map_or_else(|| set.to_string(), str::to_owned)));
        }
        pairs.push(("decided in", format!("{} µs", number(&answer, "micros"))));
        fields(&pairs, style)
    })
}
