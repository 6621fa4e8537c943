//! What a run of tests tells people and scripts.

use std::fmt::Write as _;
use std::time::Duration;

use readmit_policy::PolicySet;
use readmit_policy::workbench::testing::{Report, TestFailure, TestResult};
use serde_json::{Value, json};

use crate::output::{Style, plain};

/// A failed test: where, what was expected, and the journey step by step.
pub fn failure(result: &TestResult, failure: &TestFailure, style: Style) -> String {
    let TestResult { file, line, name, .. } = result;
    let title = plain(&format!("{file}:{line}: {name}"));
    let mut text = format!("{} {}\n", style.state("failed"), style.bold(&title));
    let mut put = |line: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {line}");
    };
    put(plain(&format!("{}:{}: {}", failure.file, failure.line, failure.message)));
    for (label, value) in [("expected", &failure.expected), ("got", &failure.got)] {
        if let Some(value) = value {
            put(format!("  {label:<9} {}", plain(value)));
        }
    }
    for (number, step) in (1..).zip(&failure.journey) {
        put(style.dim(&format!("{number:>3}. {}", plain(step))));
    }
    text.push('\n');
    text
}

/// The last line.
pub fn summary(report: &Report, set: &PolicySet, took: Duration, style: Style) -> String {
    let (passed, failed) = (report.passed(), report.failed());
    let tests = if passed == 1 { "test" } else { "tests" };
    let failed = match failed {
        0 => String::new(),
        failed => format!(", {failed} {}", style.state("failed")),
    };
    let version: String = set.version().as_str().chars().take(12).collect();
    let seconds = took.as_secs_f64();
    format!("{passed} {tests} passed{failed}, in {seconds:.2} s (policies {})\n", style.dim(&version))
}

/// The whole run for scripts.
pub fn document(report: &Report, took: Duration) -> Value {
    let tests: Vec<Value> = report.results.iter().map(test).collect();
    json!({
        "passed": report.passed(),
        "failed": report.failed(),
        "micros": u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "tests": tests,
    })
}

fn test(result: &TestResult) -> Value {
    let failure = result.failure.as_ref().map(|failure| {
        json!({
            "message": failure.message,
            "file": failure.file,
            "line": failure.line,
            "expected": failure.expected,
            "got": failure.got,
            "journey": failure.journey,
        })
    });
    json!({
        "file": result.file,
        "line": result.line,
        "name": result.name,
        "passed": failure.is_none(),
        "micros": result.micros,
        "failure": failure,
    })
}
