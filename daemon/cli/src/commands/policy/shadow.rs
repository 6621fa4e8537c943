//! `readmit policy shadow`: a candidate beside the policies in force.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::set;
use crate::bus::value::{object, objects};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::limits::LIST_DEFAULT;
use crate::output::{Style, number, word};
use crate::table::{Table, fields};
use crate::time::stamp;

const EXAMPLES: &str = "\
Examples:
  readmit policy shadow ./new-policies     from now on it is asked too, and decides nothing
  readmit policy shadow --show             where it would have decided otherwise
  readmit policy shadow --stop

The candidate is asked every question that the policies in force have answered, after they have, and only where its \
answers differ is kept: weaker (somebody may get in who did not before), failing (it gives no answer), stronger, other. \
It goes on after a restart of the daemon. Another DIR takes its place, and forgets what the one before differed in.

JSON: DIR: {version}; --stop: {done, shadow}; --show: {version, shadow, loaded_at, stopped_at, files, asked, same, \
weaker, failing, stronger, other, dropped, differences: [{id, at, case, version, hook, change, words, input, verdict, \
shadow}]}, where a difference's version and verdict are those that were followed and its shadow is the candidate's \
verdict.";

/// Ask a candidate beside the policies in force, and show where it differs
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Shadow {
    /// The candidate: a directory of policies
    #[arg(value_name = "DIR", required_unless_present_any = ["stop", "show"])]
    directory: Option<PathBuf>,
    /// Ask the candidate no longer; what it differed in stays to be shown
    #[arg(long, conflicts_with_all = ["directory", "show"])]
    stop: bool,
    /// Show how the candidate compares so far, and where it differs
    #[arg(long, conflicts_with = "directory")]
    show: bool,
    /// Show only differences behind this number
    #[arg(long, default_value_t = 0, value_name = "ID", requires = "show")]
    after: u64,
    /// Show at most so many differences; the daemon gives 1000 at once
    #[arg(long, default_value_t = LIST_DEFAULT, value_name = "N", requires = "show")]
    limit: u32,
}

/// Runs the verb.
pub async fn run(shadow: Shadow, context: &mut Context) -> Result<(), Failure> {
    if shadow.stop {
        return stop(context).await;
    }
    match shadow.directory {
        Some(directory) => start(directory, context).await,
        None => show(shadow.after, shadow.limit, context).await,
    }
}

async fn start(directory: PathBuf, context: &mut Context) -> Result<(), Failure> {
    let sources = set::read(&directory)?;
    let started = context.policies().await?.shadow(sources.files()).await;
    let version = started
        .hint(Kind::Refused, "mend it first: readmit policy check shows each problem with its line")?;
    context.output.answer(&json!({"version": version}), |_| {
        format!(
            "The candidate {version} is asked from now on, beside the policies in force.\n\
             Next: readmit policy shadow --show\n"
        )
    })
}

async fn stop(context: &mut Context) -> Result<(), Failure> {
    let stopped = context.policies().await?.stop_shadow().await;
    stopped.hint(Kind::WrongState, "readmit policy shadow DIR starts one")?;
    context.output.answer(&json!({"done": true, "shadow": false}), |_| {
        "The candidate is asked no longer. What it differed in: readmit policy shadow --show\n".to_owned()
    })
}

async fn show(after: u64, limit: u32, context: &mut Context) -> Result<(), Failure> {
    let policies = context.policies().await?;
    let listed = policies.list().await?;
    let candidate = listed.iter().map(object).find(|row| row.get("shadow").is_some());
    let mut candidate = candidate.ok_or_else(|| {
        Failure::new(Kind::NotFound, "no candidate has been asked beside the policies")
            .with_hint("readmit policy shadow DIR starts one")
    })?;
    let mut differences = objects(&policies.differences(0, after, limit).await?);
    for difference in differences.as_array_mut().into_iter().flatten() {
        for key in ["input", "verdict", "shadow"] {
            let parsed = difference[key].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if let Some(parsed) = parsed {
                difference[key] = parsed;
            }
        }
    }
    candidate["differences"] = differences;
    context.output.answer(&candidate, |style| told(&candidate, style))
}

fn told(candidate: &Value, style: Style) -> String {
    let state = if candidate["shadow"] == true { "running" } else { "stopped" };
    let mut pairs = vec![
        ("candidate", word(candidate, "version")),
        ("state", state.to_owned()),
        ("since", stamp(number(candidate, "loaded_at"))),
    ];
    if state == "stopped" {
        pairs.push(("until", stamp(number(candidate, "stopped_at"))));
    }
    let counts = ["asked", "same", "weaker", "failing", "stronger", "other", "dropped"];
    pairs.extend(counts.map(|key| (key, number(candidate, key).to_string())));
    let mut table =
        Table::new(&["ID", "AT", "CASE", "HOOK", "CHANGE", "WHAT"], "No answer of the candidate differs.");
    for difference in candidate["differences"].as_array().into_iter().flatten() {
        let mut row = vec![word(difference, "id"), stamp(number(difference, "at"))];
        row.extend(["case", "hook", "change", "words"].map(|key| word(difference, key)));
        table.row(row);
    }
    format!("{}\n{}", fields(&pairs, style), table.text(style))
}
