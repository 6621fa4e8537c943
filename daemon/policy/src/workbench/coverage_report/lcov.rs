//! The tracefile of `lcov`, as `geninfo(1)` describes it.

use std::fmt::Write as _;

use super::{CoverageReport, FileCoverage, VerdictPlace};

/// One `SF … end_of_record` for each file.
pub(super) fn tracefile(report: &CoverageReport, directory: &str) -> String {
    let mut trace = String::from("TN:\n");
    for file in &report.files {
        // Writing to a String cannot fail.
        let _ = record(&mut trace, file, directory);
    }
    trace
}

fn record(trace: &mut String, file: &FileCoverage, directory: &str) -> std::fmt::Result {
    let directory = directory.trim_end_matches('/').replace(char::is_control, "?");
    let slash = if directory.is_empty() { "" } else { "/" };
    writeln!(trace, "SF:{directory}{slash}{}", file.file)?;
    let verdicts = file.verdict_tally();
    if verdicts.of > 0 {
        for (branch, place) in file.places.iter().enumerate() {
            // The block is the line's first branch, so that no two branches of a file are the same.
            writeln!(trace, "BRDA:{},0,{branch},{}", place.line, taken(file, place))?;
        }
        writeln!(trace, "BRF:{}\nBRH:{}", verdicts.of, verdicts.hit)?;
    }
    for (line, hits) in &file.lines {
        writeln!(trace, "DA:{line},{hits}")?;
    }
    let lines = file.line_tally();
    writeln!(trace, "LF:{}\nLH:{}\nend_of_record", lines.of, lines.hit)
}

/// How often a branch was taken; a dash if its line was never run.
fn taken(file: &FileCoverage, place: &VerdictPlace) -> String {
    match file.lines.get(&place.line) {
        Some(0) if place.made == 0 => "-".to_owned(),
        Some(_) | None => place.made.to_string(),
    }
}
