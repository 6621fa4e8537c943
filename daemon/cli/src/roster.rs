//! Lists of accounts as files: CSV or JSON in, the same out.
//!
//! Here a file becomes rows, and what people write by hand becomes what the daemon takes: national numbers become E.164,
//! addresses get their domain in ASCII. What a row may hold and what follows from it is the daemon's to say.

pub mod cells;
pub mod email;
pub mod json;
pub mod number;
pub mod row;

use clap::ValueEnum;

use crate::failure::{Failure, Kind};
use crate::limits::{LIST_BYTES, LIST_ROWS};

pub use row::Row;

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Cells with a line of names at the head.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// The format that a file's name speaks of.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// The format that a text looks like.
    fn of_text(text: &str) -> Self {
        match text.trim_start().chars().next() {
            Some('[') => Self::Json,
            Some('{') => Self::Jsonl,
            _ => Self::Csv,
        }
    }
}

/// The rows of a list. What is wrong with one of them stands in it; what is wrong with the whole is an error.
///
/// # Errors
/// The file is too large, no UTF-8, or has no shape of a list.
pub fn read(bytes: Vec<u8>, format: Option<Format>, delimiter: u8) -> Result<Vec<Row>, Failure> {
    if bytes.len() as u64 > LIST_BYTES {
        return Err(wrong(format!("the list is larger than {} MiB", LIST_BYTES >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = Lines::new(error.as_bytes()).at(error.utf8_error().valid_up_to());
        wrong(format!("line {line} is no UTF-8: save the list as UTF-8"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let rows = match format.unwrap_or_else(|| Format::of_text(text)) {
        Format::Csv => cells::read(text, delimiter)?,
        // Both are told by how they begin, so a wrong name does no harm.
        Format::Json | Format::Jsonl => json::read(text)?,
    };
    if rows.len() > LIST_ROWS {
        return Err(wrong(format!("the list has more than {LIST_ROWS} rows: split it")));
    }
    Ok(rows)
}

/// The list cannot be read as one.
fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(Kind::Usage, message)
        .with_hint("readmit account import --help shows the columns and an example")
}

/// Which line a byte stands in, from 1, for bytes that are asked for one after the other.
struct Lines<'a> {
    text: &'a [u8],
    place: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self { text, place: 0, line: 1 }
    }

    /// The line of the byte at `place`, which is not before the last one that was asked for.
    fn at(&mut self, place: usize) -> u64 {
        let between = self.text.get(self.place..place).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.place = place.max(self.place);
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_by_its_name_or_by_how_it_begins() {
        assert_eq!(Format::of_name("a.b/People.CSV"), Some(Format::Csv));
        assert_eq!(Format::of_name("people.jsonl"), Some(Format::Jsonl));
        assert_eq!(Format::of_name("people"), None);
        for text in ["id\nalice\n", "\u{feff}id\nalice", " [ {\"id\": \"alice\"} ]", "{\"id\":\"alice\"}\n"] {
            let rows = read(text.as_bytes().to_vec(), None, b',').unwrap();
            assert_eq!((rows.len(), rows[0].id.as_str()), (1, "alice"), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_is_told_with_its_line() {
        let wrong = read(b"id\nal\xffice\n".to_vec(), None, b',').unwrap_err();
        assert!(wrong.message.contains("line 2 is no UTF-8"), "{wrong:?}");
        assert_eq!(wrong.kind, Kind::Usage);
    }
}
