//! A TOML document that is read key by key and remembers what was wrong and what was asked for.
//!
//! A deserializer stops at its first error; an administrator wants all of them.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::{Problem, Report};
use crate::limits;

/// What is wrong with one value, and how to mend it.
pub(crate) struct Fault {
    message: String,
    hint: String,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
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
pub(crate) struct Section<'a> {
    notes: &'a Notes<'a>,
    path: String,
    table: Option<&'a DeTable<'a>>,
    span: Option<Range<usize>>,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn root(notes: &'a Notes<'a>, table: &'a DeTable<'a>) -> Self {
        Self { notes, path: String::new(), table: Some(table), span: None, asked: Vec::new() }
    }

    /// A table within this one; an empty one if it is not there.
    pub(crate) fn section(&mut self, key: &'static str) -> Section<'a> {
        let path = self.dotted(key);
        let value = self.ask(key);
        let table = value.and_then(|value| self.table_of(value, &path));
        Section { notes: self.notes, path, table, span: value.map(Spanned::span), asked: Vec::new() }
    }

    /// The tables of a list, `[[key]]`, in the order of the file.
    pub(crate) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let path = self.dotted(key);
        let Some(value) = self.ask(key) else { return Vec::new() };
        let DeValue::Array(entries) = value.get_ref() else {
            self.fault(
                key,
                Fault::new("has to be a list of sections", format!("write [[{path}]] above each")),
            );
            return Vec::new();
        };
        if entries.len() > limits::CONFIG_ENTRIES {
            self.fault(
                key,
                Fault::new(format!("has more than {} entries", limits::CONFIG_ENTRIES), "shorten it"),
            );
            return Vec::new();
        }
        let section = |(n, entry): (usize, &'a Spanned<DeValue<'a>>)| {
            let path = format!("{path}[{n}]");
            let table = self.table_of(entry, &path);
            Section { notes: self.notes, path, table, span: Some(entry.span()), asked: Vec::new() }
        };
        entries.iter().enumerate().map(section).collect()
    }

    /// The value of `key` as `read` takes it; the default if it is not there, or wrong.
    pub(crate) fn value<T>(
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

    /// Whether the file has this section at all.
    pub(crate) fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Whether `key` is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Says that something is wrong with `key`, or with the section itself if it is empty or not there.
    pub(crate) fn fault(&self, key: &str, fault: Fault) {
        let value = self.table.and_then(|table| table.get(key)).map(Spanned::span);
        self.notes.add(value.or(self.span.clone()), &self.dotted(key), fault);
    }

    /// Finds the keys that nobody asked for.
    pub(crate) fn finish(self) {
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

    fn ask(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table?.get(key)
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

/// A text of at most [`limits::CONFIG_TEXT`] bytes, without control characters.
pub(crate) fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Fault> {
    let DeValue::String(text) = value else {
        return Err(Fault::new(format!("has to be a text, and is {}", kind(value)), "put it in quotes"));
    };
    if text.len() > limits::CONFIG_TEXT {
        return Err(Fault::new(format!("is longer than {} bytes", limits::CONFIG_TEXT), "shorten it"));
    }
    if text.contains(char::is_control) {
        return Err(Fault::new("holds a control character", "keep it to one line of plain text"));
    }
    Ok(text)
}

/// A text that says something.
pub(crate) fn filled<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Fault> {
    match text(value)?.trim() {
        "" => Err(Fault::new("is empty", "fill it in, or remove the key")),
        text => Ok(text),
    }
}

/// A list of at most [`limits::CONFIG_ENTRIES`] texts; one text alone is a list of one.
pub(crate) fn texts<'v>(value: &'v DeValue<'_>) -> Result<Vec<&'v str>, Fault> {
    let DeValue::Array(entries) = value else {
        if let DeValue::String(_) = value {
            return Ok(vec![text(value)?]);
        }
        let message = format!("has to be a list of texts, and is {}", kind(value));
        return Err(Fault::new(message, "write [\"one\", \"another\"]"));
    };
    if entries.len() > limits::CONFIG_ENTRIES {
        return Err(Fault::new(format!("has more than {} entries", limits::CONFIG_ENTRIES), "shorten it"));
    }
    entries.iter().map(|entry| text(entry.get_ref())).collect()
}

/// A whole number in this range.
pub(crate) fn number(value: &DeValue<'_>, range: RangeInclusive<u32>) -> Result<u32, Fault> {
    let hint = format!("write a whole number from {} to {}", range.start(), range.end());
    let DeValue::Integer(integer) = value else {
        return Err(Fault::new(format!("has to be a whole number, and is {}", kind(value)), hint));
    };
    let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
    number.filter(|number| range.contains(number)).ok_or_else(|| Fault::new("is out of range", hint))
}

/// A time in milliseconds, up to an hour.
pub(crate) fn milliseconds(value: &DeValue<'_>) -> Result<Duration, Fault> {
    number(value, 1..=3_600_000).map(|count| Duration::from_millis(count.into()))
}

/// Yes or no.
pub(crate) fn flag(value: &DeValue<'_>) -> Result<bool, Fault> {
    match value {
        DeValue::Boolean(flag) => Ok(*flag),
        other => {
            let message = format!("has to be true or false, and is {}", kind(other));
            Err(Fault::new(message, "write true or false, without quotes"))
        }
    }
}

/// An absolute path.
pub(crate) fn absolute(value: &DeValue<'_>) -> Result<PathBuf, Fault> {
    let path = Path::new(filled(value)?);
    if path.is_absolute() {
        Ok(path.to_owned())
    } else {
        Err(Fault::new("is a relative path", "write the whole path, from / on"))
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
        let known = ["listen", "public_url", "trusted_proxies"];
        assert_eq!(nearest("listen", &known), Some("listen"));
        assert_eq!(nearest("pubilc_url", &known), Some("public_url"));
        assert_eq!(nearest("colour", &known), None);
    }
}
