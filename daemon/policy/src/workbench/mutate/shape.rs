//! The shape of a text, as far as words show it: brackets, lists, fields, conditions, and what is a type.
//!
//! It is not a parser. Where it takes a text for something that it is not, the mutant does not compile, and counts
//! for nothing.

use std::ops::Range;

use crate::limits::MAX_LIST_WORDS;
use crate::workbench::lex::{Kind, Token, tokens};

/// A text taken apart.
pub(super) struct Shape<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token<'a>>,
    /// For each opening bracket the place of the closing one.
    closes: Vec<Option<usize>>,
    /// For each token the innermost bracket around it.
    within: Vec<Option<usize>>,
    /// For each token whether it belongs to a declaration of a type.
    declares: Vec<bool>,
}

/// A field of a table in a text: `name = value`.
pub(super) struct Field<'a> {
    pub name: &'a str,
    /// The tokens of the whole entry.
    pub entry: Range<usize>,
    /// The text of the value.
    pub value: &'a str,
    /// Where the value begins and ends, in bytes.
    pub value_range: Range<usize>,
}

impl<'a> Shape<'a> {
    pub fn new(text: &'a str) -> Self {
        let tokens = tokens(text);
        let (closes, within) = brackets(&tokens);
        let declares = declarations(&tokens);
        Self { text, tokens, closes, within, declares }
    }

    /// The word at a place.
    pub fn at(&self, at: usize) -> Option<&Token<'a>> {
        self.tokens.get(at)
    }

    /// What is written at a place; nothing at none.
    pub fn word(&self, at: Option<usize>) -> &'a str {
        at.and_then(|at| self.tokens.get(at)).map_or("", |token| token.text)
    }

    /// What is written before a place.
    pub fn before(&self, at: usize) -> &'a str {
        self.word(at.checked_sub(1))
    }

    /// Whether the word belongs to a type, which is nothing that runs.
    pub fn is_type(&self, at: usize) -> bool {
        let beside = |text| matches!(text, "|" | "&");
        self.declares.get(at).copied().unwrap_or_default()
            || beside(self.word(Some(at + 1)))
            || beside(self.before(at))
            || matches!(self.before(at), ":" | "::")
    }

    /// The innermost bracket around a word.
    pub fn within(&self, at: usize) -> Option<usize> {
        self.within.get(at).copied().flatten()
    }

    /// The bracket that closes the one at `open`.
    pub fn close(&self, open: usize) -> Option<usize> {
        self.closes.get(open).copied().flatten()
    }

    /// The table that a word is called with: `word { … }` or `word({ … })`.
    pub fn table_of_call(&self, at: usize) -> Option<usize> {
        match (self.word(Some(at + 1)), self.word(Some(at + 2))) {
            ("{", _) => Some(at + 1),
            ("(", "{") => Some(at + 2),
            _ => None,
        }
    }

    /// The entries of the bracket at `open`, each as a range of tokens; none if there are functions in it, whose
    /// bodies have commas of their own.
    pub fn entries(&self, open: usize) -> Vec<Range<usize>> {
        let Some(close) = self.close(open) else { return Vec::new() };
        let mut entries = Vec::new();
        let (mut start, mut at) = (open + 1, open + 1);
        while at < close {
            match self.word(Some(at)) {
                "function" => return Vec::new(),
                "," | ";" => {
                    entries.push(start..at);
                    start = at + 1;
                }
                _ => {}
            }
            at = self.close(at).unwrap_or(at) + 1;
        }
        entries.push(start..close);
        entries.retain(|entry| !entry.is_empty());
        entries
    }

    /// The entries of the bracket at `open`; none of one that is longer than any list of a plan.
    pub fn short_entries(&self, open: usize) -> Vec<Range<usize>> {
        let is_short = self.close(open).is_some_and(|close| close - open <= MAX_LIST_WORDS);
        if is_short { self.entries(open) } else { Vec::new() }
    }

    /// The entries of a table that have names.
    pub fn fields(&self, open: usize) -> Vec<Field<'a>> {
        let field = |entry: Range<usize>| {
            let name = self.at(entry.start).filter(|name| name.kind == Kind::Name)?;
            let is_named = entry.len() > 2 && self.word(Some(entry.start + 1)) == "=";
            let value_range = self.bytes(entry.start + 2..entry.end);
            let value = self.text.get(value_range.clone())?;
            is_named.then_some(Field { name: name.text, entry, value, value_range })
        };
        self.entries(open).into_iter().filter_map(field).collect()
    }

    /// The condition of the `if` or `elseif` at a place, as a range of tokens.
    pub fn condition(&self, at: usize) -> Option<Range<usize>> {
        let start = at + 1;
        let mut end = start;
        loop {
            match self.word(Some(end)) {
                "then" => return (end > start).then_some(start..end),
                "" | "if" | "elseif" | "else" | "function" | "end" => return None,
                _ => end = self.close(end).unwrap_or(end) + 1,
            }
        }
    }

    /// The bytes from the first to the last of some tokens.
    pub fn bytes(&self, tokens: Range<usize>) -> Range<usize> {
        let start = self.at(tokens.start).map_or(self.text.len(), |token| token.start);
        let last = tokens.end.checked_sub(1).and_then(|last| self.at(last));
        let end = last.map_or(start, |token| token.range().end);
        start..end.max(start)
    }

    /// The bytes to take away so that an entry is gone, with one of the separators beside it.
    pub fn bytes_with_separator(&self, open: usize, entry: &Range<usize>) -> Range<usize> {
        let bytes = self.bytes(entry.clone());
        let after =
            self.at(entry.end + 1).filter(|_| self.close(open).is_some_and(|close| entry.end + 1 < close));
        match after {
            Some(next) => bytes.start..next.start,
            None if entry.start > open + 1 => {
                let separator = self.at(entry.start - 1).map_or(bytes.start, |token| token.start);
                separator..bytes.end
            }
            None => bytes,
        }
    }
}

/// For each opening bracket the closing one, and for each token the innermost bracket around it. Brackets that fit
/// nothing close nothing.
fn brackets(tokens: &[Token<'_>]) -> (Vec<Option<usize>>, Vec<Option<usize>>) {
    let mut closes = vec![None; tokens.len()];
    let mut within = vec![None; tokens.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let is_symbol = token.kind == Kind::Symbol;
        if is_symbol
            && matches!(token.text, ")" | "}" | "]")
            && let Some(opened) = open.pop()
            && let Some(close) = closes.get_mut(opened)
        {
            *close = Some(at);
        }
        if let Some(around) = within.get_mut(at) {
            *around = open.last().copied();
        }
        if is_symbol && matches!(token.text, "(" | "{" | "[") {
            open.push(at);
        }
    }
    (closes, within)
}

/// The tokens of `type Name = …`. It ends with its line, unless brackets or an operator carry it on.
fn declarations(tokens: &[Token<'_>]) -> Vec<bool> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut declares = vec![false; tokens.len()];
    let mut at = 0;
    while at < tokens.len() {
        let is_declaration = text(at) == "type"
            && tokens.get(at + 1).is_some_and(|name| name.kind == Kind::Name)
            && matches!(text(at + 2), "=" | "<");
        if !is_declaration {
            at += 1;
            continue;
        }
        let (mut depth, mut line) = (0_usize, tokens.get(at).map_or(0, |token| token.line));
        while let Some(token) = tokens.get(at) {
            let carries = |text| matches!(text, "|" | "&" | "->" | "=");
            if token.line > line && depth == 0 && !carries(token.text) && !carries(text(at.saturating_sub(1)))
            {
                break;
            }
            match token.text {
                "(" | "{" | "[" => depth += 1,
                ")" | "}" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            line = token.line;
            if let Some(declares) = declares.get_mut(at) {
                *declares = true;
            }
            at += 1;
        }
    }
    declares
}
