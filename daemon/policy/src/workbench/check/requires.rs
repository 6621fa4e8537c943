//! Which file requires which, as far as it can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::finding::{Finding, Place};
use super::place;
use crate::code::resolve;
use crate::sources::{Sources, is_test};
use crate::workbench::lex::{Kind, Token, tokens};

/// One `require`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Require {
    /// The bytes of the call, from the name to the end of its argument; only the name if the argument cannot be read.
    pub range: Range<usize>,
    /// Where it is.
    pub place: Place,
    /// What it names, if it is a plain text.
    pub name: Option<String>,
    /// The local that it is given to: `local name = require …`.
    pub local: Option<String>,
}

/// Every `require` of a text.
pub(super) fn requires(text: &str) -> Vec<Require> {
    let tokens = tokens(text);
    let is_call = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map(|token| token.text);
        let token = tokens.get(at).is_some_and(|token| token.kind == Kind::Name && token.text == "require");
        token && !matches!(before, Some("." | ":" | "local" | "function"))
    };
    (0..tokens.len()).filter(|at| is_call(*at)).filter_map(|at| require(&tokens, at)).collect()
}

fn require(tokens: &[Token<'_>], at: usize) -> Option<Require> {
    let call = tokens.get(at)?;
    let after = |steps: usize| tokens.get(at + steps);
    let in_brackets = after(1).is_some_and(|token| token.text == "(");
    let argument = if in_brackets { after(2) } else { after(1) };
    let closed = !in_brackets || after(3).is_some_and(|token| token.text == ")");
    let literal =
        argument.filter(|token| closed && token.literal().is_some() && !token.text.starts_with('`'));
    let is_called = in_brackets || literal.is_some();
    if !is_called {
        return None;
    }
    let end = if in_brackets && literal.is_some() { after(3) } else { literal }.unwrap_or(call);
    let local = match at.checked_sub(3).map(|from| tokens.get(from..at)) {
        Some(Some([local, name, equals])) if local.text == "local" && equals.text == "=" => {
            Some(name.text.to_owned())
        }
        _ => None,
    };
    Some(Require {
        range: call.start..end.range().end,
        place: place::of_tokens(literal.unwrap_or(call), literal.unwrap_or(call)),
        name: literal.and_then(Token::literal).map(str::to_owned),
        local,
    })
}

/// Who requires whom in a set.
pub(super) struct Graph<'a> {
    sources: &'a Sources,
    required: BTreeMap<&'a str, BTreeSet<&'a str>>,
    findings: Vec<Finding>,
    is_open: bool,
}

impl<'a> Graph<'a> {
    /// Reads a set.
    pub fn new(sources: &'a Sources) -> Self {
        let mut graph = Self { sources, required: BTreeMap::new(), findings: Vec::new(), is_open: false };
        for (file, text) in sources.iter() {
            for require in requires(text) {
                graph.require(file, &require);
            }
        }
        graph
    }

    fn require(&mut self, file: &'a str, require: &Require) {
        let Some(name) = &require.name else {
            self.is_open = true;
            let message = "this require names its file in a way that cannot be read without running it";
            let hint = "write the path as a plain text: require \"./lib/common\"";
            self.findings.push(Finding::warning(file, Some(require.place), message).with_hint(hint));
            return;
        };
        match target(self.sources, file, name) {
            Ok(target) => {
                self.required.entry(file).or_default().insert(target);
            }
            Err(message) => self.findings.push(Finding::error(file, Some(require.place), message)),
        }
    }

    /// Every file that `file` requires, itself or through others, in an order in which each comes after those that it
    /// requires. `None` if they go in a circle.
    pub fn needs(&self, file: &'a str) -> Option<Vec<&'a str>> {
        let (mut order, mut trail) = (Vec::new(), Vec::new());
        self.walk(file, &mut order, &mut trail).then(|| {
            order.pop();
            order
        })
    }

    fn walk(&self, file: &'a str, order: &mut Vec<&'a str>, trail: &mut Vec<&'a str>) -> bool {
        if order.contains(&file) {
            return true;
        }
        if trail.contains(&file) {
            return false;
        }
        trail.push(file);
        let walked = self.required.get(file).into_iter().flatten().all(|next| self.walk(next, order, trail));
        trail.pop();
        order.push(file);
        walked
    }

    /// What is wrong with the requires, and the modules that no policy and no test asks for.
    pub fn findings(mut self, is_policy: impl Fn(&str) -> bool) -> Vec<Finding> {
        let mut used = BTreeSet::new();
        let roots = self.sources.iter().map(|(file, _)| file).filter(|file| is_policy(file) || is_test(file));
        let mut next: Vec<&str> = roots.collect();
        while let Some(file) = next.pop() {
            if used.insert(file) {
                next.extend(self.required.get(file).into_iter().flatten());
            }
        }
        let idle =
            self.sources.iter().map(|(file, _)| file).filter(|file| !used.contains(file) && !self.is_open);
        let warn = |file| {
            Finding::warning(file, None, "no policy requires this module")
                .with_hint("require it, or take it away")
        };
        self.findings.extend(idle.map(warn));
        self.findings
    }
}

/// The file of the set that `require(name)` in `from` means.
pub(super) fn target<'a>(sources: &'a Sources, from: &str, name: &str) -> Result<&'a str, String> {
    let known = |path: &str| {
        let (file, _) = sources.files().get_key_value(path)?;
        (!is_test(file)).then_some(file.as_str())
    };
    resolve(known, from, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Sources {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Sources::from_files(files.collect()).expect("a set")
    }

    #[test]
    fn requires_are_read() {
        let text = "local a = require \"./a\"\nlocal b = require('./b').x\nf(require(name))\nx.require(\"no\")\n-- require \"no\"";
        let found = requires(text);
        let names: Vec<_> = found.iter().map(|require| require.name.as_deref()).collect();
        assert_eq!(names, [Some("./a"), Some("./b"), None]);
        let locals: Vec<_> = found.iter().map(|require| require.local.as_deref()).collect();
        assert_eq!(locals, [Some("a"), Some("b"), None]);
        let calls: Vec<_> = found.iter().filter_map(|require| text.get(require.range.clone())).collect();
        assert_eq!(calls, ["require \"./a\"", "require('./b')", "require"]);
    }

    #[test]
    fn modules_are_followed_and_missed() {
        let sources = sources(&[
            ("default.lua", "local a = require './lib/a'\nif false then require './lib/gone' end return {}"),
            ("default_test.lua", "require './lib/only_tests'"),
            ("lib/a.lua", "require './b' require '../lib/c'"),
            ("lib/b.lua", "require './c'"),
            ("lib/c.lua", "return {}"),
            ("lib/idle.lua", "return {}"),
            ("lib/only_tests.lua", "return {}"),
            ("round.lua", "require './round'"),
        ]);
        let graph = Graph::new(&sources);
        assert_eq!(graph.needs("default.lua"), Some(vec!["lib/c.lua", "lib/b.lua", "lib/a.lua"]));
        assert_eq!(graph.needs("round.lua"), None);
        let findings = graph.findings(|file| !file.contains('/'));
        let told: Vec<_> =
            findings.iter().map(|finding| (finding.file.as_str(), finding.message.as_str())).collect();
        let gone = ("default.lua", "there is no file lib/gone.lua to require");
        assert_eq!(told, [gone, ("lib/idle.lua", "no policy requires this module")]);
        assert_eq!(
            findings.first().and_then(|finding| finding.place).map(|place| (place.line, place.column)),
            Some((2, 23))
        );
    }
}
