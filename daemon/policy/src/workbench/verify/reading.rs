//! One file being read, word by word, for what it compares the facts of a case with.

use std::collections::{BTreeMap, BTreeSet};

use super::constants::{Constants, Uses};
use super::named::{Named, UNITS, constant, span_at, whole};
use crate::workbench::lex::{Kind, Token};

/// Fields of an answer: what stands behind them is said to the core and compared with nothing.
const ANSWERS: [&str; 9] = [
    "to",
    "because",
    "after",
    "device",
    "force_password_change",
    "revoke_sessions",
    "hold",
    "enroll_within",
    "deny",
];
/// The records of a case: whoever goes through one looks at everything in it.
const RECORDS: [&str; 8] = ["case", "account", "email", "phone", "has", "device", "client", "history"];
/// Numbers up to this may count something; larger ones are seconds.
const LARGEST_COUNT: u64 = 50;

/// One file being read.
pub(super) struct Reading<'a> {
    pub words: &'a [Token<'a>],
    pub names: &'a BTreeMap<&'a str, Named>,
    pub constants: &'a mut Constants,
}

impl<'a> Reading<'a> {
    /// Reads every word.
    pub fn all(&mut self) {
        for at in 0..self.words.len() {
            let Some(word) = self.words.get(at) else { return };
            match word.kind {
                Kind::Text => self.text(at),
                Kind::Number => self.number(at),
                Kind::Name => self.name(at),
                Kind::Symbol => {}
            }
        }
    }

    fn text(&mut self, at: usize) {
        let Some(text) = self.words.get(at).and_then(|word| word.literal()) else { return };
        let is_field = self.is(at.wrapping_sub(1), "[") && self.is(at + 1, "]");
        if is_field && self.base(at.wrapping_sub(1)) == Some("attributes") {
            return self.field(format!("attributes.{text}"), at + 2);
        }
        if is_field {
            self.field(text.to_owned(), at + 2);
        }
        let is_joined = self.is(at.wrapping_sub(1), "..") || self.is(at + 1, "..");
        let is_path = self.is(at.wrapping_sub(1), "require") || self.is(at.wrapping_sub(2), "require");
        if !is_joined && !is_path && !self.is_answer(at) && !text.is_empty() {
            self.constants.texts.insert(text.to_owned());
        }
    }

    fn number(&mut self, at: usize) {
        let Some(number) = self.words.get(at).and_then(Token::number).and_then(whole) else { return };
        let called = self.is(at.wrapping_sub(1), "(").then(|| self.word(at.wrapping_sub(2))).flatten();
        let is_multiplied = self.is(at.wrapping_sub(1), "*")
            && self.words.get(at.wrapping_sub(2)).is_some_and(|word| word.kind == Kind::Number);
        if is_multiplied || matches!(called, Some("any" | "approvals")) {
            return;
        }
        if let Some((seconds, from)) = self.duration(at) {
            if !self.answers_only(from) {
                self.constants.ages.insert(seconds);
            }
            return;
        }
        if number <= LARGEST_COUNT {
            self.constants.counts.insert(number);
        }
        // `(case.now - at) / days(1) > 30`
        if self.words.iter().any(|word| word.text == "/" || word.text == "//") {
            for (_, unit) in UNITS {
                self.constants.ages.insert(number.saturating_mul(unit));
            }
        } else if number > LARGEST_COUNT && !self.answers_only(at) {
            self.constants.ages.insert(number);
        }
    }

    fn name(&mut self, at: usize) {
        let Some(word) = self.word(at) else { return };
        let goes = matches!(word, "pairs" | "next" | "clone" | "in");
        if goes && self.record_follows(at) {
            self.constants.goes_through = true;
        }
        if self.is(at.wrapping_sub(1), ".") {
            let base = self.base(at.wrapping_sub(1));
            let name =
                if base == Some("attributes") { format!("attributes.{word}") } else { word.to_owned() };
            return self.field(name, at + 1);
        }
        // `{ member = true }`: a name as a key is a text.
        let is_key = self.is(at + 1, "=") && matches!(self.word(at.wrapping_sub(1)), Some("{" | "," | ";"));
        if is_key && !ANSWERS.contains(&word) {
            self.constants.texts.insert(word.to_owned());
        }
    }

    /// Something named `name` has been read up to the word before `next`.
    fn field(&mut self, name: String, next: usize) {
        let mut uses = Uses::default();
        self.used(next, &mut uses, 0);
        let known = self.constants.fields.entry(name).or_default();
        known.texts.extend(uses.texts);
        known.counts.extend(uses.counts);
        known.ages.extend(uses.ages);
        known.escapes |= uses.escapes;
    }

    /// Looks at what is done with the value that ends before `next`.
    fn used(&self, next: usize, uses: &mut Uses, depth: u32) {
        let first = self.chain_start(next);
        let (before, after) = (self.word(first.wrapping_sub(1)), self.word(next));
        if matches!(after, Some("." | "[" | ":")) && depth == 0 {
            // A record or a list: its fields are looked at by themselves.
            uses.escapes |=
                self.is(next, "[") && !self.words.get(next + 1).is_some_and(|word| word.kind == Kind::Text);
            return;
        }
        if before == Some("-") && self.is(first.wrapping_sub(2), "now") && !reckons(after) {
            return self.aged(first.wrapping_sub(2), next, uses);
        }
        let is_length = before == Some("#") && !reckons(self.word(first.wrapping_sub(2)));
        if let Some(how) = after.and_then(Order::of).filter(|_| is_length) {
            return self.compared(next + 1, how, uses);
        }
        if reckons(before) || reckons(after) {
            uses.escapes = true;
            return;
        }
        if let Some(how) = after.and_then(Order::of) {
            return self.compared(next + 1, how, uses);
        }
        if let Some(how) = before.and_then(Order::of) {
            return self.compared(first.wrapping_sub(2), how.turned(), uses);
        }
        // `table.find(groups, "admins")`
        let is_sought = self.is(first.wrapping_sub(2), "find") && before == Some("(") && after == Some(",");
        if is_sought && self.is(next + 2, ")") {
            return self.compared(next + 1, Order::Same, uses);
        }
        let is_told = after == Some("..") || before == Some("..") || self.is_answer(first);
        if is_told || before == Some("not") || self.is_condition(first, next) {
            return;
        }
        let is_local = before == Some("=") && self.is(first.wrapping_sub(3), "local");
        let ends = after.is_none_or(|_| self.words.get(next).is_some_and(|word| word.kind == Kind::Name))
            && !matches!(after, Some("and" | "or"));
        let alias = self.word(first.wrapping_sub(2));
        match alias.filter(|_| is_local && ends && depth == 0) {
            Some(alias) => {
                for (at, word) in self.words.iter().enumerate().skip(next) {
                    if word.text == alias && !self.is(at.wrapping_sub(1), ".") {
                        self.used(at + 1, uses, depth + 1);
                    }
                }
            }
            None => uses.escapes = true,
        }
    }

    /// Whether the value from `first` to before `next` only says yes or no in a condition.
    fn is_condition(&self, first: usize, next: usize) -> bool {
        if !matches!(self.word(next), Some("then" | "do" | "and" | "or")) {
            return false;
        }
        let mut at = first;
        while at > 0 {
            at -= 1;
            match self.word(at) {
                Some("if" | "elseif" | "while" | "until") => return true,
                Some("=" | "(" | "," | "{" | "return" | "then" | "do" | "local" | "[" | "else") | None => {
                    return false;
                }
                Some(_) => {}
            }
        }
        false
    }

    /// A comparison of this order with the word at `at`.
    fn compared(&self, at: usize, how: Order, uses: &mut Uses) {
        let Some(word) = self.words.get(at) else { return };
        let is_part = |word: Option<&str>| {
            matches!(word, Some("." | ".." | "(" | "[")) || reckons(word.filter(|word| *word != "#"))
        };
        let before = self.word(at.wrapping_sub(1)).filter(|before| *before != "(" && *before != "[");
        match constant(word).or_else(|| self.names.get(word.text).cloned()) {
            _ if is_part(self.word(at + 1)) || is_part(before) => uses.escapes = true,
            Some(Named::Text(text)) => {
                uses.texts.extend([text].into_iter().filter(|text| !text.is_empty()));
            }
            Some(Named::Number(number)) => uses.counts.extend(how.bounds(number)),
            None if matches!(word.text, "nil" | "true" | "false") => {}
            None => uses.escapes = true,
        }
    }

    /// An age: the `now` at `now` less the time that ends before `next`, compared with a duration.
    fn aged(&self, now: usize, next: usize, uses: &mut Uses) {
        let first = self.chain_start(now + 1);
        let told = self.word(next).and_then(Order::of).and_then(|how| {
            let (seconds, end) = span_at(self.words, self.names, next + 1)?;
            (!reckons(self.word(end))).then(|| how.bounds(seconds))
        });
        let turned = || {
            let how = self.word(first.wrapping_sub(1)).and_then(Order::of)?.turned();
            let begins = if self.is(first.wrapping_sub(2), ")") {
                first.wrapping_sub(5)
            } else {
                first.wrapping_sub(2)
            };
            let (seconds, end) = span_at(self.words, self.names, begins)?;
            (end + 1 == first && !reckons(self.word(begins.wrapping_sub(1)))).then(|| how.bounds(seconds))
        };
        match told.or_else(turned) {
            Some(bounds) => uses.ages.extend(bounds),
            None => uses.escapes = true,
        }
    }

    /// The first word of `a.b["c"].d` that ends before `next`.
    fn chain_start(&self, next: usize) -> usize {
        let mut at = next.saturating_sub(1);
        loop {
            if self.is(at, "]") && self.is(at.wrapping_sub(2), "[") && at >= 3 {
                at -= 3;
            } else if self.is(at.wrapping_sub(1), ".") && at >= 2 {
                at -= 2;
            } else {
                return at;
            }
        }
    }

    /// The name before a dot or bracket.
    fn base(&self, dot: usize) -> Option<&'a str> {
        self.word(dot.wrapping_sub(1))
    }

    /// Whether `pairs(…)`, `next(…)` or `in …` at `at` is about a record of the case.
    fn record_follows(&self, at: usize) -> bool {
        let from = if self.is(at + 1, "(") { at + 2 } else { at + 1 };
        let rest = self.words.iter().skip(from);
        let last = rest.take_while(|word| word.kind == Kind::Name || word.text == ".").last();
        last.is_some_and(|word| RECORDS.contains(&word.text))
    }

    /// The duration in seconds that the number at `at` is part of, and the word where it begins.
    fn duration(&self, at: usize) -> Option<(u64, usize)> {
        let number = self.words.get(at)?.number().and_then(whole)?;
        let called = self.is(at.wrapping_sub(1), "(").then(|| self.word(at.wrapping_sub(2))).flatten();
        if let Some((_, unit)) = UNITS.iter().find(|(name, _)| called == Some(*name)) {
            let seconds = number.saturating_mul(*unit);
            let factor =
                self.is(at.wrapping_sub(3), "*").then(|| self.words.get(at.wrapping_sub(4))).flatten();
            let times = factor.and_then(Token::number).and_then(whole).unwrap_or(1);
            let after = self.is(at + 2, "*").then(|| self.words.get(at + 3)).flatten();
            let more = after.and_then(Token::number).and_then(whole).unwrap_or(1);
            return Some((seconds.saturating_mul(times).saturating_mul(more), at - 2));
        }
        let mut product = number;
        let mut next = at + 1;
        while self.is(next, "*") {
            let factor = self.words.get(next + 1).and_then(Token::number).and_then(whole)?;
            product = product.saturating_mul(factor);
            next += 2;
        }
        (next > at + 1).then_some((product, at))
    }

    /// Whether what stands at `at`, or the name it is given, is only ever part of an answer.
    fn answers_only(&self, at: usize) -> bool {
        if self.is_answer(at) {
            return true;
        }
        let is_named = self.is(at.wrapping_sub(1), "=") && self.is(at.wrapping_sub(3), "local");
        let Some(name) = self.word(at.wrapping_sub(2)).filter(|_| is_named) else { return false };
        let mut places = self.words.iter().enumerate().skip(at).filter(|(_, word)| word.text == name);
        places.all(|(at, _)| self.is_answer(at))
    }

    /// Whether what stands at `at` is the value of a field of an answer.
    fn is_answer(&self, at: usize) -> bool {
        let mut at = at;
        while at > 0 {
            at -= 1;
            match self.word(at) {
                Some("=") => {
                    return self.word(at.wrapping_sub(1)).is_some_and(|name| ANSWERS.contains(&name));
                }
                Some("deny") => return true,
                Some(
                    "{" | "}" | "," | ";" | "return" | "local" | "function" | "if" | "elseif" | "while"
                    | "until" | "then" | "else" | "do" | "end" | "<" | ">" | "<=" | ">=",
                )
                | None => return false,
                Some(_) => {}
            }
        }
        false
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.word(at) == Some(text)
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        self.words.get(at).map(|word| word.text)
    }
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// `==`, `~=`
    Same,
    /// `<`, `>=`: the right one belongs above.
    FromThere,
    /// `<=`, `>`: the right one belongs below.
    UpToThere,
}

impl Order {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "==" | "~=" => Self::Same,
            "<" | ">=" => Self::FromThere,
            "<=" | ">" => Self::UpToThere,
            _ => return None,
        })
    }

    /// The same with the sides changed.
    const fn turned(self) -> Self {
        match self {
            Self::Same => Self::Same,
            Self::FromThere => Self::UpToThere,
            Self::UpToThere => Self::FromThere,
        }
    }

    /// From which numbers on a comparison with `number` comes out otherwise.
    fn bounds(self, number: u64) -> BTreeSet<u64> {
        let above = number.saturating_add(1);
        match self {
            Self::Same => [number, above].into(),
            Self::FromThere => [number].into(),
            Self::UpToThere => [above].into(),
        }
    }
}

fn reckons(word: Option<&str>) -> bool {
    matches!(word, Some("+" | "-" | "*" | "/" | "//" | "%" | "^" | "#"))
}
