//! The results as the XML that continuous integration reads.

use std::fmt::Write as _;

use readmit_policy::workbench::testing::{Report, TestResult};

/// The whole document: a `testsuite` a file, a `testcase` a test.
pub fn document(report: &Report) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = counts(&report.results);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "<testsuites name=\"readmit policy test\" {all}>");
    for of_file in report.results.chunk_by(|a, b| a.file == b.file) {
        let Some(first) = of_file.first() else { continue };
        let _ = writeln!(text, "  <testsuite name=\"{}\" {}>", escaped(&first.file), counts(of_file));
        for result in of_file {
            put(&mut text, result);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn put(text: &mut String, result: &TestResult) {
    let (file, name, line) = (escaped(&result.file), escaped(&result.name), result.line);
    let seconds = seconds(result.micros);
    let _ = write!(
        text,
        "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" time=\"{seconds}\""
    );
    let Some(failure) = &result.failure else {
        text.push_str("/>\n");
        return;
    };
    let mut body = format!("{}:{}: {}\n", failure.file, failure.line, failure.message);
    for (label, value) in [("expected", &failure.expected), ("got", &failure.got)] {
        if let Some(value) = value {
            let _ = writeln!(body, "{label}: {value}");
        }
    }
    for (number, step) in (1..).zip(&failure.journey) {
        let _ = writeln!(body, "{number}. {step}");
    }
    let (message, body) = (escaped(&failure.message), escaped(&body));
    let _ = writeln!(text, ">\n      <failure message=\"{message}\">{body}</failure>\n    </testcase>");
}

fn counts(results: &[TestResult]) -> String {
    let failed = results.iter().filter(|result| result.failure.is_some()).count();
    let micros = results.iter().map(|result| result.micros).sum();
    format!("tests=\"{}\" failures=\"{failed}\" errors=\"0\" time=\"{}\"", results.len(), seconds(micros))
}

/// Microseconds as seconds.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// The text as XML holds it; characters that XML cannot hold at all are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        let table = [
            ("plain", "plain"),
            ("a < b & \"c\"", "a &lt; b &amp; &quot;c&quot;"),
            ("]]>\n\t", "]]&gt;&#10;&#9;"),
            ("\u{1b}[2J\u{0}\u{ffff}ä", "\u{fffd}[2J\u{fffd}\u{fffd}ä"),
        ];
        for (text, wanted) in table {
            assert_eq!(escaped(text), wanted);
        }
        assert_eq!(seconds(1_000_042), "1.000042");
    }
}
