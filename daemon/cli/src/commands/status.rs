//! `readmit status`: one screen that says whether all is well.

use clap::Args;
use serde_json::{Value, json};

use crate::bus::NAME;
use crate::bus::value::object;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::{ALERTS_SHOWN, LOOK_TIMEOUT, SHORT_HEAD, SHORT_VERSION};
use crate::output::{Style, number, plain, word};
use crate::table::{Table, fields};
use crate::time::{now, span, stamp};

const EXAMPLES: &str = "\
Examples:
  readmit status
  readmit status --json | jq .cases.by_state.escalated
  readmit doctor                                   tries everything, and takes its time

JSON: {daemon: {reachable, name, version, started_at}, policy: {version, loaded_at, files, refused, \
pending: {version, since, approved_by}}, plugins: [as plugin list], queue: {queued, taken, oldest_due, waits_seconds}, \
cases: {open, closed, by_state}, accounts, alerts: [{kind, at, first_at, count, detail}], journal: {seq, head, at}, \
store: {bytes, free_bytes, disk_bytes}, degraded: [{part, what, mend}], problems: [text]}. The whole schema: \
readmit schema status. Exit code 0 if the daemon answers, 7 if it does not; problems do not change it.";

/// Is everything well?
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Status {}

/// Runs the verb.
pub async fn run(_: Status, context: &mut Context) -> Result<(), Failure> {
    look(context).await?;
    let answer = ask(context).await?;
    context.output.answer(&answer, |style| text(&answer, style))
}

/// Asks the bus who owns the daemon's name, so that a missing daemon is told at once.
pub async fn look(context: &mut Context) -> Result<(), Failure> {
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

/// How the daemon is, with what somebody should look at.
pub async fn ask(context: &mut Context) -> Result<Value, Failure> {
    let mut answer = object(&context.manager().await?.status().await?);
    let about = ["version", "started_at"].map(|key| (key, answer[key].take()));
    let mut daemon = json!({"reachable": true, "name": NAME});
    for (key, value) in about {
        daemon[key] = value;
        if let Some(fields) = answer.as_object_mut() {
            fields.remove(key);
        }
    }
    answer["daemon"] = daemon;
    answer["problems"] = json!(problems(&answer));
    Ok(answer)
}

/// What somebody should look at.
fn problems(answer: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for degraded in answer["degraded"].as_array().into_iter().flatten() {
        let part = |key| degraded[key].as_str().map(plain).unwrap_or_default();
        problems.push(format!("{}: {}; {}", part("part"), part("what"), part("mend")));
    }
    if let Some(version) = answer["policy"]["pending"]["version"].as_str() {
        problems.push(format!("policies wait for approval: readmit policy activate {}", plain(version)));
    }
    if number(&answer["cases"]["by_state"], "escalated") > 0 {
        problems.push("cases wait for support: readmit case list --state escalated".to_owned());
    }
    problems
}

/// The screen.
pub fn text(answer: &Value, style: Style) -> String {
    let pairs = [
        ("daemon", daemon(answer)),
        ("policy", policy(answer)),
        ("cases", cases(answer)),
        ("queue", queue(answer)),
        ("journal", journal(answer)),
        ("store", store(answer)),
    ];
    let mut text = fields(&pairs, style) + "\n";
    text += &super::plugin::table(&answer["plugins"]).text(style);
    let alerts = answer["alerts"].as_array().map_or(&[][..], Vec::as_slice);
    if !alerts.is_empty() {
        text += &format!("\n{}", alert_table(alerts).text(style));
    }
    let problems = answer["problems"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for (index, problem) in problems.enumerate() {
        text += &format!("{}! {problem}\n", if index == 0 { "\n" } else { "" });
    }
    text
}

fn daemon(answer: &Value) -> String {
    let daemon = &answer["daemon"];
    let since = number(daemon, "started_at");
    format!(
        "running {}, since {} ({})",
        word(daemon, "version"),
        stamp(since),
        span(now().saturating_sub(since))
    )
}

fn policy(answer: &Value) -> String {
    let policy = &answer["policy"];
    format!("{}, loaded {}", short(policy, "version", SHORT_VERSION), stamp(number(policy, "loaded_at")))
}

/// The open ones by state, the most pressing first.
pub fn cases(answer: &Value) -> String {
    let cases = &answer["cases"];
    let states = ["escalated", "proving", "held", "recovered"];
    let counts = states.map(|state| format!("{} {state}", number(&cases["by_state"], state)));
    format!("{} open ({}), {} ended", number(cases, "open"), counts.join(", "), number(cases, "closed"))
}

/// What waits to be sent.
pub fn queue(answer: &Value) -> String {
    let queue = &answer["queue"];
    let waits = match number(queue, "waits_seconds") {
        0 => String::new(),
        seconds => format!(", the longest for {}", span(seconds)),
    };
    format!("{} waiting, {} being sent{waits}", number(queue, "queued"), number(queue, "taken"))
}

fn journal(answer: &Value) -> String {
    let journal = &answer["journal"];
    let (head, at) = (short(journal, "head", SHORT_HEAD), stamp(number(journal, "at")));
    format!("entry {}, head {head} of {at}", number(journal, "seq"))
}

fn store(answer: &Value) -> String {
    let store = &answer["store"];
    let mebi = |key| number(store, key).div_ceil(1 << 20);
    let accounts = number(answer, "accounts");
    format!("{accounts} accounts, {} MiB, {} MiB free", mebi("bytes"), mebi("free_bytes"))
}

/// The latest alerts.
pub fn alert_table(alerts: &[Value]) -> Table {
    let mut table = Table::new(&["ALERT", "LAST", "TIMES", "ABOUT"], "No alert.");
    for alert in alerts.iter().take(ALERTS_SHOWN) {
        let last = stamp(number(alert, "at"));
        table.row(vec![word(alert, "kind"), last, word(alert, "count"), word(alert, "detail")]);
    }
    table
}

fn short(object: &Value, key: &str, digits: usize) -> String {
    word(object, key).chars().take(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_somebody_is_a_problem() {
        let well = json!({
            "policy": {"version": "abc"}, "degraded": [], "cases": {"open": 3, "by_state": {"proving": 3}},
        });
        assert!(problems(&well).is_empty());
        let ill = json!({
            "policy": {"pending": {"version": "abc"}},
            "degraded": [{"part": "disk", "what": "1 MiB\u{1b} left", "mend": "make room"}],
            "cases": {"open": 3, "by_state": {"escalated": 2}},
        });
        let found = problems(&ill);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], "disk: 1 MiB\u{fffd} left; make room");
    }

    #[test]
    fn what_is_not_said_is_shown_as_nothing() {
        let text = text(&json!({}), Style::PLAIN);
        assert!(text.contains("0 open (0 escalated, 0 proving, 0 held, 0 recovered), 0 ended"), "{text}");
        assert!(text.contains("0 waiting, 0 being sent\n"), "{text}");
    }
}
