//! What the tests of a policy reach: its lines, and the places where it makes verdicts.
//!
//! [`Coverage`] counts; here the counts are held against the texts, and written as an LCOV tracefile and as a page.
//! Tables for terminals and JSON are left to the command line.

mod html;
mod lcov;
mod places;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use readmit_recovery::facts::Hook;

use crate::coverage::Coverage;
use crate::sources::{Sources, is_test};

pub use places::VerdictPlace;

/// What was reached of every policy file of a set. Tests and declarations of types are no policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageReport {
    /// The files, in the order of their names.
    pub files: Vec<FileCoverage>,
    /// What the hooks of each policy answered.
    pub answers: Vec<Answers>,
}

/// What was reached of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCoverage {
    /// Its path inside the policies directory.
    pub file: String,
    /// How often each line was run. Only lines on which a statement begins are in it.
    pub lines: BTreeMap<u32, u64>,
    /// The places where verdicts are made.
    pub places: Vec<VerdictPlace>,
    text: String,
}

/// What one hook of one policy answered, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The policy file.
    pub file: String,
    /// The hook.
    pub hook: Hook,
    /// How often each verdict was given, by its word; see [`Coverage::answers`].
    pub given: BTreeMap<&'static str, u64>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What was reached.
    pub hit: usize,
    /// What there is.
    pub of: usize,
}

impl Tally {
    /// The share in percent, rounded down to a tenth, so that only all is 100; nothing of nothing is all.
    #[must_use]
    pub fn percent(self) -> f64 {
        let tenths = (self.hit * 1000).checked_div(self.of).unwrap_or(1000);
        f64::from(u16::try_from(tenths).unwrap_or(1000)) / 10.0
    }

    fn count(all: impl Iterator<Item = u64>) -> Self {
        all.fold(Self::default(), |tally, hits| Self {
            hit: tally.hit + usize::from(hits > 0),
            of: tally.of + 1,
        })
    }

    const fn plus(self, other: Self) -> Self {
        Self { hit: self.hit + other.hit, of: self.of + other.of }
    }
}

impl CoverageReport {
    /// Holds what a watched set has run against its texts.
    #[must_use]
    pub fn new(coverage: &Coverage, sources: &Sources) -> Self {
        let files = sources.iter().filter(|(file, _)| !is_test(file));
        let files = files.map(|(file, text)| FileCoverage::new(file, text, coverage)).collect();
        let mut answers: Vec<Answers> = Vec::new();
        for (file, hook, word, times) in coverage.answers() {
            match answers.last_mut().filter(|last| last.file == file && last.hook == hook) {
                Some(last) => drop(last.given.insert(word, times)),
                None => {
                    let given = BTreeMap::from([(word, times)]);
                    answers.push(Answers { file: file.to_owned(), hook, given });
                }
            }
        }
        Self { files, answers }
    }

    /// The lines of all files.
    #[must_use]
    pub fn lines(&self) -> Tally {
        self.files.iter().map(FileCoverage::line_tally).fold(Tally::default(), Tally::plus)
    }

    /// The verdicts of all files.
    #[must_use]
    pub fn verdicts(&self) -> Tally {
        self.files.iter().map(FileCoverage::verdict_tally).fold(Tally::default(), Tally::plus)
    }

    /// The smaller of the two shares, in percent: what a minimum is held against.
    #[must_use]
    pub fn percent(&self) -> f64 {
        self.lines().percent().min(self.verdicts().percent())
    }

    /// The report as an LCOV tracefile, as `geninfo` describes it: `genhtml`, editors and CI services read it. Lines
    /// are lines; verdict places are branches. `directory` is put before the names of the files.
    #[must_use]
    pub fn lcov(&self, directory: &str) -> String {
        lcov::tracefile(self, directory)
    }

    /// The report as one page of HTML, which loads nothing and runs nothing.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }
}

impl FileCoverage {
    fn new(file: &str, text: &str, coverage: &Coverage) -> Self {
        let mut places = places::places(text);
        for place in &mut places {
            place.made = coverage.made(file, place.line, place.word);
        }
        let lines = coverage.file(file).cloned().unwrap_or_default();
        Self { file: file.to_owned(), lines, places, text: text.to_owned() }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines were run.
    #[must_use]
    pub fn line_tally(&self) -> Tally {
        Tally::count(self.lines.values().copied())
    }

    /// How many places have made a verdict.
    #[must_use]
    pub fn verdict_tally(&self) -> Tally {
        Tally::count(self.places.iter().map(|place| place.made))
    }

    /// The lines that were not run. Lines with nothing to run between two of them are in the range.
    #[must_use]
    pub fn missed(&self) -> Vec<RangeInclusive<u32>> {
        let mut missed: Vec<RangeInclusive<u32>> = Vec::new();
        let mut goes_on = false;
        for (&line, &hits) in &self.lines {
            match missed.last_mut().filter(|_| goes_on) {
                Some(last) if hits == 0 => *last = *last.start()..=line,
                _ if hits == 0 => missed.push(line..=line),
                _ => {}
            }
            goes_on = hits == 0;
        }
        missed
    }
}
