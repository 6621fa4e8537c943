//! A TOML document that is read key by key and remembers what was wrong and what was asked for.
//!
//! A deserializer stops at its first error; an administrator wants all of them.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::{Problem, Report};
use super::{MAX_ENTRIES, MAX_TEXT};

/// What is wrong with one value, and how to mend it.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Collects what is wrong with one file.
pub(super) struct Notes<'a> {
    file: String,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(text: &'a str, file: &Path) -> Self {
        Self { file: file.display().to_string(), text, problems: RefCell::default() }
    }

    pub(super) fn add(&self, span: Option<Range<usize>>, key: &str, fault: Fault) {
        let before = span.and_then(|span| self.text.as_bytes().get(..span.start));
        let line = before.map_or(0, |before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
        self.problems.borrow_mut().push(Problem {
            file: self.file.clone(),
            line,
            key: key.to_owned(),
            message: fault.message,
            hint: fault.hint,
        });
    }

    pub(super) fn into_report(self) -> Report {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        Report { problems }
    }
}

/// One table of the document. When everything was asked for, [`Section::finish`] finds what should not be there.
pub(super) struct Section<'a> {
    notes: &'a Notes<'a>,
    path: String,
    table: Option<&'a DeTable<'a>>,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn root(notes: &'a Notes<'a>, table: &'a DeTable<'a>) -> Self {
        Self { notes, path: String::new(), table: Some(table), asked: Vec::new() }
    }

    /// A table within this one; an empty one if it is not there.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a> {
        let path = self.dotted(key);
        let table = self.ask(key).and_then(|value| self.table_of(value, &path));
        Section { notes: self.notes, path, table, asked: Vec::new() }
    }

    /// Every table within this one, whatever its name, in the order of the file.
    pub(super) fn sections(&self) -> Vec<(String, Range<usize>, Section<'a>)> {
        let mut entries: Vec<_> = self.table.into_iter().flatten().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let section = |(key, value): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let name: &std::borrow::Cow<'_, str> = key.get_ref();
            let path = self.dotted(name);
            let table = self.table_of(value, &path);
            let section = Section { notes: self.notes, path, table, asked: Vec::new() };
            (name.to_string(), key.span(), section)
        };
        entries.into_iter().map(section).collect()
    }

    /// The value of `key` as `read` takes it; the default if it is not there, or wrong.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&DeValue<'a>) -> Result<T, Fault>,
    ) -> T {
        let Some(value) = self.ask(key) else { return default };
        match read(value.get_ref()) {
            Ok(value) => value,
            Err(fault) => {
                self.notes.add(Some(value.span()), &self.dotted(key), fault);
                default
            }
        }
    }

    /// Whether `key` is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// The value of `key` as it is.
    pub(super) fn ask(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table?.get(key)
    }

    /// Says that something is wrong at `span` with `key`, or with the section itself if it is empty.
    pub(super) fn fault(&self, span: Range<usize>, key: &str, fault: Fault) {
        self.notes.add(Some(span), &self.dotted(key), fault);
    }

    /// Finds the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let hint = match nearest(name, &self.asked) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are {}", self.asked.join(", ")),
            };
            self.notes.add(Some(key.span()), &self.dotted(name), Fault::new("unknown key", hint));
        }
    }

    fn table_of(&self, value: &'a Spanned<DeValue<'a>>, path: &str) -> Option<&'a DeTable<'a>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        let fault = Fault::new("has to be a section", format!("write [{path}] and its keys below"));
        self.notes.add(Some(value.span()), path, fault);
        None
    }

    fn dotted(&self, key: &str) -> String {
        match (self.path.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{key}", self.path),
        }
    }
}

/// A text of at most [`MAX_TEXT`] bytes, without control characters.
pub(super) fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Fault> {
    let DeValue::String(text) = value else {
        return Err(Fault::new(format!("has to be a text, and is {}", kind(value)), "put it in quotes"));
    };
    if text.len() > MAX_TEXT {
        return Err(Fault::new(format!("is longer than {MAX_TEXT} bytes"), "shorten it"));
    }
    if text.contains(char::is_control) {
        return Err(Fault::new("holds a control character", "keep it to one line of plain text"));
    }
    Ok(text)
}

/// A list of at most [`MAX_ENTRIES`] texts.
pub(super) fn texts(value: &DeValue<'_>) -> Result<Vec<String>, Fault> {
    let DeValue::Array(entries) = value else {
        let message = format!("has to be a list of texts, and is {}", kind(value));
        return Err(Fault::new(message, "write [\"one\", \"another\"]"));
    };
    if entries.len() > MAX_ENTRIES {
        return Err(Fault::new(format!("has more than {MAX_ENTRIES} entries"), "shorten it"));
    }
    entries.iter().map(|entry| text(entry.get_ref()).map(str::to_owned)).collect()
}

/// A whole number in this range.
pub(super) fn number(value: &DeValue<'_>, range: RangeInclusive<u32>) -> Result<u32, Fault> {
    let hint = format!("write a whole number from {} to {}", range.start(), range.end());
    let DeValue::Integer(integer) = value else {
        return Err(Fault::new(format!("has to be a whole number, and is {}", kind(value)), hint));
    };
    let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
    number.filter(|number| range.contains(number)).ok_or_else(|| Fault::new("is out of range", hint))
}

/// Yes or no.
pub(super) fn flag(value: &DeValue<'_>) -> Result<bool, Fault> {
    match value {
        DeValue::Boolean(flag) => Ok(*flag),
        other => {
            let message = format!("has to be true or false, and is {}", kind(other));
            Err(Fault::new(message, "write true or false, without quotes"))
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

/// The known word that `word` was most likely meant to be.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = known.iter().map(|known| (distance(word, known), *known)).min()?;
    // A third of its letters may be wrong; two neighbours that changed places are two of them.
    (near.0 <= near.1.len().div_ceil(3)).then_some(near.1)
}

/// The Levenshtein distance: letters to put in, take out or replace.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (n, a) in one.chars().enumerate() {
        let mut diagonal = n;
        let mut left = n + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = *cell;
            left = replaced.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = n + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_finds_its_word_and_a_strange_word_none() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        let known = ["open_hours", "escalated_days", "email_minutes"];
        assert_eq!(nearest("open_hour", &known), Some("open_hours"));
        assert_eq!(nearest("emial_minutes", &known), Some("email_minutes"));
        assert_eq!(nearest("colour", &known), None);
    }
}
