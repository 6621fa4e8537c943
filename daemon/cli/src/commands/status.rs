//! `readmit status`: one screen that says whether all is well.

use clap::Args;
use serde_json::{Value, json};
use zbus::Variant;

use crate::bus::NAME;
use crate::bus::value::{Options, object, objects};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::{LOOK_TIMEOUT, STATUS_CASES};
use crate::output::{Style, number, word};
use crate::table::fields;
use crate::time::stamp;

const EXAMPLES: &str = "\
Examples:
  readmit status
  readmit status --json | jq .cases.escalated

JSON: {daemon: {reachable, name}, policy: {version, loaded_at, files, \
pending: {version, approved_by}, …} as of policy list, plugins: [as plugin list], \
cases: {open, escalated}, journal: {ok, rows, head}, problems: [text]}. A part that you may not see is \
{error, message}. Exit code 0 if the daemon answers, 7 if it does not; problems do not change it.";

/// Is everything well?
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Status {}

/// Runs the verb.
pub async fn run(_: Status, context: &mut Context) -> Result<(), Failure> {
    look(context).await?;
    let parts = (policy(context).await, plugins(context).await, cases(context).await, journal(context).await);
    let parts = [("policy", parts.0), ("plugins", parts.1), ("cases", parts.2), ("journal", parts.3)];
    let mut answer = json!({"daemon": {"reachable": true, "name": NAME}});
    for (name, part) in parts {
        answer[name] = match part {
            Ok(value) => value,
            Err(failure) if failure.kind == Kind::Unavailable => return Err(failure),
            Err(failure) => json!({"error": failure.kind.word(), "message": failure.message}),
        };
    }
    answer["problems"] = json!(problems(&answer));
    context.output.answer(&answer, |style| text(&answer, style))
}

/// Asks the bus who owns the daemon's name, so that a missing daemon is told at once.
async fn look(context: &mut Context) -> Result<(), Failure> {
    let bus = zbus::fdo::DBusProxy::new(context.connection().await?).await?;
    let name = NAME.try_into()?;
    match tokio::time::timeout(LOOK_TIMEOUT, bus.name_has_owner(name)).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => {
            // It may be one that the bus starts when it is first called.
            let name = NAME.try_into()?;
            bus.start_service_by_name(name, 0).await.map(|_| ()).map_err(Failure::from)
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Failure::new(Kind::Unavailable, "the bus does not answer")),
    }
}

async fn policy(context: &mut Context) -> Result<Value, Failure> {
    let versions = objects(&context.policies().await?.list().await?);
    let current = versions.as_array().into_iter().flatten().find(|policy| policy["current"] == true);
    let mut policy = current.cloned().unwrap_or_else(|| json!({}));
    let pending = versions.as_array().into_iter().flatten().find(|policy| policy["state"] == "pending");
    if let Some(pending) = pending {
        policy["pending"] = json!({"version": pending["version"], "approved_by": pending["approved_by"]});
    }
    Ok(policy)
}

async fn plugins(context: &mut Context) -> Result<Value, Failure> {
    Ok(objects(&context.plugins().await?.list().await?))
}

async fn cases(context: &mut Context) -> Result<Value, Failure> {
    let cases = context.cases().await?;
    let open = Options::from([("open", Variant::from(true))]);
    let open = cases.list(open, 0, STATUS_CASES).await?.len();
    let escalated = Options::from([("state", Variant::from("escalated"))]);
    let escalated = cases.list(escalated, 0, STATUS_CASES).await?.len();
    Ok(json!({"open": open, "escalated": escalated}))
}

async fn journal(context: &mut Context) -> Result<Value, Failure> {
    Ok(object(&context.audit().await?.verify().await?))
}

/// What somebody should look at.
fn problems(answer: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    if answer["policy"]["error"].is_null() && answer["policy"]["version"].is_null() {
        problems.push(
            "no policy is loaded; every case goes to support: readmit policy reload says why".to_owned(),
        );
    }
    if let Some(why) = answer["policy"]["refused"].as_str().filter(|why| !why.is_empty()) {
        problems.push(format!("the newest policies were refused: {why}"));
    }
    if let Some(version) = answer["policy"]["pending"]["version"].as_str() {
        problems.push(format!("policies wait for approval: readmit policy activate {version}"));
    }
    let plugins = answer["plugins"].as_array().into_iter().flatten();
    for plugin in plugins.filter(|plugin| matches!(plugin["state"].as_str(), Some("failed" | "stopped"))) {
        let (name, state, why) = (word(plugin, "plugin"), word(plugin, "state"), word(plugin, "last_error"));
        problems.push(format!("plugin {name} is {state}: {why}; readmit plugin restart {name}"));
    }
    if answer["journal"]["ok"] == false {
        problems.push("the journal's chain is broken: readmit audit verify".to_owned());
    }
    if number(&answer["cases"], "escalated") > 0 {
        problems.push("cases wait for support: readmit case list --state escalated".to_owned());
    }
    problems
}

fn text(answer: &Value, style: Style) -> String {
    let part = |name: &str, told: String| match answer[name]["error"].as_str() {
        Some(error) => format!("{} ({})", error.replace('_', " "), word(&answer[name], "message")),
        None => told,
    };
    let count = |key| match number(&answer["cases"], key) {
        many if many >= u64::from(STATUS_CASES) => format!("{many} or more"),
        few => few.to_string(),
    };
    let policy = &answer["policy"];
    let mut pairs = vec![
        ("daemon", "running".to_owned()),
        (
            "policy",
            part(
                "policy",
                format!("{}, loaded {}", word(policy, "version"), stamp(number(policy, "loaded_at"))),
            ),
        ),
        ("cases", part("cases", format!("{} open, {} escalated", count("open"), count("escalated")))),
    ];
    let journal = &answer["journal"];
    let state = if journal["ok"] == false { "broken" } else { "ok" };
    let told = format!("{state}, {} entries, head {}", number(journal, "rows"), word(journal, "head"));
    pairs.push(("journal", part("journal", told)));
    let mut text = fields(&pairs, style) + "\n";
    text += &match answer["plugins"].as_array() {
        Some(_) => super::plugin::table(&answer["plugins"]).text(style),
        None => format!("plugins  {}\n", part("plugins", String::new())),
    };
    for problem in answer["problems"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        text += &format!("! {problem}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_somebody_is_a_problem() {
        let well = json!({
            "policy": {"version": "abc"}, "plugins": [{"plugin": "email", "state": "running"}],
            "cases": {"open": 3, "escalated": 0}, "journal": {"ok": true, "rows": 9, "head": "00"},
        });
        assert!(problems(&well).is_empty());
        let ill = json!({
            "policy": {"refused": "x", "pending": {"version": "abc"}}, "plugins": [{"plugin": "voice", "state": "failed", "last_error": "no trunk"}],
            "cases": {"open": 3, "escalated": 2}, "journal": {"ok": false},
        });
        assert_eq!(problems(&ill).len(), 6);
        let forbidden = json!({"error": "not_authorized", "message": "no"});
        let hidden =
            json!({"policy": forbidden, "plugins": forbidden, "cases": forbidden, "journal": forbidden});
        assert!(problems(&hidden).is_empty());
        assert!(text(&hidden, Style::PLAIN).contains("not authorized (no)"));
        let many = json!({"cases": {"open": 1000, "escalated": 0}});
        assert!(text(&many, Style::PLAIN).contains("1000 or more open"));
    }
}
