//! Lists as CSV (RFC 4180), to be opened and written by spreadsheets.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a formula in a list of people is
//! somebody's attack on whoever opens it. Such cells are written behind a `'`, which spreadsheets show as text, and read
//! back without it, so that a number comes back as it went.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use serde_json::Value;

use super::row::{COLUMNS, Field, Row, Shape, column};
use super::{Lines, wrong};
use crate::failure::{Failure, Kind};

/// A cell that says: nothing of it.
const NOTHING: &str = "-";

/// What means something between semicolons, and before the `=` of a pair.
const LIST_SIGNS: [char; 2] = ['\\', ';'];
const NAME_SIGNS: [char; 3] = ['\\', ';', '='];

/// The rows of a list.
///
/// # Errors
/// The line of names is missing or wrong, or the cells cannot be told apart.
pub fn read(text: &str, delimiter: u8) -> Result<Vec<Row>, Failure> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(|error| unreadable(&error))?)?;
    let mut rows = Vec::new();
    let mut lines = Lines::new(text.as_bytes());
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let place = record.position().map_or(0, csv::Position::byte);
        rows.push(row(lines.at(begins(text, place)), &columns, &record));
    }
    Ok(rows)
}

/// Where a record begins behind the empty lines before it.
fn begins(text: &str, place: u64) -> usize {
    let place = usize::try_from(place).unwrap_or(usize::MAX).min(text.len());
    let rest = text.get(place..).unwrap_or_default();
    text.len() - rest.trim_start_matches(['\r', '\n']).len()
}

fn unreadable(error: &csv::Error) -> Failure {
    let line = error.position().map_or(1, csv::Position::line);
    wrong(format!("line {line}: the cells cannot be told apart"))
}

fn columns(names: &StringRecord) -> Result<Vec<(&'static str, Shape)>, Failure> {
    let mut columns = Vec::new();
    for name in names {
        let known = column(unguarded(name)).map_err(|why| {
            match [";", "\t"].iter().find(|by| name.contains(**by)) {
                Some(by) => wrong("line 1: the names of the columns are not separated by commas")
                    .with_hint(format!("add --delimiter '{}'", by.escape_debug())),
                None => wrong(format!("line 1: {why}")),
            }
        })?;
        if columns.contains(&known) {
            return Err(wrong(format!("line 1: the column `{}` is there twice", known.0)));
        }
        columns.push(known);
    }
    if columns.iter().any(|(name, _)| *name == "id") {
        return Ok(columns);
    }
    Err(wrong("line 1: there is no column `id`; the first line has to name the columns"))
}

fn row(line: u64, columns: &[(&'static str, Shape)], record: &StringRecord) -> Row {
    let mut row = Row { line, ..Row::default() };
    if record.len() != columns.len() {
        row.problems.push(format!(
            "it has {} cells, and the first line names {}",
            record.len(),
            columns.len()
        ));
    }
    for ((name, shape), cell) in columns.iter().zip(record) {
        if *name == "id" {
            row.id = unguarded(cell).trim().to_owned();
        } else if !cell.trim().is_empty() {
            match field(*shape, cell) {
                Ok(field) => drop(row.fields.insert(name, field)),
                Err(why) => row.problems.push(format!("{name}: {why}")),
            }
        }
    }
    row
}

fn field(shape: Shape, cell: &str) -> Result<Field, String> {
    let is_nothing = cell.trim() == NOTHING;
    let text = unguarded(cell);
    match shape {
        Shape::Text if is_nothing => Ok(Field::Text(String::new())),
        Shape::Text => Ok(Field::Text(text.trim().to_owned())),
        Shape::Flag => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Field::Flag(true)),
            "false" | "no" | "0" => Ok(Field::Flag(false)),
            _ => Err("has to be true or false".to_owned()),
        },
        Shape::List if is_nothing => Ok(Field::List(Vec::new())),
        Shape::List => Ok(Field::List(parts(text).into_iter().map(|part| part.text).collect())),
        Shape::Map if is_nothing => Ok(Field::Map(BTreeMap::new())),
        Shape::Map => {
            let pairs = parts(text).into_iter().map(|part| {
                let pair =
                    part.sign.and_then(|sign| Some((part.text.get(..sign)?, part.text.get(sign + 1..)?)));
                let (name, value) = pair.ok_or("write NAME=VALUE, with a semicolon between two of them")?;
                Ok((name.to_owned(), value.to_owned()))
            });
            pairs.collect::<Result<_, _>>().map(Field::Map)
        }
    }
}

/// What stands between two semicolons.
#[derive(Default)]
struct Part {
    text: String,
    /// Where its first `=` is that stands for itself.
    sign: Option<usize>,
}

/// The parts between semicolons; a backslash takes the next character as it is.
fn parts(text: &str) -> Vec<Part> {
    let (mut parts, mut part) = (Vec::new(), Part::default());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let taken = match character {
            '\\' => characters.next().unwrap_or('\\'),
            ';' => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            // Whoever types a list by hand puts a space behind the semicolon.
            ' ' if part.text.is_empty() => continue,
            '=' => {
                part.sign.get_or_insert(part.text.len());
                '='
            }
            other => other,
        };
        part.text.push(taken);
    }
    parts.push(part);
    parts.retain(|part| !part.text.is_empty());
    parts
}

/// Puts a backslash before each of these, and before the first space.
fn escaped(text: &str, signs: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (place, character) in text.char_indices() {
        if signs.contains(&character) || (place == 0 && character == ' ') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Whether a spreadsheet would compute the cell, or it looks guarded already.
fn is_risky(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\''])
}

fn guarded(cell: String) -> String {
    if is_risky(&cell) { format!("'{cell}") } else { cell }
}

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_risky(rest)).unwrap_or(cell)
}

/// The line of names.
///
/// # Errors
/// As [`line()`].
pub fn heading() -> Result<String, Failure> {
    written(COLUMNS.iter().map(|(name, _)| (*name).to_owned()))
}

/// An account of the daemon as one line of cells.
///
/// # Errors
/// The cells cannot be written, which a text in memory always can.
pub fn line(account: &Value) -> Result<String, Failure> {
    written(COLUMNS.iter().map(|(name, _)| guarded(cell(&account[name]))))
}

fn cell(value: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Array(items) => {
            items.iter().map(|item| escaped(&text(item), &LIST_SIGNS)).collect::<Vec<_>>().join(";")
        }
        Value::Object(object) => {
            let pair = |(name, value): (&String, &Value)| {
                format!("{}={}", escaped(name, &NAME_SIGNS), escaped(&text(value), &LIST_SIGNS))
            };
            object.iter().map(pair).collect::<Vec<_>>().join(";")
        }
        other => text(other),
    }
}

fn written(cells: impl Iterator<Item = String>) -> Result<String, Failure> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::new(Kind::Failed, format!("a row cannot be written: {error}"))
    };
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(cells.collect::<Vec<_>>()).map_err(|error| unwritable(&error))?;
    let bytes = writer.into_inner().map_err(|error| unwritable(&error))?;
    String::from_utf8(bytes).map_err(|error| unwritable(&error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_come_back_as_they_went_and_none_is_a_formula() {
        let account = json!({
            "id": "=cmd|' /C calc'!A0", "realm": "de\"fault", "kind": "'owner", "emails": ["a@example.org", "b@example.org"],
            "email_verified": true, "email_same_mailbox": false, "phones": ["+14155552671", "+442071838750"],
            "contacts": ["Ann; the \\ one <ann@example.org>"], "groups": ["-", "@all", " x "],
            "attributes": {"team": "a=b;c", "+x": "\n", " a=b": " c"}, "locale": "de",
        });
        let text = heading().unwrap() + &line(&account).unwrap();
        for cell in Cells::of(&text) {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
        let rows = read(&text, b',').unwrap();
        assert_eq!((rows.len(), &rows[0].problems), (1, &vec![]));
        assert_eq!(rows[0].id, "=cmd|' /C calc'!A0");
        let list = |items: &[&str]| Field::List(items.iter().map(|&item| item.to_owned()).collect());
        let map: BTreeMap<_, _> = [("team", "a=b;c"), ("+x", "\n"), (" a=b", " c")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let wanted = [
            ("realm", Field::Text("de\"fault".to_owned())),
            ("kind", Field::Text("'owner".to_owned())),
            ("emails", list(&["a@example.org", "b@example.org"])),
            ("email_verified", Field::Flag(true)),
            ("email_same_mailbox", Field::Flag(false)),
            ("phones", list(&["+14155552671", "+442071838750"])),
            ("contacts", list(&["Ann; the \\ one <ann@example.org>"])),
            ("groups", list(&["-", "@all", " x "])),
            ("attributes", Field::Map(map)),
            ("locale", Field::Text("de".to_owned())),
        ];
        assert_eq!(rows[0].fields, BTreeMap::from(wanted));
    }

    /// The cells of a text, as a spreadsheet has them.
    struct Cells;

    impl Cells {
        fn of(text: &str) -> Vec<String> {
            let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            reader
                .records()
                .flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
                .collect()
        }
    }

    #[test]
    fn an_empty_cell_says_nothing_and_a_dash_says_none() {
        let rows =
            read("id;phones;groups;locale;kind\nalice;;-;-;owner\n\n\"bob\";'-;\"a\nb\";;\n", b';').unwrap();
        let alice = [
            ("groups", Field::List(vec![])),
            ("kind", Field::Text("owner".to_owned())),
            ("locale", Field::Text(String::new())),
        ];
        assert_eq!(rows[0].fields, BTreeMap::from(alice));
        assert_eq!(rows[1].fields["phones"], Field::List(vec!["-".to_owned()]));
        assert_eq!((rows[0].line, rows[1].line), (2, 4));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (text, words) in [
            ("", "no column `id`"),
            ("name\nx\n", "no column `name`"),
            ("id,id\n", "twice"),
            ("id;kind\nalice;owner\n", "not separated by commas"),
        ] {
            let why = read(text, b',').unwrap_err();
            assert!(why.message.contains("line 1: ") && why.message.contains(words), "{text}: {why:?}");
        }
        let rows = read("id,email_verified,attributes\nalice,perhaps,x\nbob,true\n", b',').unwrap();
        assert_eq!((rows[0].problems.len(), rows[1].problems.len(), rows[1].line), (2, 1, 3), "{rows:?}");
    }
}
