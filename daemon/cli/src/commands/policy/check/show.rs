//! How findings are shown: the place, the line with a caret under what is meant, and what to do.

use std::path::Path;

use readmit_policy::Sources;
use readmit_policy::workbench::check::{Finding, Place, Severity};
use serde_json::{Value, json};

use super::path;
use crate::context::Context;
use crate::failure::Failure;
use crate::limits::SOURCE_CHARS;
use crate::output::{Style, plain};

/// What was found in a directory.
pub struct Report<'a> {
    /// The directory as it was named.
    pub directory: &'a Path,
    /// What was found.
    pub findings: &'a [Finding],
    /// The files, if they could be read.
    pub sources: Option<&'a Sources>,
}

impl Report<'_> {
    /// Shows it: one JSON array to scripts; every finding and then `summary` to people.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn show(&self, context: &Context, summary: &str) -> Result<(), Failure> {
        let answer: Vec<Value> = self.findings.iter().map(|finding| self.json(finding)).collect();
        context.output.answer(&Value::Array(answer), |style| {
            let mut text: String = self.findings.iter().map(|finding| self.text(finding, style)).collect();
            let has_errors = self.findings.iter().any(|finding| finding.severity == Severity::Error);
            // Errors are summed up on standard error.
            if !has_errors && !summary.is_empty() {
                text += &format!("{summary}\n");
            }
            text
        })
    }

    fn json(&self, finding: &Finding) -> Value {
        let line = self.line(finding);
        let column = line.zip(finding.place).map(|(line, place)| column(line, place));
        json!({
            "file": path(self.directory, &finding.file),
            "line": finding.place.map(|place| place.line),
            "column": column,
            "severity": finding.severity.as_str(),
            "message": finding.message,
            "hint": finding.hint,
            "source": line,
        })
    }

    fn text(&self, finding: &Finding, style: Style) -> String {
        let mut place = plain(&path(self.directory, &finding.file));
        let line = self.line(finding).zip(finding.place);
        if let Some((line, at)) = line {
            place += &format!(":{}:{}", at.line, column(line, at));
        }
        let severity = match finding.severity {
            Severity::Error => style.state("error"),
            Severity::Warning | Severity::Note => style.bold(finding.severity.as_str()),
        };
        let mut text = format!("{}: {severity}: {}\n", style.bold(&place), plain(&finding.message));
        if let Some((line, at)) = line {
            text += &source(line, at, style);
        }
        if let Some(hint) = &finding.hint {
            text += &format!("  hint: {}\n", plain(hint));
        }
        text
    }

    /// The line that a finding is about.
    fn line(&self, finding: &Finding) -> Option<&str> {
        let text = self.sources?.files().get(&finding.file)?;
        let number = usize::try_from(finding.place?.line).ok()?.checked_sub(1)?;
        Some(text.split('\n').nth(number)?.trim_end_matches('\r'))
    }
}

/// The column in characters, counted from 1, as editors count it.
fn column(line: &str, place: Place) -> usize {
    characters(line, place.column.saturating_sub(1)) + 1
}

/// How many characters there are in the first bytes of a line.
fn characters(line: &str, bytes: u32) -> usize {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    line.char_indices().take_while(|(at, _)| *at < bytes).count()
}

/// The line, and a caret under what is meant. Of a long line only what is around it is shown.
fn source(line: &str, place: Place, style: Style) -> String {
    let start = column(line, place) - 1;
    let end = characters(line, place.column.saturating_sub(1).saturating_add(place.width)).max(start + 1);
    let skipped = start.saturating_sub(SOURCE_CHARS / 2);
    let skipped = if line.chars().count() <= SOURCE_CHARS { 0 } else { skipped };
    let shown: String =
        line.chars().skip(skipped).take(SOURCE_CHARS).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let width = (end - start).min(SOURCE_CHARS.saturating_sub(start - skipped)).max(1);
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let caret = format!("{}{}", " ".repeat(start - skipped), style.bold(&"^".repeat(width)));
    let bar = style.dim("|");
    format!("  {} {bar} {}\n  {gutter} {bar} {caret}\n", style.dim(&number), plain(&shown).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_what_is_meant() {
        let place = |column, width| Place { line: 7, column, width };
        let table = [
            ("  return x", place(3, 6), "  7 |   return x\n    |   ^^^^^^\n"),
            ("\tf(\"ä\", y)", place(10, 1), "  7 |  f(\"ä\", y)\n    |         ^\n"),
            ("x", place(2, 9), "  7 | x\n    |  ^\n"),
            ("", place(1, 1), "  7 | \n    | ^\n"),
        ];
        for (line, place, wanted) in table {
            assert_eq!(source(line, place, Style::PLAIN), wanted, "{line:?}");
        }
        let long = format!("{}here{}", " ".repeat(300), "x".repeat(300));
        let shown = source(&long, place(301, 4), Style::PLAIN);
        let (line, caret) = shown.split_once('\n').expect("two lines");
        assert_eq!(line.find("here"), caret.find("^^^^"));
        assert_eq!(line.chars().count(), SOURCE_CHARS + 6);
    }
}
