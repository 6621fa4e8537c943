//! Finds what is wrong with a set of policies before any case is run: everything at once, each with its place.
//!
//! [`examine`] asks the policy host and reads the words of every file. [`TypeCheck`] is what to ask the type checker
//! afterwards, which is a program of its own, and what its answers mean; running it is left to the command line.

mod annotate;
mod edits;
mod finding;
mod libraries;
mod place;
mod requires;
mod tables;
mod test_words;
mod typing;
mod unreturned;
mod wording;
mod words;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

pub use finding::{Finding, Place, Severity};
pub use typing::{DEFINITIONS, TypeCheck, TypeProblem};

use crate::limits::MAX_FINDINGS;
use crate::load_error::{Fault, LoadError};
use crate::meter::Budget;
use crate::set::PolicySet;
use crate::sources::{Sources, is_test};
use crate::vocabulary::Channels;
use requires::Graph;

/// What is known of a set without its types.
#[derive(Debug)]
pub struct Examination {
    /// What was found, in order.
    pub findings: Vec<Finding>,
    /// The files that are no Luau. Nothing else is known of them.
    pub broken: BTreeSet<String>,
}

impl Examination {
    /// What was found, with what the type checker adds. Of files that are no Luau it only knows the place better.
    #[must_use]
    pub fn with_types(mut self, types: Vec<Finding>) -> Vec<Finding> {
        let says_the_same = |known: &Finding, other: &Finding| {
            known.file == other.file
                && known.message == other.message
                && known.place.map(|place| place.line) == other.place.map(|place| place.line)
        };
        let (of_broken, mut types): (Vec<_>, Vec<_>) = types
            .into_iter()
            .partition(|finding| finding.place.is_some() && self.broken.contains(&finding.file));
        for exact in of_broken {
            if let Some(known) = self.findings.iter_mut().find(|known| says_the_same(known, &exact)) {
                known.place = exact.place;
            }
        }
        self.findings.append(&mut types);
        in_order(self.findings)
    }
}

/// Asks the policy host for everything that it can say about a set, and reads the words of every file.
#[must_use]
pub fn examine(sources: &Sources, channels: &Channels) -> Examination {
    let graph = Graph::new(sources);
    let refused = PolicySet::load(sources.clone(), Budget::default(), channels).err();
    let broken = refused.as_ref().map(without_syntax).unwrap_or_default();
    let mut findings = refused.as_ref().map(|error| refusals(error, Some(sources))).unwrap_or_default();
    if !broken.is_empty() {
        findings.extend(of_the_rest(sources, channels, &graph, &broken));
    }
    for (file, text) in sources.iter() {
        let tokens = super::lex::tokens(text);
        let mut slips = words::findings(file, &tokens, channels);
        slips.extend(unreturned::findings(file, &tokens));
        if is_test(file) {
            slips.extend(test_words::findings(file, &tokens, channels));
        }
        slips.truncate(MAX_FINDINGS);
        findings.append(&mut slips);
        findings.extend(unchecked(file, text));
        if is_test(file) && !tokens.iter().any(|token| matches!(token.text, "test" | "cases" | "invariant")) {
            let hint = "write test(\"what holds\", function() … end)";
            findings.push(Finding::warning(file, None, "there is no test in this file").with_hint(hint));
        }
    }
    let is_policy = |file: &str| !file.contains('/') && !is_test(file);
    findings.extend(graph.findings(is_policy));
    Examination { findings: in_order(findings), broken }
}

/// A refusal of the policy host as findings. Without the sources, as when they could not even be read, places are
/// missing.
#[must_use]
pub fn refusals(error: &LoadError, sources: Option<&Sources>) -> Vec<Finding> {
    let text = |file: &str| sources.and_then(|sources| sources.files().get(file)).map(String::as_str);
    error.problems().iter().map(|problem| finding::of_problem(problem, text(&problem.file))).collect()
}

/// Findings in order. Where one place is wrong in two ways, what was found first is told.
fn in_order(findings: impl IntoIterator<Item = Finding>) -> Vec<Finding> {
    let (mut told, mut whole_files) = (BTreeMap::<_, Finding>::new(), BTreeSet::new());
    for finding in findings {
        let at = finding.place.map(|place| (place.line, place.column));
        if at.is_none() {
            whole_files.insert(finding);
            continue;
        }
        let is_covered = finding.message.starts_with("Table type")
            && told.values().any(|known| is_inside(known, &finding));
        if is_covered {
            continue;
        }
        match told.entry((finding.file.clone(), at, finding.severity)) {
            Entry::Vacant(free) => {
                free.insert(finding);
            }
            // Both mean the same, and one of them may know what to do.
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.hint = known.hint.take().or(finding.hint);
            }
        }
    }
    let mut ordered: Vec<Finding> = told.into_values().chain(whole_files).collect();
    ordered.sort();
    ordered
}

fn is_inside(known: &Finding, other: &Finding) -> bool {
    let (Some(known_at), Some(at)) = (known.place, other.place) else { return false };
    known.file == other.file
        && known.severity == other.severity
        && known_at.line == at.line
        && (at.column..at.column + at.width).contains(&known_at.column)
}

/// The files that are no Luau.
fn without_syntax(error: &LoadError) -> BTreeSet<String> {
    let syntax = error.problems().iter().filter(|problem| matches!(problem.fault, Fault::Syntax(_)));
    syntax.map(|problem| problem.file.clone()).collect()
}

/// What the policy host says of the files that need no broken one.
fn of_the_rest(
    sources: &Sources,
    channels: &Channels,
    graph: &Graph<'_>,
    broken: &BTreeSet<String>,
) -> Vec<Finding> {
    let is_whole = |file: &str| {
        let needs = graph.needs(file).unwrap_or_default();
        !broken.contains(file) && needs.iter().all(|needed| !broken.contains(*needed))
    };
    let whole = sources.iter().filter(|(file, _)| is_whole(file));
    let files = whole.map(|(file, text)| (file.to_owned(), text.to_owned())).collect();
    let Ok(rest) = Sources::from_files(files) else { return Vec::new() };
    match PolicySet::load(rest.clone(), Budget::default(), channels) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let mut findings = refusals(&error, Some(&rest));
            // There may be no policy left, which is no fault of the set.
            findings.retain(|finding| finding.file != ".");
            findings
        }
    }
}

/// A file that asks not to be checked is told about, since whoever relies on the check should know.
fn unchecked(file: &str, text: &str) -> Option<Finding> {
    let comments =
        text.lines().take_while(|line| line.trim_start().starts_with("--") || line.trim().is_empty());
    let line = comments.zip(1..).find(|(line, _)| matches!(line.trim(), "--!nocheck" | "--!nonstrict"));
    let (text, line) = line?;
    let place = Place { line, column: 1, width: u32::try_from(text.len()).unwrap_or(1) };
    let message = format!("the types of this file are not checked strictly: it says {}", text.trim());
    Some(Finding::warning(file, Some(place), message).with_hint("take the line away"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_FILE_BYTES;

    /// Texts that would take hours if something looked at every word for every word of them.
    #[test]
    fn large_files_are_read_in_proportion() {
        let fill = |part: &str| part.repeat(MAX_FILE_BYTES / part.len());
        for part in [
            "function f(",
            "local a = {{",
            "prove{",
            "open { account = {",
            "math.x ",
            "if x then deny \"x\" else ",
            "a[b]",
            "f(function(case, a, b) ",
            "local m = require './m' m.T ",
            "case.reason == \"x\" ",
            "`{",
        ] {
            let name = if part.starts_with("open") { "default_test.lua" } else { "default.lua" };
            let module = ("m.lua".to_owned(), "export type T = number return {}".to_owned());
            let files = BTreeMap::from([(name.to_owned(), fill(part)), module]);
            let sources = Sources::from_files(files).expect("a set");
            let examination = examine(&sources, &Channels::default());
            assert!((1..=2 * MAX_FINDINGS).contains(&examination.findings.len()), "{part}");
            let checks = TypeCheck::of(&sources, &Channels::default(), &BTreeSet::new());
            let texts: Vec<&String> = checks.iter().flat_map(|check| check.files.values()).collect();
            assert!(texts.len() == 2 && texts.iter().all(|text| text.len() < 1 << 20), "{part}");
        }
    }
}
