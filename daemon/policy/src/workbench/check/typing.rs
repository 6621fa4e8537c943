//! What the type checker is asked, and what its answers mean.
//!
//! The checker knows one file at a time. A file is given to it with the types that its author need not write, and with
//! the modules that it requires put in front of it as local functions; what it finds is traced back to the file as it
//! is.

use std::collections::{BTreeMap, BTreeSet};

use super::annotate::{Role, annotations};
use super::edits::{Edit, Edited, position};
use super::finding::{Finding, Place, Severity};
use super::requires::{Graph, requires, target};
use super::wording;
use crate::limits::MAX_MODULE_BYTES;
use crate::sources::{Sources, is_test};
use crate::vocabulary::Channels;
use crate::workbench::lex::{Token, tokens};

/// The types of everything that policies and tests are given, as it is shipped for editors.
pub const DEFINITIONS: &str = include_str!("../../../../../policies/types.d.luau");

/// Begins the part of [`DEFINITIONS`] that is for tests alone.
const FOR_TESTS: &str = "-- For tests only.";
/// The line of [`DEFINITIONS`] that names the channels of plugins.
const CHANNELS: &str = "export type Channel = never";

/// Begins what the checker says where it gives up on the type parameter of a library function, as on that of
/// `table.find(list, anything)`: it may be right or wrong.
const NOT_INFERRED: &str = "No valid instantiation could be inferred";

/// What is not for editors: stand-ins for what `require` gives, and for Luau's own names that a policy does not have.
const INTERNAL: &str = "
declare __readmit_anything: any
declare function __readmit_require(path: string): any
declare extern type NotInPolicies with
end
declare _G: NotInPolicies
declare _VERSION: NotInPolicies
declare buffer: NotInPolicies
declare coroutine: NotInPolicies
declare debug: NotInPolicies
declare gcinfo: NotInPolicies
declare getfenv: NotInPolicies
declare integer: NotInPolicies
declare loadstring: NotInPolicies
declare newproxy: NotInPolicies
declare os: NotInPolicies
declare print: NotInPolicies
declare setfenv: NotInPolicies
declare vector: NotInPolicies
";

/// Files for the type checker, with the definitions that they share.
#[derive(Debug)]
pub struct TypeCheck<'a> {
    /// The definitions.
    pub definitions: String,
    /// The texts to check, by the files' names.
    pub files: BTreeMap<String, String>,
    origins: BTreeMap<String, (&'a str, Edited)>,
}

/// What the type checker says, in its own columns (bytes, counted from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeProblem {
    /// The file.
    pub file: String,
    /// Where it begins: line and column.
    pub start: (u32, u32),
    /// Where it ends: the line, and the column behind it.
    pub end: (u32, u32),
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
}

impl<'a> TypeCheck<'a> {
    /// What is to be asked about a set: one request for its policies and modules and one for its tests, as far as there
    /// are any. Files in `broken` are asked about as they are, for the places of their mistakes, and nothing is said
    /// about what they give to others.
    #[must_use]
    pub fn of(sources: &'a Sources, channels: &Channels, broken: &BTreeSet<String>) -> Vec<Self> {
        let definitions = DEFINITIONS.replace(CHANNELS, &channel_type(channels)) + INTERNAL;
        let for_policies =
            definitions.split_once(FOR_TESTS).map_or(String::new(), |(policies, _)| policies.to_owned());
        let for_policies =
            if for_policies.is_empty() { definitions.clone() } else { for_policies + INTERNAL };
        let graph = Graph::new(sources);
        let exports = sources.iter().map(|(file, text)| (file, exports(text))).collect();
        let texts = Texts { sources, broken, graph: &graph, exports };
        let request = |definitions: String, tests: bool| {
            let mut check = TypeCheck { definitions, files: BTreeMap::new(), origins: BTreeMap::new() };
            let chosen = sources.iter().filter(|(file, _)| is_test(file) == tests);
            for (file, text) in chosen {
                let is_whole = !broken.contains(file);
                let edited = if is_whole { texts.whole(file, text) } else { Edited::new(text, Vec::new()) };
                check.files.insert(file.to_owned(), edited.text.clone());
                check.origins.insert(file.to_owned(), (text, edited));
            }
            check
        };
        let requests = [request(for_policies, false), request(definitions, true)];
        requests.into_iter().filter(|check| !check.files.is_empty()).collect()
    }

    /// What the checker's answers mean for the files as they are.
    #[must_use]
    pub fn findings(&self, problems: &[TypeProblem]) -> Vec<Finding> {
        problems.iter().filter_map(|problem| self.finding(problem)).collect()
    }

    fn finding(&self, problem: &TypeProblem) -> Option<Finding> {
        let (text, edited) = self.origins.get(&problem.file)?;
        if problem.message.starts_with(NOT_INFERRED) {
            return None;
        }
        let start = edited.before(edited.offset(problem.start.0, problem.start.1))?;
        let end = edited.before(edited.offset(problem.end.0, problem.end.1)).unwrap_or(start).max(start);
        let meant = text.get(start..end).unwrap_or_default();
        let (message, hint) = wording::of(&problem.message, meant, &self.definitions);
        let inside = wording::named(&problem.message, meant).unwrap_or(0..meant.len());
        let (start, end) = (start + inside.start, start + inside.end);
        let (line, column) = position(text, start);
        let (end_line, end_column) = position(text, end);
        let rest = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let width =
            if end_line == line { end_column - column } else { u32::try_from(rest.len()).unwrap_or(1) };
        let place = Place { line, column, width: width.max(1) };
        let (file, severity) = (problem.file.clone(), problem.severity);
        Some(Finding { file, place: Some(place), severity, message, hint })
    }
}

/// The type of the channels that plugins provide.
fn channel_type(channels: &Channels) -> String {
    let names: Vec<String> = channels.iter().map(|name| format!("\"{name}\"")).collect();
    if names.is_empty() {
        CHANNELS.to_owned()
    } else {
        format!("export type Channel = {}", names.join(" | "))
    }
}

struct Texts<'a, 'b> {
    sources: &'a Sources,
    broken: &'b BTreeSet<String>,
    graph: &'b Graph<'a>,
    /// The types that each file exports.
    exports: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Texts<'a, '_> {
    /// A file with its modules in front.
    fn whole(&self, file: &'a str, text: &'a str) -> Edited {
        let words = tokens(text);
        let role = match file {
            file if is_test(file) => Role::Test,
            file if file.contains('/') => Role::Module,
            _ => Role::Policy,
        };
        let modules = self.modules(file);
        let mut edits = self.edits(file, text, &words, role, &modules);
        if let Some(first) = words.first().filter(|_| !modules.is_empty()) {
            let mut inserted = String::new();
            for (number, module) in modules.iter().enumerate() {
                inserted += &self.module(number, module, modules.get(..number).unwrap_or_default());
            }
            edits.push(Edit { is_foreign: true, ..Edit::insert(first.start, inserted) });
        }
        Edited::new(text, edits)
    }

    /// The modules that a file needs, each after those that it needs itself; none if that cannot be told, or if they are
    /// too large to be put in front of every file that needs them.
    fn modules(&self, file: &'a str) -> Vec<&'a str> {
        let mut modules = self.graph.needs(file).unwrap_or_default();
        modules.retain(|module| !self.broken.contains(*module));
        let size = modules
            .iter()
            .filter_map(|module| self.sources.files().get(*module))
            .map(String::len)
            .sum::<usize>();
        if size > MAX_MODULE_BYTES { Vec::new() } else { modules }
    }

    /// A module as a local of the file that needs it.
    fn module(&self, number: usize, module: &'a str, before: &[&'a str]) -> String {
        let text = self.sources.files().get(module).map_or("", String::as_str);
        let words = tokens(text);
        let mut edits = self.edits(module, text, &words, Role::Module, before);
        // Only a file itself can export types.
        let exports =
            words.windows(2).filter(|pair| matches!(pair, [a, b] if a.text == "export" && b.text == "type"));
        edits.extend(exports.filter_map(|pair| pair.first()).map(|export| Edit::replace(export.range(), "")));
        format!("local {} = (function()\n{}\nend)()\n", local(number), Edited::new(text, edits).text)
    }

    fn edits(&self, file: &str, text: &str, words: &[Token<'_>], role: Role, modules: &[&str]) -> Vec<Edit> {
        let mut edits = annotations(words, role);
        let mut locals = BTreeMap::new();
        for require in requires(text) {
            let Some(name) = &require.name else {
                edits.push(Edit::replace(require.range, "__readmit_require"));
                continue;
            };
            let module = target(self.sources, file, name).ok();
            let number = module.and_then(|module| modules.iter().position(|known| *known == module));
            let given = number.map_or_else(|| "__readmit_anything".to_owned(), local);
            edits.push(Edit::replace(require.range, given));
            if let (Some(exports), Some(local)) =
                (module.and_then(|module| self.exports.get(module)), require.local)
            {
                locals.insert(local, exports);
            }
        }
        edits.extend(foreign_types(words, &locals));
        edits
    }
}

fn local(number: usize) -> String {
    format!("__readmit_module_{number}")
}

/// The names of the types that a text exports.
fn exports(text: &str) -> BTreeSet<&str> {
    let tokens = tokens(text);
    let exported = tokens.windows(3).filter_map(|words| match words {
        [a, b, name] if a.text == "export" && b.text == "type" => Some(name.text),
        _ => None,
    });
    exported.collect()
}

/// `module.Type` cannot be followed, so it is any type. `locals` are the modules' names in this file.
fn foreign_types(words: &[Token<'_>], locals: &BTreeMap<String, &BTreeSet<&str>>) -> Vec<Edit> {
    let types = words.windows(3).filter_map(|words| match words {
        [owner, dot, name] if dot.text == "." && locals.get(owner.text)?.contains(name.text) => {
            Some(Edit::replace(owner.start..name.range().end, "any"))
        }
        _ => None,
    });
    types.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(files: &[(&str, &str)], channels: &[&str]) -> Vec<(String, BTreeMap<String, String>)> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let sources = Sources::from_files(files.collect()).expect("a set");
        let channels: Channels = channels.iter().copied().collect();
        let broken = BTreeSet::from(["broken.lua".to_owned()]);
        TypeCheck::of(&sources, &channels, &broken)
            .into_iter()
            .map(|check| (check.definitions, check.files))
            .collect()
    }

    #[test]
    fn modules_stand_in_front_of_those_that_need_them() {
        let asked = checks(
            &[
                (
                    "default.lua",
                    "--!strict\nlocal a = require \"./lib/a\"\nlocal b: a.T = require './broken'\nreturn {}",
                ),
                ("lib/a.lua", "export type T = number\nreturn {}"),
                ("broken.lua", "return {"),
            ],
            &[],
        );
        let texts: Vec<_> = asked.iter().map(|(_, files)| files).collect();
        let wanted = "--!strict\nlocal __readmit_module_0 = (function()\n type T = number\nreturn {}\nend)()\n\
                      local a = __readmit_module_0\nlocal b: any = __readmit_anything\nreturn {}";
        assert_eq!(
            texts.first().and_then(|files| files.get("default.lua")).map(String::as_str),
            Some(wanted)
        );
        assert_eq!(texts.len(), 1, "there are no tests");
        assert_eq!(
            texts.first().and_then(|files| files.get("broken.lua")).map(String::as_str),
            Some("return {")
        );
    }

    #[test]
    fn findings_are_traced_back() {
        let files = [
            ("default.lua", "local a = require './lib/a'\nfunction p.open(case) return case.x end return p"),
            ("lib/a.lua", "return 1"),
        ];
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let sources = Sources::from_files(files.collect()).expect("a set");
        let checks = TypeCheck::of(&sources, &Channels::default(), &BTreeSet::new());
        let check = checks.first().expect("a request");
        let text = &check.files["default.lua"];
        let at = position(text, text.find("case.x").expect("it is there"));
        let problem = |start: (u32, u32), end| TypeProblem {
            file: "default.lua".to_owned(),
            start,
            end,
            severity: Severity::Error,
            message: "Key 'x' not found in table 'Case'".to_owned(),
        };
        let found = check.findings(&[problem((2, 1), (2, 2)), problem(at, (at.0, at.1 + 6))]);
        let places: Vec<_> = found.iter().map(|finding| finding.place).collect();
        assert_eq!(places, [Some(Place { line: 2, column: 35, width: 1 })]);
    }

    #[test]
    fn channels_become_factors() {
        let [(definitions, _)] =
            checks(&[("default.lua", "return {}")], &["sms", "push"]).try_into().expect("one request");
        assert!(definitions.contains("export type Channel = \"push\" | \"sms\"\n"), "{definitions}");
    }
}
