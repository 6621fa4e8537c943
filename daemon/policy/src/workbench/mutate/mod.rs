//! Mutation testing: policies with one small mistake each, and whether the tests notice.
//!
//! A mutant that no test notices is a rule that nobody has tested. Mutants are made from words and brackets, not from
//! a syntax tree: one that does not load counts for nothing. The same text always gives the same mutants in the same
//! order. Showing them is left to the command line.

mod operators;
mod run;
mod shape;
mod vocabulary;

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;

use crate::limits::{MAX_MUTANTS, MAX_MUTATED_BYTES, MAX_SHOWN_BYTES};
use crate::load_error::LoadError;
use crate::sources::{Sources, is_test};
use operators::{Edit, edits};
use shape::Shape;

pub use operators::Operator;
pub use run::{Fate, MutationReport, NotJudged, Progress, Tests, Trial};

/// A policy with one small mistake.
///
/// It prints as a message: ``default.lua:12:5: changed `==` to `~=` ``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// The file, by its path inside the policies directory.
    pub file: String,
    /// The line of the change, counted from 1.
    pub line: u32,
    /// Its column in bytes, counted from 1.
    pub column: u32,
    /// What kind of change it is.
    pub operator: Operator,
    /// What stands in the policy.
    pub from: String,
    /// What stands there instead; empty if it is only gone.
    pub to: String,
    start: usize,
}

/// Why a mutant cannot be made.
#[derive(Debug, Error)]
pub enum Unfit {
    /// The sources are not those it was made for.
    #[error("{file} is not the text that the mutant was made from")]
    Elsewhere {
        /// The file.
        file: String,
    },
    /// The sources became too large.
    #[error("the mutant is no set of policies")]
    Refused(#[from] LoadError),
}

/// Every mutant of the policies in a set, file by file, in the order of the text; at most [`MAX_MUTANTS`]. Tests are
/// not changed.
#[must_use]
pub fn mutants(sources: &Sources) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (file, text) in sources.iter().filter(|(file, _)| !is_test(file)) {
        let shape = Shape::new(text);
        let mut known = BTreeSet::new();
        edits(&shape, &mut |edit| {
            let is_new = known.insert((edit.range.start, edit.range.end, edit.to.clone()));
            if is_new && mutants.len() < MAX_MUTANTS {
                mutants.extend(mutant(file, &shape, edit));
            }
            mutants.len() < MAX_MUTANTS
        });
    }
    mutants.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    mutants
}

fn mutant(file: &str, shape: &Shape<'_>, edit: Edit) -> Option<Mutant> {
    let from = shape.text.get(edit.range.clone()).filter(|from| from.len() <= MAX_MUTATED_BYTES)?;
    let at = shape.at(edit.at)?;
    Some(Mutant {
        file: file.to_owned(),
        line: at.line,
        column: at.column,
        operator: edit.operator,
        from: from.to_owned(),
        to: edit.to,
        start: edit.range.start,
    })
}

impl Mutant {
    /// The sources with the change in them.
    ///
    /// # Errors
    /// [`Unfit`] if they are not those the mutant was made from, or become too large by it.
    pub fn apply(&self, sources: &Sources) -> Result<Sources, Unfit> {
        let elsewhere = || Unfit::Elsewhere { file: self.file.clone() };
        let mut files = sources.files().clone();
        let text = files.get_mut(&self.file).ok_or_else(elsewhere)?;
        let range = self.start..self.start + self.from.len();
        if text.get(range.clone()) != Some(self.from.as_str()) {
            return Err(elsewhere());
        }
        text.replace_range(range, &self.to);
        Ok(Sources::from_files(files)?)
    }

    /// What was done, in words: ``changed `==` to `~=` ``, ``dropped `"voice"` ``.
    #[must_use]
    pub fn change(&self) -> String {
        match self.to.as_str() {
            "" => format!("dropped `{}`", shown(&self.from)),
            to => format!("changed `{}` to `{}`", shown(&self.from), shown(to)),
        }
    }

    /// The line of the change as it stands in the sources, and the bytes of it that are changed.
    #[must_use]
    pub fn source_line<'a>(&self, sources: &'a Sources) -> Option<(&'a str, std::ops::Range<usize>)> {
        let text = sources.files().get(&self.file)?;
        let line = text.split('\n').nth(usize::try_from(self.line.checked_sub(1)?).ok()?)?;
        let start = usize::try_from(self.column.checked_sub(1)?).ok()?;
        let length = shown(&self.from).trim_end_matches('…').len();
        let end = (start + length).min(line.len());
        line.is_char_boundary(end).then_some((line.trim_end(), start..end))
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}: {}", self.file, self.line, self.column, self.change())
    }
}

/// A part of a text for a message: its first line, not too long, without the comma that was dropped with it.
fn shown(text: &str) -> String {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    let line = text.lines().next().unwrap_or_default().trim_end();
    let end = (0..=MAX_SHOWN_BYTES.min(line.len())).rev().find(|end| line.is_char_boundary(*end));
    let kept = line.get(..end.unwrap_or_default()).unwrap_or_default();
    if kept.len() < text.len() { format!("{kept}…") } else { kept.to_owned() }
}
