//! Subject, text and HTML of every purpose in every language.
//!
//! English, German and French are built in. An organization replaces single parts, or adds languages, by files
//! `<language>/<purpose>.subject`, `.txt` and `.html` in a directory of its own. Every template is tried with
//! sample values before the first message, so that a mistake is found at start and not at three in the morning.

mod builtin;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use thiserror::Error;

use crate::limits;
use crate::purpose::{EVENTS, Purpose, Values, one_line};

/// All templates, compiled and tried.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    purposes: BTreeMap<String, BTreeSet<Purpose>>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The language that it is in, as a BCP 47 tag in lower case.
    pub language: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What is wrong with a template.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A file or directory cannot be read.
    #[error("templates: {} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// A file is no template that this plugin would ever use.
    #[error("templates: {} is not used; files are layout.html and <language>/<purpose>.subject, .txt or .html", .0.display())]
    Unused(PathBuf),
    /// A new language needs all three parts of a message.
    #[error(
        "templates: {language}/{purpose}.{part} is missing; a new language needs .subject, .txt and .html"
    )]
    Missing {
        /// In which language.
        language: String,
        /// For which purpose.
        purpose: &'static str,
        /// Which part.
        part: &'static str,
    },
    /// A template cannot be compiled or rendered. The source names the file and line, never a value.
    #[error("templates: {name}")]
    Broken {
        /// Which template.
        name: String,
        /// Why.
        #[source]
        source: minijinja::Error,
    },
    /// The subject came out empty.
    #[error("templates: {0} gives an empty text")]
    Empty(String),
}

const PARTS: [&str; 3] = ["subject", "txt", "html"];
const LAYOUT: &str = "layout.html";
const FALLBACK: &str = "en";

impl Templates {
    /// Compiles the built-in templates and those in `directory`, and tries each with sample values.
    ///
    /// # Errors
    /// Fails if a file of the directory is unreadable, unknown, incomplete or wrong.
    pub fn load(directory: Option<&Path>) -> Result<Self, TemplateError> {
        let mut sources: BTreeMap<String, String> =
            builtin::ALL.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        if let Some(directory) = directory {
            read_directory(directory, &mut sources)?;
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(limits::TEMPLATE_FUEL));
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        environment.add_filter("when", |time: String| when(&time));
        let mut parts: BTreeMap<(String, Purpose), BTreeSet<&'static str>> = BTreeMap::new();
        for (name, source) in sources {
            if let Some((language, purpose, part)) = parse_name(&name) {
                parts.entry((language.to_owned(), purpose)).or_default().insert(part);
            }
            environment
                .add_template_owned(name.clone(), source)
                .map_err(|source| TemplateError::Broken { name, source })?;
        }
        let mut purposes: BTreeMap<String, BTreeSet<Purpose>> = BTreeMap::new();
        for ((language, purpose), present) in parts {
            if let Some(part) = PARTS.into_iter().find(|part| !present.contains(part)) {
                return Err(TemplateError::Missing { language, purpose: purpose.name(), part });
            }
            purposes.entry(language).or_default().insert(purpose);
        }
        let templates = Self { environment, purposes };
        templates.try_all()?;
        Ok(templates)
    }

    /// Writes a message in the language of `locale`, else in its parent language, else in English.
    ///
    /// # Errors
    /// Fails if a template does; those that passed [`Templates::load`] fail only on values unlike any sample.
    pub fn render(&self, purpose: Purpose, locale: &str, values: &Values) -> Result<Rendered, TemplateError> {
        let language = self.language(purpose, locale);
        let mut pairs: Vec<(&str, Value)> =
            values.iter().map(|(name, value)| (name.as_str(), template_value(name, value))).collect();
        pairs.push(("lang", Value::from(language)));
        let context = Value::from_pairs(pairs);
        let part = |part: &str| {
            let name = format!("{language}/{}.{part}", purpose.name());
            let rendered = self
                .environment
                .get_template(&name)
                .and_then(|template| template.render(context.clone()))
                .map_err(|source| TemplateError::Broken { name: name.clone(), source })?;
            if rendered.trim().is_empty() { Err(TemplateError::Empty(name)) } else { Ok(rendered) }
        };
        Ok(Rendered {
            language: language.to_owned(),
            subject: subject(&part("subject")?),
            text: paragraphs(&part("txt")?),
            html: part("html")?,
        })
    }

    /// Returns the languages that have at least one purpose of their own.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.purposes.keys().map(String::as_str)
    }

    fn language(&self, purpose: Purpose, locale: &str) -> &str {
        let tag = locale.split(['.', '@']).next().unwrap_or_default().replace('_', "-").to_ascii_lowercase();
        let mut wanted = tag.as_str();
        loop {
            if let Some((language, has)) = self.purposes.get_key_value(wanted)
                && has.contains(&purpose)
            {
                return language;
            }
            match wanted.rsplit_once('-') {
                Some((parent, _)) => wanted = parent,
                None => return FALLBACK,
            }
        }
    }

    fn try_all(&self) -> Result<(), TemplateError> {
        for (language, purposes) in &self.purposes {
            for purpose in purposes {
                for mut values in [sample(*purpose, true), sample(*purpose, false)] {
                    self.render(*purpose, language, &values)?;
                    for event in EVENTS.iter().filter(|_| *purpose == Purpose::Notice) {
                        values.insert("event".to_owned(), (*event).to_owned());
                        self.render(*purpose, language, &values)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The links are made of characters that HTML need not escape (see [`crate::purpose`]); escaped all the same,
/// their slashes would be too, which mail scanners take for something to hide.
fn template_value(name: &str, value: &str) -> Value {
    let harmless = |c: char| c.is_ascii_graphic() && !"\"'&<>`".contains(c);
    if matches!(name, "link" | "veto") && value.chars().all(harmless) {
        Value::from_safe_string(value.to_owned())
    } else {
        Value::from(value)
    }
}

/// Splits `de/notice.html`.
fn parse_name(name: &str) -> Option<(&str, Purpose, &'static str)> {
    let (language, file) = name.split_once('/')?;
    let (stem, extension) = file.rsplit_once('.')?;
    let part = PARTS.into_iter().find(|part| *part == extension)?;
    Some((language, Purpose::from_name(stem).ok()?, part))
}

fn read_directory(directory: &Path, sources: &mut BTreeMap<String, String>) -> Result<(), TemplateError> {
    for (path, name) in entries(directory)? {
        if name == LAYOUT {
            sources.insert(name, read(&path)?);
        } else if path.is_dir() && is_language(&name) {
            for (file, part) in entries(&path)? {
                let name = format!("{}/{part}", name.to_ascii_lowercase());
                if parse_name(&name).is_none() {
                    return Err(TemplateError::Unused(file));
                }
                sources.insert(name, read(&file)?);
            }
        } else {
            return Err(TemplateError::Unused(path));
        }
    }
    Ok(())
}

/// Lists a directory without hidden files and editors' backups.
fn entries(directory: &Path) -> Result<Vec<(PathBuf, String)>, TemplateError> {
    let failed = |error| TemplateError::Unreadable(directory.to_owned(), error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(TemplateError::Unused(path));
        };
        if !name.starts_with('.') && !name.ends_with('~') {
            entries.push((path.clone(), name.to_owned()));
        }
    }
    Ok(entries)
}

fn read(path: &Path) -> Result<String, TemplateError> {
    let failed = |error| TemplateError::Unreadable(path.to_owned(), error);
    let mut text = String::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(limits::MAX_TEMPLATE + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > limits::MAX_TEMPLATE {
        let large = format!("larger than {} bytes", limits::MAX_TEMPLATE);
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, large)));
    }
    Ok(text)
}

fn is_language(name: &str) -> bool {
    (2..=35).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Values like those that the daemon sends, with every field or with as few as allowed.
fn sample(purpose: Purpose, full: bool) -> Values {
    let mut values = Values::new();
    let optional = purpose.optional().iter().map(|name| (*name, full));
    for (name, filled) in purpose.required().iter().map(|name| (*name, true)).chain(optional) {
        let value = match name {
            "event" => "held",
            "reason" => "stolen",
            "hold_until" | "until" => "2026-01-31T14:00:00Z",
            "minutes" => "15",
            other => other,
        };
        values.insert(name.to_owned(), if filled { value.to_owned() } else { String::new() });
    }
    for name in ["link", "veto", "support"] {
        values.insert(
            name.to_owned(),
            if full { format!("https://example.org/{name}") } else { String::new() },
        );
    }
    values.insert("organization".to_owned(), "Example".to_owned());
    values
}

fn subject(rendered: &str) -> String {
    let line = rendered.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = one_line(&line);
    line.chars().take(limits::MAX_SUBJECT).collect()
}

/// Removes what conditions leave behind: spaces at the end of lines and more than one empty line.
fn paragraphs(rendered: &str) -> String {
    let mut text = String::with_capacity(rendered.len());
    let mut empty = 0;
    for line in rendered.trim().lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Writes an RFC 3339 time for people; anything else stays as it is.
fn when(time: &str) -> String {
    let fits =
        time.get(10..11).is_some_and(|t| t == "T") && time.get(13..14).is_some_and(|colon| colon == ":");
    let (Some(date), Some(clock), Some(rest), true) =
        (time.get(..10), time.get(11..16), time.get(16..), fits)
    else {
        return time.to_owned();
    };
    let zone = rest.find(['Z', 'z', '+', '-']).and_then(|at| rest.get(at..)).unwrap_or_default();
    match zone {
        "Z" | "z" | "+00:00" | "-00:00" => format!("{date} {clock} UTC"),
        "" => format!("{date} {clock}"),
        offset => format!("{date} {clock} UTC{offset}"),
    }
}

#[cfg(test)]
#[path = "templates_tests.rs"]
mod tests;
