//! `readmit policy replay`: the decisions that were really made, put to a candidate.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use clap::Args;
use readmit_policy::workbench::compare::Effect;
use readmit_policy::workbench::replay::log::{self, Lines, LogError};
use readmit_policy::workbench::replay::{Group, Replay, Report};
use readmit_recovery::time::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::changes::{Place, as_json, grouped, judged, many, told};
use super::set::{Surroundings, directory, read};
use crate::bus::value::{Answer, object};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::{LINES_A_TIME, LOG_AHEAD, LOG_BYTES_A_TIME, LOG_PAGE};
use crate::output::{Style, plain};
use crate::time::{parse_since, stamp};
use crate::work::{Bar, Pen};

const EXAMPLES: &str = "\
Examples:
  readmit policy replay ./policies --since 30d       the daemon's own log
  readmit policy export > decisions.jsonl            the same on another machine, and in CI:
  readmit policy replay ./policies --from decisions.jsonl --fail-if-weaker

Both verdicts are compared as the daemon follows them under --assurance. Weaker is what lets anybody in who was not \
let in before, or sooner, or to more. A question is marked as coming after a change if an earlier verdict of its case \
changes: the case would have taken another way.

JSON: {candidate, decisions, cases, same, weaker, failing, stronger, other, first_at, last_at, versions: {version: \
count}, unlisted: {effect: count}, changes: [{effect, words: [text], hook, reason, kind, count, after_a_change, \
example: {id, case, at, before, after, facts: {name: text}}}]}, weakened first.
A log that is cut or corrupt ends with exit code 1 and no report.";

/// Show what a candidate would have decided otherwise, from the decision log
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayLog {
    /// The candidate's directory; without it this one, or the daemon's
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// From when: a duration ago (30d), a date (2026-11-22) or Unix seconds (@1700000000); without it all
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    since: Option<u64>,
    /// An exported log instead of the daemon's; - for standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// End with exit code 1 if anything is weaker, or fails in the policy
    #[arg(long)]
    fail_if_weaker: bool,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// Runs the verb.
pub async fn run(verb: ReplayLog, context: &mut Context) -> Result<(), Failure> {
    let sources = read(&directory(verb.directory))?;
    let candidate = verb.surroundings.accept(sources.clone())?;
    let watched = verb.surroundings.watch(sources)?;
    let rules = verb.surroundings.rules();
    let since = verb.since.unwrap_or(0);
    let replay = Replay::new(&candidate, &watched, &rules)
        .since(Timestamp::from_unix(since))
        .threads(available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let bar = Bar::new("replay");
    let mut feed = Feed { replay, pen: bar.pen(), shown: 0 };
    match verb.from {
        Some(file) => feed.file(file).await?,
        None => feed.daemon(since, context).await?,
    }
    let report = feed.replay.finish().map_err(failed)?;
    drop(bar);
    let version = candidate.version().as_str();
    context.output.answer(&in_json(&report, version), |style| in_words(&report, version, style))?;
    let (weaker, failing) = (report.count(Effect::Weaker), report.count(Effect::Failing));
    judged(verb.fail_if_weaker, weaker, failing, "decision")
}

/// A replay on its way through a log.
struct Feed<'a> {
    replay: Replay<'a>,
    pen: Pen,
    shown: u64,
}

impl Feed<'_> {
    async fn file(&mut self, file: PathBuf) -> Result<(), Failure> {
        let mut lines = if file.as_os_str() == "-" {
            read_log(|| Ok(BufReader::new(std::io::stdin())))
        } else {
            let opened = File::open(&file).map_err(|error| {
                Failure::new(Kind::NotFound, format!("{} cannot be opened: {error}", file.display()))
                    .with_hint("write a log with: readmit policy export > decisions.jsonl")
            })?;
            read_log(|| Ok(BufReader::with_capacity(LOG_BYTES_A_TIME, opened)))
        };
        while let Some(some) = lines.recv().await {
            for line in some.map_err(failed)? {
                self.line(&line).await?;
            }
        }
        Ok(())
    }

    async fn daemon(&mut self, since: u64, context: &mut Context) -> Result<(), Failure> {
        let policies = context.policies().await?;
        let mut after = 0;
        loop {
            let page = policies.decisions(since, after, LOG_PAGE).await?;
            if page.is_empty() {
                return Ok(());
            }
            for decision in &page {
                let (id, line) = line_of(decision)?;
                if id <= after {
                    return Err(unreadable("decisions do not come in their order"));
                }
                after = id;
                self.line(line.trim_end().as_bytes()).await?;
            }
        }
    }

    async fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.replay.line(line).map_err(failed)?;
        if self.replay.compared() > self.shown {
            self.shown = self.replay.compared();
            self.pen.tell(&format!("{} compared", many(self.shown, "decision")));
            // Comparing keeps the processor busy; here is where an interruption is noticed.
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

type SomeLines = Result<Vec<Vec<u8>>, LogError>;

/// A thread that reads a log, because a blocked read cannot be called off. It ends with the process.
fn read_log<R: BufRead>(
    open: impl FnOnce() -> Result<R, LogError> + Send + 'static,
) -> mpsc::Receiver<SomeLines> {
    let (sender, receiver) = mpsc::channel(LOG_AHEAD);
    std::thread::spawn(move || {
        let mut lines = match open().and_then(Lines::open) {
            Ok(lines) => lines,
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        loop {
            let some = next_lines(&mut lines);
            let is_last = some.as_ref().map_or(true, Vec::is_empty);
            if sender.blocking_send(some).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

fn next_lines(lines: &mut Lines<impl BufRead>) -> SomeLines {
    let (mut some, mut bytes) = (Vec::new(), 0);
    while some.len() < LINES_A_TIME && bytes < LOG_BYTES_A_TIME {
        match lines.next_line()? {
            Some(line) => {
                bytes += line.len();
                some.push(line.to_vec());
            }
            None => break,
        }
    }
    Ok(some)
}

/// A decision of the daemon's answer as the line that an export would have.
fn line_of(decision: &Answer) -> Result<(u64, String), Failure> {
    let decision = object(decision);
    let number = |key: &str| decision[key].as_u64().ok_or_else(|| unreadable(key));
    let text = |key: &str| decision[key].as_str().ok_or_else(|| unreadable(key));
    let numbers = (number("id")?, number("at")?, number("micros")?);
    let names = (text("case")?, text("version")?, text("hook")?);
    Ok((numbers.0, log::line(numbers, names, text("input")?, text("verdict")?)))
}

fn unreadable(what: &str) -> Failure {
    Failure::new(Kind::Failed, format!("the daemon's decision log cannot be read: {what}"))
        .with_hint("the daemon may be of another version: compare readmit --version and readmitd --version")
}

fn failed(error: LogError) -> Failure {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    let cause = cause.map(|cause| format!(": {}", cause.replace(" at line 1 column", " at column")));
    Failure::new(Kind::Failed, format!("{error}{}", cause.unwrap_or_default())).with_hint(error.hint())
}

fn in_json(report: &Report, version: &str) -> Value {
    let mut answer = Map::new();
    answer.insert("candidate".to_owned(), version.into());
    answer.insert("decisions".to_owned(), report.decisions().into());
    answer.insert("cases".to_owned(), report.cases.into());
    for effect in Effect::ALL {
        let count = if effect == Effect::Same { report.same } else { report.count(effect) };
        answer.insert(effect.as_str().to_owned(), count.into());
    }
    let (first, last) = report.period.unzip();
    answer.insert("first_at".to_owned(), first.map(Timestamp::unix).into());
    answer.insert("last_at".to_owned(), last.map(Timestamp::unix).into());
    let versions = report.versions.iter().map(|(version, count)| (version.to_string(), (*count).into()));
    answer.insert("versions".to_owned(), Value::Object(versions.collect()));
    let unlisted =
        report.unlisted.iter().map(|(effect, count)| (effect.as_str().to_owned(), (*count).into()));
    answer.insert("unlisted".to_owned(), Value::Object(unlisted.collect()));
    answer.insert("changes".to_owned(), report.groups.iter().map(group_in_json).collect());
    Value::Object(answer)
}

fn group_in_json(group: &Group) -> Value {
    let example = &group.example;
    let facts = example.facts.iter().map(|(fact, text)| (fact.to_string(), text.as_str().into()));
    let mut json = as_json(&group.change);
    json["hook"] = group.hook.as_str().into();
    json["reason"] = group.reason.as_str().into();
    json["kind"] = group.kind.as_str().into();
    json["count"] = group.count.into();
    json["after_a_change"] = group.after_a_change.into();
    json["example"] = json!({
        "id": example.id,
        "case": example.case.as_str(),
        "at": example.at.unix(),
        "before": example.before,
        "after": example.after,
        "facts": Value::Object(facts.collect()),
    });
    json
}

fn in_words(report: &Report, version: &str, style: Style) -> String {
    let Some((first, last)) = report.period else {
        return "There is no decision since then in the log.\n".to_owned();
    };
    let mut text = format!(
        "{} of {}, {} to {},\nput to the candidate {version}\n",
        many(report.decisions(), "decision"),
        many(report.cases, "case"),
        stamp(first.unix()),
        stamp(last.unix()),
    );
    let places: Vec<Place<'_>> = report.groups.iter().map(place).collect();
    text += &told(&places, "decision", style);
    for (effect, count) in &report.unlisted {
        text += &format!("\n{} more {effect}, each in yet another way.\n", grouped(*count));
    }
    let same = match report.same {
        1 => "1 decision comes out the same.".to_owned(),
        same => format!("{} come out the same.", many(same, "decision")),
    };
    text + "\n" + &same + "\n"
}

fn place(group: &Group) -> Place<'_> {
    let mut where_to = format!("{}, {}, {}", group.hook.as_str(), group.reason.as_str(), group.kind);
    if group.after_a_change > 0 {
        where_to += &format!(" ({} after a change in the same case)", grouped(group.after_a_change));
    }
    let example = &group.example;
    let mut more = vec![format!("decision {} of case {}", example.id, example.case)];
    if !example.facts.is_empty() {
        let facts: Vec<String> =
            example.facts.iter().map(|(fact, text)| format!("{fact}: {}", plain(text))).collect();
        more.push(facts.join("; "));
    }
    Place { change: &group.change, place: where_to, count: group.count, more }
}
