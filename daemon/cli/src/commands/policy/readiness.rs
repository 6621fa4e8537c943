//! `readmit policy readiness`: who has no way back, before they need one.

use clap::Args;
use serde_json::{Value, json};

use super::super::put;
use crate::bus::value::{Options, object};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::READINESS_PAGE;
use crate::output::{Style, plain, word};
use crate::table::Table;
use crate::work::Bar;

const EXAMPLES: &str = "\
Examples:
  readmit policy readiness
  readmit policy readiness --realm sales --all
  readmit policy readiness --fail-if-any          for a nightly job: exit code 1 if anybody lacks something

An account is ready if for every reason (lost, stolen, damaged, not_working, and out_of_sync where there is a device) \
the policies in force would ask for something that it can prove with what is on file; approvals and passes come from \
people, and count. Shown are those that are not ready and would be, were something put on file; not those whom the \
rules send to people whatever is on file (--all shows these and the ready ones too).

JSON: {looked, ready, lacking, by_rule, accounts: [{account, realm, kind, ready, by_rule, ways, missing, to, because}]}. \
ways has for each reason alone, with_people, cannot_prove, escalate, deny or failing; each of missing alone, put on \
file, makes every way that can be made.";

/// List the accounts that the policies in force give no way back
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Readiness {
    /// Show every account
    #[arg(long)]
    all: bool,
    /// Only accounts of this realm
    #[arg(long)]
    realm: Option<String>,
    /// Only accounts of this kind
    #[arg(long)]
    kind: Option<String>,
    /// End with exit code 1 if an account lacks something
    #[arg(long)]
    fail_if_any: bool,
}

/// How many accounts are how.
#[derive(Default)]
struct Counts {
    looked: usize,
    ready: usize,
    by_rule: usize,
}

impl Counts {
    const fn lacking(&self) -> usize {
        self.looked - self.ready - self.by_rule
    }
}

/// Runs the verb.
pub async fn run(readiness: Readiness, context: &mut Context) -> Result<(), Failure> {
    let (counts, accounts) = look(&readiness, context).await?;
    let lacking = counts.lacking();
    let answer = json!({"looked": counts.looked, "ready": counts.ready, "lacking": lacking,
        "by_rule": counts.by_rule, "accounts": accounts});
    context.output.answer(&answer, |style| told(&answer, &counts, style))?;
    if readiness.fail_if_any && lacking > 0 {
        let be = if lacking == 1 { "account has" } else { "accounts have" };
        return Err(Failure::new(Kind::Failed, format!("{lacking} {be} no way back for want of something"))
            .with_hint(
                "put on file what is missing: readmit account set ID --phone NUMBER, readmit codes issue ID",
            ));
    }
    Ok(())
}

/// Looks at every account, page by page; keeps the rows that are to be shown.
async fn look(readiness: &Readiness, context: &mut Context) -> Result<(Counts, Vec<Value>), Failure> {
    let policies = context.policies().await?;
    let bar = Bar::new("readiness");
    let pen = bar.pen();
    let (mut counts, mut shown, mut after) = (Counts::default(), Vec::new(), String::new());
    loop {
        let mut filter = Options::new();
        put(&mut filter, "realm", readiness.realm.clone());
        put(&mut filter, "kind", readiness.kind.clone());
        let page = policies.readiness(filter, &after, READINESS_PAGE).await?;
        let before = after.clone();
        for row in page.iter().map(object) {
            let (is_ready, is_by_rule) = (row["ready"] == true, row["by_rule"] == true);
            counts.looked += 1;
            counts.ready += usize::from(is_ready);
            counts.by_rule += usize::from(is_by_rule);
            if let Some(account) = row["account"].as_str() {
                after = after.max(account.to_owned());
            }
            if readiness.all || !is_ready && !is_by_rule {
                shown.push(row);
            }
        }
        // An answer that does not go on would be asked for for ever.
        if after == before {
            return Ok((counts, shown));
        }
        pen.tell(&format!("{} accounts, {} lack something", counts.looked, counts.lacking()));
    }
}

fn told(answer: &Value, counts: &Counts, style: Style) -> String {
    let mut table =
        Table::new(&["ACCOUNT", "REALM", "KIND", "NO WAY FOR", "WHY"], "No account lacks anything.");
    for account in answer["accounts"].as_array().into_iter().flatten() {
        let mut row: Vec<String> =
            ["account", "realm", "kind"].iter().map(|key| word(account, key)).collect();
        row.extend([without_way(account), why(account)]);
        table.row(row);
    }
    let noun = if counts.looked == 1 { "account" } else { "accounts" };
    format!(
        "{}\n{} {noun}: {} ready, {} for want of something not, {} by rule not\n",
        table.text(style),
        counts.looked,
        counts.ready,
        counts.lacking(),
        counts.by_rule,
    )
}

/// The reasons for which there is no way back.
fn without_way(account: &Value) -> String {
    let ways = account["ways"].as_object().into_iter().flatten();
    let lost = ways.filter(|(_, way)| !matches!(way.as_str(), Some("alone" | "with_people")));
    let lost: Vec<String> = lost.map(|(reason, _)| plain(reason)).collect();
    if lost.is_empty() { "-".to_owned() } else { lost.join(", ") }
}

fn why(account: &Value) -> String {
    if account["ready"] == true {
        return "ready".to_owned();
    }
    let list = |key: &str| -> Vec<String> {
        account[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(plain).collect()
    };
    if account["by_rule"] == true {
        let to = account["to"].as_str().map(|to| format!("by rule, {} decides", plain(to)));
        return format!("{}: {}", to.unwrap_or_else(|| "by rule".to_owned()), list("because").join("; "));
    }
    let missing = list("missing");
    if missing.is_empty() { list("because").join("; ") } else { missing.join("; or ") }
}
