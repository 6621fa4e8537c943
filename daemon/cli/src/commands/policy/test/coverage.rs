//! What the tests reach of the policies: in the terminal, as files, and as a condition.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::Args;
use readmit_policy::PolicySet;
use readmit_policy::workbench::{Answers, CoverageReport, FileCoverage, Tally};
use serde_json::{Value, json};

use super::super::share::{Percent, percent};
use super::put;
use crate::failure::{Failure, Kind};
use crate::output::{Style, plain};
use crate::table::Table;

/// What is wanted to be known of the coverage.
#[derive(Args)]
pub struct Wanted {
    /// Show which lines and which verdicts of the policies the tests reach
    #[arg(long)]
    coverage: bool,
    /// Write the coverage to a file, as the tracefile that genhtml, editors and continuous integration read
    #[arg(long, value_name = "FILE")]
    lcov: Option<PathBuf>,
    /// Write the coverage to a file, as a page with every line
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Fail if the tests reach fewer than so many percent of the lines, or of the verdicts
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_coverage: Option<Percent>,
}

impl Wanted {
    /// Whether anything is.
    pub const fn is_any(&self) -> bool {
        self.coverage || self.lcov.is_some() || self.html.is_some() || self.min_coverage.is_some()
    }

    /// The report on a watched set, if one is wanted; what goes to files is written.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn report(&self, set: &PolicySet, directory: &Path) -> Result<Option<CoverageReport>, Failure> {
        if !self.is_any() {
            return Ok(None);
        }
        let report = CoverageReport::new(&set.coverage(), set.sources());
        if let Some(file) = &self.lcov {
            let directory = directory.strip_prefix(".").unwrap_or(directory);
            put(file, &report.lcov(&directory.to_string_lossy()))?;
        }
        if let Some(file) = &self.html {
            put(file, &report.html())?;
        }
        Ok(Some(report))
    }

    /// What people are shown.
    pub fn text(&self, report: &CoverageReport, style: Style) -> String {
        if self.coverage { text(report, style) } else { totals(report) }
    }

    /// Whether enough is reached.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, report: &CoverageReport) -> Result<(), Failure> {
        match self.min_coverage {
            Some(least) if !least.is_reached_by(report.percent()) => {
                let message = format!(
                    "the tests reach {} of the lines and {} of the verdicts; {least} of each are wanted",
                    share(report.lines()),
                    share(report.verdicts())
                );
                let hint = "--coverage shows what they miss, and --html FILE every line";
                Err(Failure::new(Kind::Failed, message).with_hint(hint))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The report for scripts.
pub fn document(report: &CoverageReport) -> Value {
    let file = |file: &FileCoverage| {
        let missed = file.places.iter().filter(|place| place.made == 0);
        let missed =
            missed.map(|place| json!({"line": place.line, "column": place.column, "word": place.word}));
        let mut lines = tally(file.line_tally());
        lines["missed"] = file.missed().iter().map(|range| json!([range.start(), range.end()])).collect();
        let mut verdicts = tally(file.verdict_tally());
        verdicts["missed"] = missed.collect();
        json!({"file": file.file, "lines": lines, "verdicts": verdicts})
    };
    let answers = |answers: &Answers| json!({"file": answers.file, "hook": answers.hook.as_str(), "given": answers.given});
    json!({
        "lines": tally(report.lines()),
        "verdicts": tally(report.verdicts()),
        "files": report.files.iter().map(file).collect::<Vec<_>>(),
        "answers": report.answers.iter().map(answers).collect::<Vec<_>>(),
    })
}

fn tally(tally: Tally) -> Value {
    json!({"hit": tally.hit, "of": tally.of, "percent": tally.percent()})
}

fn text(report: &CoverageReport, style: Style) -> String {
    let mut files = Table::new(&["FILE", "LINES", "VERDICTS", "MISSED"], "There is no policy.");
    for file in &report.files {
        let [lines, verdicts] = [file.line_tally(), file.verdict_tally()].map(share);
        files.row(vec![plain(&file.file), lines, verdicts, missed(file)]);
    }
    let mut answers = Table::new(&["POLICY", "HOOK", "ANSWERED"], "No hook was asked.");
    for answer in &report.answers {
        let given: Vec<_> = answer.given.iter().map(|(word, times)| format!("{word} {times}×")).collect();
        answers.row(vec![plain(&answer.file), answer.hook.as_str().to_owned(), given.join(", ")]);
    }
    format!("\n{}\n{}\n{}", files.text(style), answers.text(style), totals(report))
}

fn totals(report: &CoverageReport) -> String {
    let (lines, verdicts) = (report.lines(), report.verdicts());
    format!(
        "The tests reach {} of {} lines ({}) and {} of {} verdicts ({}).\n",
        lines.hit,
        lines.of,
        share(lines),
        verdicts.hit,
        verdicts.of,
        share(verdicts)
    )
}

fn share(tally: Tally) -> String {
    format!("{:.1} %", tally.percent())
}

/// Missed lines, and the missed verdicts on lines that are not missed: `12-14, 20, deny at 25`.
fn missed(file: &FileCoverage) -> String {
    let ranges = file.missed();
    let is_in = |range: &RangeInclusive<u32>, line| range.contains(&line);
    let mut missed = String::new();
    for range in &ranges {
        let comma = if missed.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = match range.start() == range.end() {
            true => write!(missed, "{comma}{}", range.start()),
            false => write!(missed, "{comma}{}-{}", range.start(), range.end()),
        };
    }
    for place in file.places.iter().filter(|place| place.made == 0) {
        if !ranges.iter().any(|range| is_in(range, place.line)) {
            let comma = if missed.is_empty() { "" } else { ", " };
            let _ = write!(missed, "{comma}{} at {}", place.word, place.line);
        }
    }
    missed
}
