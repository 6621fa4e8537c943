//! What a policy compares the facts of a case with, read from its text.
//!
//! The text is taken apart into words, not understood. So the rule is: where every place that names a field compares
//! it with a constant, these constants are what it is compared with; where any place does something else with it,
//! it may be compared with every constant there is.

use std::collections::{BTreeMap, BTreeSet};

use super::named::named;
use super::reading::Reading;
use crate::sources::{Sources, is_test};
use crate::workbench::lex::{Token, tokens};

/// The constants of a policy file and of what it can require.
#[derive(Clone, Debug, Default)]
pub(super) struct Constants {
    pub(super) texts: BTreeSet<String>,
    pub(super) counts: BTreeSet<u64>,
    pub(super) ages: BTreeSet<u64>,
    pub(super) fields: BTreeMap<String, Uses>,
    /// Whether records are gone through, so that every field is looked at without its name.
    pub(super) goes_through: bool,
}

/// What is done with one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    pub(super) texts: BTreeSet<String>,
    /// Numbers from which on, or up to before which, the policy decides otherwise.
    pub(super) counts: BTreeSet<u64>,
    /// The same of its age in seconds.
    pub(super) ages: BTreeSet<u64>,
    /// Something is done with it that cannot be read from the text.
    pub(super) escapes: bool,
}

/// What numbers are compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Where the policy decides otherwise: from there on, or up to before it.
    pub bounds: BTreeSet<u64>,
    /// Numbers that it may compare with in any way.
    pub loose: BTreeSet<u64>,
}

impl Constants {
    /// Those of `file`, of the modules that it can require, and of the invariants in the tests of the set.
    pub fn of(sources: &Sources, file: &str) -> Self {
        let mut constants = Self::default();
        for (name, text) in sources.iter() {
            let words = tokens(text);
            if is_test(name) {
                for range in invariants(&words) {
                    constants.read(words.get(range).unwrap_or_default());
                }
            } else if required(sources, file).contains(name) {
                constants.read(&words);
            }
        }
        constants
    }

    /// These too.
    pub fn add(&mut self, other: Self) {
        self.texts.extend(other.texts);
        self.counts.extend(other.counts);
        self.ages.extend(other.ages);
        self.goes_through |= other.goes_through;
        for (name, uses) in other.fields {
            let known = self.fields.entry(name).or_default();
            known.texts.extend(uses.texts);
            known.counts.extend(uses.counts);
            known.escapes |= uses.escapes;
        }
    }

    /// The texts that a field of this name may be compared with.
    pub fn texts(&self, field: &str) -> BTreeSet<String> {
        let Some(uses) = self.fields.get(field) else {
            return if self.goes_through { self.texts.clone() } else { BTreeSet::new() };
        };
        let mut texts = uses.texts.clone();
        if uses.escapes || self.goes_through {
            texts.extend(self.texts.iter().cloned());
        }
        texts
    }

    /// The numbers that a field of this name may be compared with.
    pub fn counts(&self, field: &str) -> Marks {
        let uses = self.fields.get(field);
        let is_loose = uses.is_some_and(|uses| uses.escapes) || self.goes_through;
        Marks {
            bounds: uses.map(|uses| uses.counts.clone()).unwrap_or_default(),
            loose: if is_loose { self.counts.clone() } else { BTreeSet::new() },
        }
    }

    /// The durations, in seconds, that the age of a time of this name may be compared with.
    pub fn ages(&self, field: &str) -> Marks {
        let uses = self.fields.get(field);
        let is_loose = uses.is_some_and(|uses| uses.escapes) || self.goes_through;
        Marks {
            bounds: uses.map(|uses| uses.ages.clone()).unwrap_or_default(),
            // Even without a duration, an age may be compared with another one.
            loose: if is_loose { self.ages.iter().copied().chain([0]).collect() } else { BTreeSet::new() },
        }
    }

    /// Every duration in seconds that something may be compared with.
    pub const fn durations(&self) -> &BTreeSet<u64> {
        &self.ages
    }

    /// The largest number of failures that something may be compared with, up to `most`.
    pub fn largest_count(&self, most: u64) -> u64 {
        let largest = |Marks { bounds, loose }: Marks| {
            let counts = bounds.into_iter().chain(loose.into_iter().map(|count| count + 1));
            counts.filter(|count| *count <= most).max().unwrap_or(0)
        };
        largest(self.counts("count")).max(largest(self.counts("failures")))
    }

    /// Whether of a list nothing but its length is looked at.
    pub fn is_only_counted(&self, field: &str) -> bool {
        !self.goes_through && self.fields.get(field).is_none_or(|uses| !uses.escapes)
    }

    /// The names of attributes, and what each may be compared with.
    pub fn attributes(&self) -> BTreeMap<String, BTreeSet<String>> {
        let known = self.fields.keys().filter_map(|name| name.strip_prefix("attributes."));
        let mut names: BTreeSet<String> = known.map(str::to_owned).collect();
        if self.fields.get("attributes").is_some_and(|uses| uses.escapes) || self.goes_through {
            names.extend(self.texts.iter().cloned());
        }
        names
            .into_iter()
            .map(|name| {
                let texts = self.texts(&format!("attributes.{name}"));
                (name, texts)
            })
            .collect()
    }

    fn read(&mut self, words: &[Token<'_>]) {
        let names = named(words);
        let mut reading = Reading { words, names: &names, constants: self };
        reading.all();
    }
}

/// The words between the brackets of each `invariant( … )`.
fn invariants(words: &[Token<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if word.text != "invariant" || words.get(at + 1).is_none_or(|next| next.text != "(") {
            continue;
        }
        let mut depth = 0_u32;
        let end = words.iter().enumerate().skip(at + 1).find(|(_, word)| {
            match word.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        // The first text is the invariant's name, which is compared with nothing.
        ranges.push(at + 3..end.map_or(words.len(), |(end, _)| end));
    }
    ranges
}

/// `file` and every file that it can require. A path that is no plain text may mean any module.
fn required(sources: &Sources, file: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([file.to_owned()]);
    let mut open = vec![file.to_owned()];
    while let Some(name) = open.pop() {
        let Some(text) = sources.files().get(&name) else { continue };
        let words = tokens(text);
        for (at, _) in words.iter().enumerate().filter(|(_, word)| word.text == "require") {
            let next = words.get(at + 1).filter(|next| next.text != "(").or_else(|| words.get(at + 2));
            let path = next.and_then(|next| next.literal()).map(|path| resolve(&name, path));
            let fits = |module: &str| {
                let stem = module.rsplit_once('.').map_or(module, |(stem, _)| stem);
                path.as_ref().is_none_or(|path| path == module || path == stem)
            };
            for (module, _) in sources.iter().filter(|(module, _)| !is_test(module) && fits(module)) {
                if found.insert(module.to_owned()) {
                    open.push(module.to_owned());
                }
            }
        }
    }
    found
}

fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
