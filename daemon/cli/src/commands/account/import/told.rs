//! What became of a list, for people and for scripts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::limits::ROWS_SHOWN;
use crate::output::{Style, plain};
use crate::roster::Row;

/// What became, or would become, of each row.
pub struct Told {
    rows: Vec<Line>,
    is_dry_run: bool,
    is_applied: bool,
}

struct Line {
    line: u64,
    id: String,
    result: String,
    changed: Vec<String>,
    why: Option<String>,
    notes: Vec<String>,
}

impl Told {
    /// What is known before the daemon was asked.
    #[must_use]
    pub fn new(rows: &[Row], is_dry_run: bool) -> Self {
        let line = |row: &Row| Line {
            line: row.line,
            id: row.id.clone(),
            result: if row.problems.is_empty() { "unchanged" } else { "refused" }.to_owned(),
            changed: Vec::new(),
            why: (!row.problems.is_empty()).then(|| row.problems.join("; ")),
            notes: row.notes.clone(),
        };
        Self { rows: rows.iter().map(line).collect(), is_dry_run, is_applied: false }
    }

    /// Whether nothing is wrong with a row so far.
    #[must_use]
    pub fn is_sound(&self, place: usize) -> bool {
        self.rows.get(place).is_some_and(|line| line.why.is_none())
    }

    /// The daemon's word about a row.
    pub fn result(&mut self, place: usize, result: Value) {
        let Some(line) = self.rows.get_mut(place) else { return };
        line.result = result["result"].as_str().unwrap_or("refused").to_owned();
        let changed = result["changed"].as_array().into_iter().flatten();
        line.changed = changed.filter_map(Value::as_str).map(str::to_owned).collect();
        line.why = result["why"].as_str().map(str::to_owned);
    }

    /// What would happen has happened.
    pub fn applied(&mut self) {
        self.is_applied = true;
    }

    /// How many rows are refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.count("refused")
    }

    fn count(&self, result: &str) -> usize {
        self.rows.iter().filter(|line| line.result == result).count()
    }

    /// For scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        let differing = self.rows.iter().filter(|line| line.result != "unchanged").map(|line| {
            let mut difference = json!({"line": line.line, "id": line.id, "result": line.result});
            if !line.changed.is_empty() {
                difference["changed"] = json!(line.changed);
            }
            if let Some(why) = &line.why {
                difference["why"] = json!(why);
            }
            difference
        });
        let notes = self.rows.iter().flat_map(|line| {
            line.notes.iter().map(|note| json!({"line": line.line, "id": line.id, "what": note}))
        });
        let mut answer = json!({
            "rows": self.rows.len(), "applied": self.is_applied, "dry_run": self.is_dry_run,
            "differences": differing.collect::<Vec<_>>(), "notes": notes.collect::<Vec<_>>(),
        });
        for result in ["added", "changed", "unchanged", "skipped", "refused"] {
            answer[result] = json!(self.count(result));
        }
        answer
    }

    /// For people: what differs, and how much of what there is.
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for (result, sign) in [("added", "+"), ("changed", "~"), ("skipped", "="), ("refused", "!")] {
            let lines = || self.rows.iter().filter(|line| line.result == result);
            for line in lines().take(ROWS_SHOWN) {
                let about = match (&line.why, line.changed.is_empty()) {
                    (Some(why), _) => style.bad(&plain(why)),
                    (None, false) => line.changed.join(", "),
                    (None, true) => String::new(),
                };
                let told = format!("{sign} line {} {} {about}", line.line, plain(&line.id));
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{}", told.trim_end());
            }
            let more = lines().count().saturating_sub(ROWS_SHOWN);
            if more > 0 {
                let _ = writeln!(text, "{sign} … and {more} more {result}; --json has all");
            }
        }
        let notes = || self.rows.iter().flat_map(|line| line.notes.iter().map(move |note| (line, note)));
        for (line, note) in notes().take(ROWS_SHOWN) {
            let _ = writeln!(text, "? line {} {}: {}", line.line, plain(&line.id), plain(note));
        }
        if notes().count() > ROWS_SHOWN {
            let _ = writeln!(text, "? … and {} more notes; --json has all", notes().count() - ROWS_SHOWN);
        }
        text + &self.summary()
    }

    fn summary(&self) -> String {
        let counts = ["added", "changed", "unchanged", "skipped", "refused"]
            .map(|result| format!("{} {result}", self.count(result)));
        let what = match (self.is_applied, self.is_dry_run) {
            (true, _) => "done",
            (false, true) => "dry run, nothing was changed",
            (false, false) => "nothing was changed",
        };
        let noun = if self.rows.len() == 1 { "row" } else { "rows" };
        format!("{} {noun}: {} ({what})\n", self.rows.len(), counts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_with_their_lines() {
        let row = |line, id: &str| Row { line, id: id.to_owned(), ..Row::default() };
        let mut wrong = row(4, "ca\u{1b}rol");
        wrong.problems = vec!["phones: no".to_owned(), "emails: no".to_owned()];
        let mut noted = row(5, "dan");
        noted.notes = vec!["phones: look".to_owned()];
        let mut told = Told::new(&[row(2, "alice"), row(3, "bob"), wrong, noted], true);
        assert!(told.is_sound(0) && !told.is_sound(2));
        told.result(0, json!({"result": "added"}));
        told.result(1, json!({"result": "changed", "changed": ["emails", "phones"]}));
        let text = told.text(Style::PLAIN);
        let wanted = "+ line 2 alice\n~ line 3 bob emails, phones\n! line 4 ca\u{fffd}rol phones: no; emails: no\n\
                      ? line 5 dan: phones: look\n\
                      4 rows: 1 added, 1 changed, 1 unchanged, 0 skipped, 1 refused (dry run, nothing was changed)\n";
        assert_eq!(text, wanted);
        let answer = told.json();
        assert_eq!((&answer["refused"], answer["differences"].as_array().unwrap().len()), (&json!(1), 3));
        assert_eq!(answer["notes"], json!([{"line": 5, "id": "dan", "what": "phones: look"}]));
    }

    #[test]
    fn of_many_rows_the_first_are_shown() {
        let rows: Vec<Row> = (0..ROWS_SHOWN as u64 + 7)
            .map(|line| Row { line, id: line.to_string(), problems: vec!["x".to_owned()], ..Row::default() })
            .collect();
        let text = Told::new(&rows, false).text(Style::PLAIN);
        assert!(text.contains("! … and 7 more refused"), "{text}");
        assert_eq!(text.lines().count(), ROWS_SHOWN + 2);
    }
}
