//! The places of a policy where verdicts are made.

use std::collections::{BTreeMap, BTreeSet};

use crate::workbench::lex::{Kind, Token, tokens};

/// The words that make a verdict wherever they are called.
const VERDICTS: [&str; 5] = ["prove", "escalate", "deny", "retry", "outcome"];
/// The words that make a plan, which is a verdict where it is returned.
const PLANS: [&str; 3] = ["any", "all", "approvals"];

/// A place where a policy makes a verdict: a call of `prove`, `escalate`, `deny`, `retry` or `outcome`, or of `any`,
/// `all` or `approvals` in a `return`.
///
/// Lua tells lines and not columns, so calls of the same word on one line are one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictPlace {
    /// The line, counted from 1.
    pub line: u32,
    /// The column in bytes, counted from 1; that of the first call.
    pub column: u32,
    /// The word.
    pub word: &'static str,
    /// How many calls of the word there are on the line.
    pub calls: u32,
    /// How many verdicts were made here.
    pub made: u64,
}

/// The places in a text, in order, with nothing made yet.
pub(super) fn places(text: &str) -> Vec<VerdictPlace> {
    let tokens = tokens(text);
    let own = own_names(&tokens);
    let mut places: BTreeMap<(u32, &'static str), VerdictPlace> = BTreeMap::new();
    let mut returns = Returns::default();
    for (at, token) in tokens.iter().enumerate() {
        returns.pass(token);
        let Some(word) = word(token).filter(|word| !own.contains(word)) else { continue };
        let is_place = is_call(&tokens, at) && (VERDICTS.contains(&word) || returns.is_returned());
        if is_place {
            let (line, column) = (token.line, token.column);
            let first = VerdictPlace { line, column, word, calls: 0, made: 0 };
            places.entry((line, word)).or_insert(first).calls += 1;
        }
    }
    let mut places: Vec<_> = places.into_values().collect();
    places.sort_by_key(|place| (place.line, place.column));
    places
}

fn word(token: &Token<'_>) -> Option<&'static str> {
    let words = VERDICTS.iter().chain(&PLANS).copied();
    (token.kind == Kind::Name).then(|| words.into_iter().find(|word| *word == token.text)).flatten()
}

/// The words that a file takes for names of its own. What it then makes by them is no verdict.
fn own_names(tokens: &[Token<'_>]) -> BTreeSet<&'static str> {
    let pairs = tokens.windows(2).filter_map(|pair| match pair {
        [before, token] if matches!(before.text, "local" | "function") => word(token),
        _ => None,
    });
    pairs.collect()
}

/// Whether a global name is called here: `deny "…"`, `deny { … }`, `deny(…)`, and no field or method of something.
fn is_call(tokens: &[Token<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    let is_field = before.is_some_and(|before| matches!(before.text, "." | ":"));
    let is_called =
        tokens.get(at + 1).is_some_and(|after| after.kind == Kind::Text || matches!(after.text, "(" | "{"));
    is_called && !is_field
}

/// Whether a word stands in a `return` of its function and in no bracket: then it is what is returned.
#[derive(Default)]
struct Returns {
    /// For each open bracket whether a `return` was under way outside of it.
    outside: Vec<bool>,
    returning: bool,
}

impl Returns {
    const fn is_returned(&self) -> bool {
        self.returning
    }

    fn pass(&mut self, token: &Token<'_>) {
        match (token.kind, token.text) {
            (Kind::Name, "return") => self.returning = true,
            (Kind::Symbol, "(" | "{" | "[") => self.outside.push(std::mem::take(&mut self.returning)),
            (Kind::Symbol, ")" | "}" | "]") => self.returning = self.outside.pop().unwrap_or_default(),
            (Kind::Name, "end" | "until" | "local" | "function") | (Kind::Symbol, ";" | "=") => {
                self.returning = false;
            }
            _ => {}
        }
    }
}
