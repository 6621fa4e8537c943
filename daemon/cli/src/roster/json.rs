//! Lists as JSON: one array of objects, or one object a line.

use std::collections::BTreeMap;

use serde_json::{Deserializer, Map, Value};

use super::row::{Field, Row, Shape, column};
use super::{Lines, wrong};
use crate::failure::Failure;

/// The rows of a list.
///
/// # Errors
/// It is no JSON, or neither an array nor objects.
pub fn read(text: &str) -> Result<Vec<Row>, Failure> {
    let mut rest = text.trim_start();
    let is_array = rest.starts_with('[');
    if is_array {
        rest = &rest[1..];
    }
    let mut rows = Vec::new();
    let mut lines = Lines::new(text.as_bytes());
    loop {
        rest = rest.trim_start();
        if is_array {
            if let Some(after) = rest.strip_prefix(']') {
                if !after.trim().is_empty() {
                    return Err(malformed(text, after, "there is something behind the end of the list"));
                }
                return Ok(rows);
            }
            if !rows.is_empty() {
                let no_comma = || malformed(text, rest, "a comma or the end of the list is missing");
                rest = rest.strip_prefix(',').ok_or_else(no_comma)?.trim_start();
            }
        } else if rest.is_empty() {
            return Ok(rows);
        }
        let mut values = Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = values.next() else {
            return Err(malformed(text, rest, "this is no JSON"));
        };
        let behind = values.byte_offset();
        let line = lines.at(text.len() - rest.len());
        let Value::Object(object) = value else {
            return Err(malformed(text, rest, "an account has to be an object"));
        };
        rows.push(row(line, object));
        rest = rest.get(behind..).unwrap_or_default();
    }
}

fn malformed(text: &str, rest: &str, why: &str) -> Failure {
    let line = Lines::new(text.as_bytes()).at(text.len() - rest.len());
    wrong(format!("line {line}: {why}"))
}

fn row(line: u64, object: Map<String, Value>) -> Row {
    let mut row = Row { line, ..Row::default() };
    for (name, value) in object {
        let (name, shape) = match column(&name) {
            Ok(known) => known,
            Err(why) => {
                row.problems.push(why);
                continue;
            }
        };
        if value.is_null() {
            continue;
        }
        match (field(shape, value), name) {
            (Some(Field::Text(id)), "id") => row.id = id,
            (Some(field), _) => drop(row.fields.insert(name, field)),
            (None, _) => row.problems.push(format!("{name}: has to be {}", wanted(shape))),
        }
    }
    row
}

fn field(shape: Shape, value: Value) -> Option<Field> {
    match (shape, value) {
        (Shape::Text, Value::String(text)) => Some(Field::Text(text)),
        (Shape::Flag, Value::Bool(flag)) => Some(Field::Flag(flag)),
        (Shape::List, Value::String(text)) => Some(Field::List(vec![text])),
        (Shape::List, Value::Array(items)) => {
            let texts = items.into_iter().map(text);
            texts.collect::<Option<Vec<String>>>().map(Field::List)
        }
        (Shape::Map, Value::Object(object)) => {
            let texts = object.into_iter().map(|(name, value)| Some((name, text(value)?)));
            texts.collect::<Option<BTreeMap<String, String>>>().map(Field::Map)
        }
        _ => None,
    }
}

fn text(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

const fn wanted(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a text",
        Shape::Flag => "true or false",
        Shape::List => "a list of texts",
        Shape::Map => "an object of texts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_and_lines_say_the_same() {
        let array = "[\n{\"id\": \"alice\", \"emails\": [\"a@example.org\"],\n \"attributes\": {\"a\": \"b\"}},\n\n{\"id\":\"bob\"} ]\n";
        let lines = "\n{\"id\": \"alice\", \"email\": \"a@example.org\", \"attributes\": {\"a\": \"b\"}, \"kind\": null}\n\n\n{\"id\":\"bob\"}";
        let (array, lines) = (read(array).unwrap(), read(lines).unwrap());
        assert_eq!(array, lines.clone());
        assert_eq!(array.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(read("[]").unwrap(), []);
    }

    #[test]
    fn what_a_row_may_not_say_is_its_own_problem() {
        let rows =
            read("[{\"id\": 7, \"kinds\": \"x\", \"groups\": [1], \"email_verified\": \"yes\"}]").unwrap();
        assert_eq!(rows[0].problems.len(), 4, "{rows:?}");
    }

    #[test]
    fn what_is_no_list_is_told_with_its_line() {
        for (text, line) in [
            ("[{\"id\":\"a\"}\n{\"id\":\"b\"}]", 2),
            ("[\n7]", 2),
            ("[{\"id\":\"a\"}]\n x", 1),
            ("{\"id\":\"a\"}\n{\"id\":", 2),
            ("[{\"id\":\"a\"}", 1),
        ] {
            let why = read(text).unwrap_err().message;
            assert!(why.starts_with(&format!("line {line}: ")), "{text}: {why}");
        }
    }
}
