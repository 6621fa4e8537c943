//! `readmit policy explain`: what would happen to an account now, and why.

use clap::Args;
use readmit_recovery::account::Reason;
use serde_json::Value;

use super::super::account::UNKNOWN;
use super::super::{put, reason};
use crate::bus::value::{Options, object};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::{Style, number, plain, word};
use crate::table::{Table, fields};
use crate::time::span;

const EXAMPLES: &str = "\
Examples:
  readmit policy explain alice --reason lost
  readmit policy explain alice --reason stolen --known --address 203.0.113.7

Shows the policy's lines that were run (>) and those that decided (=>), what they looked at, why each factor is or is \
not asked, and what would happen to the account. \"It would be with:\" names one fact that, were it so, would bring the \
factor in; there may be others. No case is opened.

JSON: {verdict, plan, to, because, cause, version, micros, minimal_sets, lines, decided_at, facts: [{fact, value}], \
factors: [{factor, asked, because}], source: [{file, line, text, ran}], outcome: {verdict, device, \
force_password_change, revoke_sessions, hold, enroll_within}}.";

/// Show what the policy would decide for an account and why, without opening a case
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
    put(&mut given, "detail", Some(true));
    let answer = context.policies().await?.explain(&explain.account, explain.reason.as_str(), given).await;
    let answer = object(&answer.hint(Kind::NotFound, UNKNOWN)?);
    context.output.answer(&answer, |style| {
        [summary(&answer, style), source(&answer, style), facts(&answer, style), factors(&answer, style)]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn summary(answer: &Value, style: Style) -> String {
    let told = ["verdict", "plan", "to", "because", "cause", "version"];
    let mut pairs: Vec<(&str, String)> =
        told.iter().map(|key| (*key, word(answer, key))).filter(|(_, text)| text != "-").collect();
    for set in items(&answer["minimal_sets"]) {
        pairs.push(("is enough", set.as_str().map_or_else(|| set.to_string(), plain)));
    }
    if answer["outcome"].is_object() {
        pairs.push(("and then", then(&answer["outcome"])));
    }
    let places: Vec<String> = items(&answer["decided_at"]).filter_map(Value::as_str).map(plain).collect();
    if !places.is_empty() {
        pairs.push(("decided at", places.join(", then ")));
    }
    pairs.push(("decided in", format!("{} µs", number(answer, "micros"))));
    fields(&pairs, style)
}

/// What would happen to the account, as a clause.
fn then(outcome: &Value) -> String {
    match outcome["verdict"].as_str() {
        Some("outcome") => {}
        Some("escalate") => return format!("{} decides: {}", word(outcome, "to"), word(outcome, "because")),
        Some("deny") => return format!("it is denied: {}", word(outcome, "because")),
        _ => return format!("the policy fails: {}", word(outcome, "cause")),
    }
    let mut parts = Vec::new();
    if let Some(hold) = outcome["hold"].as_u64() {
        parts.push(format!("after a hold of {}", span(hold)));
    }
    let kept = outcome["device"] == "keep";
    parts.push(if kept { "the device is kept" } else { "the device is deactivated" }.to_owned());
    if outcome["force_password_change"] == true {
        parts.push("the password must be changed".to_owned());
    }
    if outcome["revoke_sessions"] == true {
        parts.push("every session ends".to_owned());
    }
    if let Some(within) = outcome["enroll_within"].as_u64() {
        parts.push(format!("a new device is enrolled within {}", span(within)));
    }
    parts.join(", ")
}

/// The policy's lines, with a mark at those that were run and those that decided.
fn source(answer: &Value, style: Style) -> String {
    let decided = |file: &str, line: u64| {
        let place = format!("{file}:{line}");
        items(&answer["decided_at"]).any(|decided| *decided == *place)
    };
    let (mut text, mut last) = (String::new(), (String::new(), 0));
    for shown in items(&answer["source"]) {
        let (file, line) = (word(shown, "file"), number(shown, "line"));
        if file != last.0 {
            text += &format!("{}\n", style.bold(&file));
        } else if line != last.1 + 1 {
            text += &format!("{}\n", style.dim("      …"));
        }
        let code = plain(shown["text"].as_str().unwrap_or_default());
        let ran = shown["ran"] == true;
        let mark = if decided(&file, line) {
            "=>"
        } else if ran {
            " >"
        } else {
            "  "
        };
        let row = format!("{mark} {line:>4}  {code}");
        let row = row.trim_end();
        text += &format!("{}\n", if ran { row.to_owned() } else { style.dim(row) });
        last = (file, line);
    }
    text
}

fn facts(answer: &Value, style: Style) -> String {
    let mut table = Table::new(&["FACT", "VALUE"], "The policy looked at nothing.");
    for fact in items(&answer["facts"]) {
        table.row(["fact", "value"].map(|key| word(fact, key)).into());
    }
    if answer["facts"].is_array() { table.text(style) } else { String::new() }
}

fn factors(answer: &Value, style: Style) -> String {
    let mut table = Table::new(&["FACTOR", "ASKED", "BECAUSE"], "There is no factor.");
    for factor in items(&answer["factors"]) {
        table.row(["factor", "asked", "because"].map(|key| word(factor, key)).into());
    }
    if answer["factors"].is_array() { table.text(style) } else { String::new() }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_outcome_is_told_as_a_clause() {
        let table = [
            (json!({"verdict": "outcome", "device": "keep"}), "the device is kept"),
            (
                json!({"verdict": "outcome", "device": "deactivate", "force_password_change": true,
                    "revoke_sessions": true, "hold": 86_400, "enroll_within": 604_800}),
                "after a hold of 24 hours, the device is deactivated, the password must be changed, every session ends, \
                 a new device is enrolled within 7 days",
            ),
            (json!({"verdict": "escalate", "to": "support", "because": "x"}), "support decides: x"),
            (json!({"verdict": "deny", "because": "x"}), "it is denied: x"),
            (
                json!({"verdict": "failing", "cause": "default.lua:3: x"}),
                "the policy fails: default.lua:3: x",
            ),
        ];
        for (outcome, wanted) in table {
            assert_eq!(then(&outcome), wanted);
        }
    }

    #[test]
    fn lines_are_marked_and_gaps_are_shown() {
        let line = |line: u32, text: &str, ran: bool| json!({"file": "default.lua", "line": line, "text": text, "ran": ran});
        let answer = json!({"decided_at": ["default.lua:7"], "source": [
            line(3, "function", false), line(4, "  if x\u{1b}", true), line(7, "return deny", true)]});
        let wanted =
            "default.lua\n      3  function\n >    4    if x\u{fffd}\n      …\n=>    7  return deny\n";
        assert_eq!(source(&answer, Style::PLAIN), wanted);
    }
}
