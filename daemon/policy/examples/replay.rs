//! Measures a replay: `cargo run --release -p readmit-policy --example replay`.
//!
//! A year of 1,000 recoveries a day, five decisions each, is put to the shipped policy and to one that asks for less;
//! it prints decisions a second on one thread and on as many as there are processors. With the name of a file and a
//! number it writes such a log of so many decisions instead, for `readmit policy replay --from`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Instant;

use readmit_policy::workbench::compare::Effect;
use readmit_policy::workbench::replay::log::{header, line};
use readmit_policy::workbench::replay::{Replay, Report};
use readmit_policy::{Budget, Channels, PolicySet, Sources};
use readmit_recovery::account::Reason;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::id::{AccountId, CaseHandle};
use readmit_recovery::rules::Rules;
use readmit_recovery::time::Timestamp;

#[path = "../tests/question/mod.rs"]
mod question;

const CASES_A_YEAR: u64 = 365_000;
const DECISIONS_A_CASE: u64 = 5;
/// Cases that are made; their decisions are then told again under other numbers.
const MADE: u64 = 5_000;

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn main() -> Result<(), Box<dyn Error>> {
    let shipped = Sources::shipped()?;
    let decisions = made(&load(&shipped)?)?;
    let mut arguments = std::env::args().skip(1);
    if let (Some(file), Some(number)) = (arguments.next(), arguments.next()) {
        return write(&decisions, &file, number.parse()?);
    }
    let text = shipped.files().get("default.lua").ok_or("the shipped policy has a file")?;
    let weaker = text.replace("\"password\", \"email\", \"voice\"", "\"password\", \"email\"");
    let weaker = Sources::from_files(BTreeMap::from([("default.lua".to_owned(), weaker)]))?;
    let processors = available_parallelism()?;
    println!(
        "{:<24} {:>8} {:>12} {:>10} {:>8} {:>9}",
        "candidate", "threads", "decisions", "a second", "µs", "weaker"
    );
    for (name, sources) in [("the same", &shipped), ("without the phone", &weaker)] {
        for threads in [NonZeroUsize::MIN, processors] {
            measure(name, sources, threads, &decisions)?;
        }
    }
    Ok(())
}

fn load(sources: &Sources) -> Result<PolicySet, Box<dyn Error>> {
    Ok(PolicySet::load(sources.clone(), Budget::default(), &Channels::default())?)
}

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn measure(
    name: &str,
    sources: &Sources,
    threads: NonZeroUsize,
    decisions: &[String],
) -> Result<(), Box<dyn Error>> {
    let candidate = load(sources)?;
    let watched = PolicySet::watched(sources.clone(), Budget::default(), &Channels::default())?;
    let rules = Rules::default();
    let mut replay = Replay::new(&candidate, &watched, &rules).threads(threads);
    let started = Instant::now();
    let mut text = String::new();
    for (id, rest) in (1..=CASES_A_YEAR * DECISIONS_A_CASE).zip(decisions.iter().cycle()) {
        text.clear();
        text += "{\"id\":";
        text += &id.to_string();
        text += rest;
        replay.line(text.as_bytes())?;
    }
    let report: Report = replay.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of a few million")]
    let a_second = report.decisions() as f64 / seconds;
    println!(
        "{name:<24} {threads:>8} {:>12} {a_second:>10.0} {:>8.1} {:>9}",
        report.decisions(),
        1e6 / a_second,
        report.count(Effect::Weaker),
    );
    Ok(())
}

fn write(decisions: &[String], file: &str, number: u64) -> Result<(), Box<dyn Error>> {
    let mut output = BufWriter::new(File::create(file)?);
    output.write_all(header().as_bytes())?;
    for (id, rest) in (1..=number).zip(decisions.iter().cycle()) {
        writeln!(output, "{{\"id\":{id}{rest}")?;
    }
    Ok(output.flush()?)
}

/// The lines of the decisions of some cases, each from behind its number on.
fn made(set: &PolicySet) -> Result<Vec<String>, Box<dyn Error>> {
    let hooks = [Hook::Open, Hook::Proved, Hook::Failed, Hook::Proved, Hook::Recovered];
    let reasons = Reason::ALL.iter().cycle();
    let mut lines = Vec::new();
    for (number, reason) in (0..MADE).zip(reasons) {
        for (hook, second) in hooks.into_iter().zip(0..) {
            let mut question = question::question(hook);
            question.reason = *reason;
            question.case = CaseHandle::from_random(u128::from(number).to_be_bytes());
            question.facts.account.id = AccountId::parse(&format!("account-{number}"))?;
            question.facts.account.has.recovery_codes = number % 3 == 0;
            question.now = Timestamp::from_unix(question::NOW + number * 100 + second);
            lines.push(told(set, &question)?);
        }
    }
    Ok(lines)
}

fn told(set: &PolicySet, question: &Question) -> Result<String, Box<dyn Error>> {
    let decision = set.decide(question);
    let (input, verdict) = (serde_json::to_string(question)?, serde_json::to_string(&decision.verdict)?);
    let names = (question.case.as_str(), decision.version.as_str(), question.hook.as_str());
    let line = line((0, question.now.unix(), decision.micros), names, &input, &verdict);
    Ok(line.trim_end().trim_start_matches("{\"id\":0").to_owned())
}
