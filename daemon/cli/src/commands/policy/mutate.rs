//! `readmit policy mutate`: which mistakes in the policies the tests would not notice.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use readmit_policy::Sources;
use readmit_policy::limits::MAX_MUTANTS;
use readmit_policy::workbench::mutate::{Mutant, MutationReport, NotJudged, Trial, mutants};
use serde_json::{Value, json};

use super::set::{Surroundings, directory, read};
use super::share::{Percent, percent};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::MUTANTS_DEFAULT;
use crate::output::{Style, plain};
use crate::table::Table;
use crate::work::{Bar, aside};

const EXAMPLES: &str = "\
Examples:
  readmit policy mutate                            the policies of this directory, or the daemon's
  readmit policy mutate policies --min-score 95    for CI: exit code 1 if the tests notice less
  readmit policy mutate policies --limit 50        a quick look: 50 mutants, spread over all

Each mutant is the policies with one small mistake: another comparison, a factor less, a flag the other way. The \
tests run on each; one that every test passes has survived, and shows a rule that nobody has tested. Mutants that do \
not load are not counted; one that does not end is noticed. Survivors alone are no failure, since some change \
nothing that a person could see: say with --min-score how many you accept.

JSON: {score, killed, stopped, survived, invalid, left_out, operators: {NAME: {noticed, of}}, survivors: [{file, \
line, column, operator, from, to, source}]}.";

/// Make small mistakes in the policies, and see which the tests do not notice
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Mutate {
    /// The directory of the policies [default: this one if it holds policies, else the daemon's]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Fail if fewer than so many percent of the mutants are noticed
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_score: Option<Percent>,
    /// Try at most so many mutants, spread evenly over all
    #[arg(long, value_name = "N", default_value_t = MUTANTS_DEFAULT)]
    limit: NonZeroUsize,
    /// Try so many mutants at the same time [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// Runs the verb.
pub async fn run(mutate: Mutate, context: &mut Context) -> Result<(), Failure> {
    let directory = directory(mutate.directory);
    let sources = Arc::new(read(&directory)?);
    let bar = Bar::new("mutate");
    let pen = bar.pen();
    let (tried, surroundings, limit) = (Arc::clone(&sources), mutate.surroundings, mutate.limit);
    let threads = mutate.threads.or_else(|| std::thread::available_parallelism().ok());
    let judged = aside(move || {
        let channels = surroundings.channels();
        let trial = Trial {
            sources: &tried,
            channels: &channels,
            most: limit.get().min(MAX_MUTANTS),
            threads: threads.unwrap_or(NonZeroUsize::MIN),
        };
        trial.run(mutants(&tried), &surroundings.rules(), &|progress| {
            pen.show(progress.done, progress.of, &format!("{} survived", progress.survived));
            true
        })
    });
    let report = judged.await?;
    drop(bar);
    let report = report.map_err(|error| not_judged(&error))?;
    context.output.answer(&document(&report, &sources), |style| text(&report, &sources, style))?;
    match mutate.min_score {
        Some(least) if !least.is_reached_by(report.score()) => {
            let message =
                format!("the tests notice {:.1} % of the mistakes; {least} are wanted", report.score());
            Err(Failure::new(Kind::Failed, message)
                .with_hint("write a test for each survivor, or accept a lower --min-score"))
        }
        Some(_) | None => Ok(()),
    }
}

fn not_judged(error: &NotJudged) -> Failure {
    match error {
        NotJudged::Refused(error) => super::set::refused(error),
        NotJudged::Failing { .. } => Failure::new(Kind::Failed, error.to_string())
            .with_hint("readmit policy test shows how it fails; mend that first"),
        NotJudged::NoTests => Failure::new(Kind::Failed, error.to_string())
            .with_hint("write tests in files whose names end in _test.lua, beside the policies"),
    }
}

fn document(report: &MutationReport, sources: &Sources) -> Value {
    let operators: serde_json::Map<String, Value> = report
        .by_operator()
        .into_iter()
        .map(|(operator, (noticed, of))| (operator.to_string(), json!({"noticed": noticed, "of": of})))
        .collect();
    let survivor = |mutant: &Mutant| {
        json!({
            "file": mutant.file, "line": mutant.line, "column": mutant.column,
            "operator": mutant.operator.as_str(), "from": mutant.from, "to": mutant.to,
            "source": mutant.source_line(sources).map(|(line, _)| line),
        })
    };
    json!({
        "score": report.score(),
        "killed": report.count("killed"),
        "stopped": report.count("stopped"),
        "survived": report.count("survived"),
        "invalid": report.count("invalid"),
        "left_out": report.left_out,
        "operators": operators,
        "survivors": report.survivors().map(survivor).collect::<Vec<_>>(),
    })
}

fn text(report: &MutationReport, sources: &Sources, style: Style) -> String {
    let mut text = String::new();
    let mut file = "";
    for mutant in report.survivors() {
        if mutant.file != file {
            file = &mutant.file;
            text += &format!("{}\n", style.bold(&plain(file)));
        }
        text += &survivor(mutant, sources, style);
    }
    let mut table = Table::new(&["CHANGE", "NOTICED", "OF"], "There is nothing in these policies to change.");
    for (operator, (noticed, of)) in report.by_operator() {
        table.row(vec![operator.to_string(), noticed.to_string(), of.to_string()]);
    }
    text += &table.text(style);
    text += &format!("\n{}\n", summary(report));
    text
}

/// One survivor, its line, and what was changed in it.
fn survivor(mutant: &Mutant, sources: &Sources, style: Style) -> String {
    let mut text = format!("{}: no test noticed\n", plain(&mutant.to_string()));
    if let Some((line, changed)) = mutant.source_line(sources) {
        let width = |text: &str| plain(text).chars().count();
        let before = width(line.get(..changed.start).unwrap_or_default());
        let marked = width(line.get(changed).unwrap_or_default()).max(1);
        // Tabs became one character each, so what stands above and below is in the same column.
        text += &format!("{:>6} | {}\n", mutant.line, plain(line));
        text += &format!("{:>6} | {}{}\n", "", " ".repeat(before), style.bold(&"^".repeat(marked)));
    }
    text
}

fn summary(report: &MutationReport) -> String {
    let [killed, stopped, survived, invalid] =
        ["killed", "stopped", "survived", "invalid"].map(|fate| report.count(fate));
    let noticed = killed + stopped;
    let mut told = format!(
        "The tests notice {noticed} of {} mistakes ({:.1} %); {survived} survive.",
        noticed + survived,
        report.score()
    );
    if stopped > 0 {
        told += &format!(" {stopped} of those noticed do not end, and were stopped.");
    }
    if invalid > 0 {
        told += &format!(" {invalid} more do not load and are not counted.");
    }
    if report.left_out > 0 {
        told += &format!(" {} more were not tried: see --limit.", report.left_out);
    }
    told
}
