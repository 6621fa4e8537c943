//! What is changed in a policy, one small thing at a time.

use std::fmt;
use std::ops::Range;

use super::shape::Shape;
use super::vocabulary::another;
use crate::workbench::lex::{Kind, Token};

/// What kind of change a mutant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// A comparison is another one: `==` and `~=`, `<` and `<=` or `>=`, and so on.
    Comparison,
    /// `and` is `or`, `or` is `and`.
    Logic,
    /// A `not` is gone.
    Negation,
    /// `true` is `false`, `false` is `true`.
    Flag,
    /// A whole number is one more or one less.
    Number,
    /// A list has an entry less: a factor that is not asked for.
    Entry,
    /// A word is another of the same vocabulary: reasons, factors, kinds of accounts, forms and fates of devices,
    /// those whom a case is escalated to, dispositions.
    Word,
    /// `escalate` is `deny`, `deny` is `escalate`.
    Verdict,
    /// A field of an outcome is gone, or always true.
    Field,
    /// The condition of an `if` is never met.
    Guard,
}

impl Operator {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Comparison,
        Self::Logic,
        Self::Negation,
        Self::Flag,
        Self::Number,
        Self::Entry,
        Self::Word,
        Self::Verdict,
        Self::Field,
        Self::Guard,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comparison => "comparison",
            Self::Logic => "logic",
            Self::Negation => "negation",
            Self::Flag => "flag",
            Self::Number => "number",
            Self::Entry => "entry",
            Self::Word => "word",
            Self::Verdict => "verdict",
            Self::Field => "field",
            Self::Guard => "guard",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One change of a text: these bytes become that.
pub(super) struct Edit {
    pub operator: Operator,
    /// The word at which a reader is shown the change.
    pub at: usize,
    pub range: Range<usize>,
    pub to: String,
}

/// All changes of a text, by the word at which they are made; `add` says whether there may be more.
pub(super) fn edits(shape: &Shape<'_>, add: &mut dyn FnMut(Edit) -> bool) {
    for (at, token) in shape.tokens.iter().enumerate() {
        let mut edits = Vec::new();
        if !shape.is_type(at) {
            single(shape, at, token, &mut edits);
            wider(shape, at, token, &mut edits);
        }
        for edit in edits {
            if !add(edit) {
                return;
            }
        }
    }
}

/// Changes of one word.
fn single(shape: &Shape<'_>, at: usize, token: &Token<'_>, edits: &mut Vec<Edit>) {
    let mut change = |operator, to: &str| {
        edits.push(Edit { operator, at, range: token.range(), to: to.to_owned() });
    };
    match (token.kind, token.text) {
        (Kind::Symbol, "==") => change(Operator::Comparison, "~="),
        (Kind::Symbol, "~=") => change(Operator::Comparison, "=="),
        (Kind::Symbol, "<") => ["<=", ">="].into_iter().for_each(|to| change(Operator::Comparison, to)),
        (Kind::Symbol, "<=") => ["<", ">"].into_iter().for_each(|to| change(Operator::Comparison, to)),
        (Kind::Symbol, ">") => [">=", "<="].into_iter().for_each(|to| change(Operator::Comparison, to)),
        (Kind::Symbol, ">=") => [">", "<"].into_iter().for_each(|to| change(Operator::Comparison, to)),
        (Kind::Name, _) if matches!(shape.before(at), "." | ":") => {}
        (Kind::Name, "and") => change(Operator::Logic, "or"),
        (Kind::Name, "or") => change(Operator::Logic, "and"),
        (Kind::Name, "true") => change(Operator::Flag, "false"),
        (Kind::Name, "false") => change(Operator::Flag, "true"),
        (Kind::Name, "not") => {
            let end = shape.at(at + 1).map_or(token.range().end, |next| next.start);
            edits.push(Edit { operator: Operator::Negation, at, range: token.start..end, to: String::new() });
        }
        (Kind::Number, _) => {
            // Beyond this a number plus one is the same number.
            let whole = token.number().filter(|number| number.fract() == 0.0 && *number < 9e15);
            for number in whole.into_iter().flat_map(|number| [number + 1.0, number - 1.0]) {
                if number >= 0.0 {
                    change(Operator::Number, &format!("{number:.0}"));
                }
            }
        }
        (Kind::Text, _) => {
            if let Some(to) = other_word(shape, at, token) {
                change(Operator::Word, &to);
            }
        }
        (Kind::Name | Kind::Symbol, _) => {}
    }
}

/// Another word of the same vocabulary, in the same quotes. What a person is told is no such word.
fn other_word(shape: &Shape<'_>, at: usize, token: &Token<'_>) -> Option<String> {
    let is_told = shape.before(at) == "deny"
        || shape.before(at) == "(" && at > 1 && shape.before(at - 1) == "deny"
        || shape.before(at) == "=" && at > 1 && shape.before(at - 1) == "because";
    let beside = shape.within(at).map(|open| shape.short_entries(open)).unwrap_or_default();
    let beside: Vec<&str> =
        beside.iter().filter_map(|entry| shape.at(entry.start).and_then(Token::literal)).collect();
    let quote = token.text.get(..1)?;
    let to = another(token.literal()?, &beside)?;
    (!is_told).then(|| format!("{quote}{to}{quote}"))
}

/// Changes of more than one word.
fn wider(shape: &Shape<'_>, at: usize, token: &Token<'_>, edits: &mut Vec<Edit>) {
    if token.kind == Kind::Symbol && token.text == "{" {
        return entries(shape, at, edits);
    }
    if token.kind != Kind::Name || matches!(shape.before(at), "." | ":" | "function" | "local") {
        return;
    }
    match token.text {
        "if" | "elseif" => {
            let Some(condition) = shape.condition(at) else { return };
            let (at, range) = (condition.start, shape.bytes(condition));
            if shape.text.get(range.clone()) != Some("false") {
                edits.push(Edit { operator: Operator::Guard, at, range, to: "false".to_owned() });
            }
        }
        "escalate" => edits.extend(escalation(shape, at)),
        "deny" => edits.extend(denial(shape, at)),
        "outcome" => outcome(shape, at, edits),
        _ => {}
    }
}

/// Drops each entry of a list of words, and of any list that is given to `prove`, `all` or `any`.
fn entries(shape: &Shape<'_>, open: usize, edits: &mut Vec<Edit>) {
    let entries = shape.entries(open);
    let is_named = |entry: &Range<usize>| {
        shape.word(Some(entry.start)) == "[" || shape.word(Some(entry.start + 1)) == "=" && entry.len() > 1
    };
    if entries.len() < 2 || entries.iter().any(is_named) {
        return;
    }
    let is_word = |entry: &Range<usize>| {
        entry.len() == 1 && shape.at(entry.start).is_some_and(|token| token.kind == Kind::Text)
    };
    let is_list = is_plan(shape, open) || entries.iter().all(is_word);
    for entry in entries.iter().filter(|_| is_list) {
        let range = shape.bytes_with_separator(open, entry);
        edits.push(Edit { operator: Operator::Entry, at: entry.start, range, to: String::new() });
    }
}

/// Whether a table is what `prove`, `all` or `any` are given, or a list inside of it.
fn is_plan(shape: &Shape<'_>, open: usize) -> bool {
    let is_word = |at: Option<usize>| matches!(shape.word(at), "prove" | "all" | "any");
    let around = shape.within(open);
    is_word(open.checked_sub(1))
        || around.is_some_and(|around| shape.word(Some(around)) == "(" && is_word(around.checked_sub(1)))
}

/// `escalate { to = …, because = X }` as `deny { because = X }`.
fn escalation(shape: &Shape<'_>, at: usize) -> Option<Edit> {
    let open = shape.table_of_call(at)?;
    let fields = shape.fields(open);
    let because = fields.iter().find(|field| field.name == "because")?.value;
    let range = shape.bytes(at..shape.close(open)? + 1);
    let between = shape.text.get(shape.bytes(at..at + 1).end..shape.at(open)?.start)?;
    let to = format!("deny{between}{{ because = {because} }}");
    Some(Edit { operator: Operator::Verdict, at, range, to })
}

/// `deny X` or `deny { because = X }` as `escalate { to = "support", because = X }`.
fn denial(shape: &Shape<'_>, at: usize) -> Option<Edit> {
    let next = shape.at(at + 1)?;
    let (because, last) = match (shape.table_of_call(at), next.text) {
        (Some(open), first) => {
            let fields = shape.fields(open);
            let last = if first == "(" { shape.close(at + 1)? } else { shape.close(open)? };
            (fields.iter().find(|field| field.name == "because")?.value, last)
        }
        (None, "(") => {
            let close = shape.close(at + 1)?;
            (shape.text.get(shape.bytes(at + 2..close)).filter(|inner| !inner.is_empty())?, close)
        }
        (None, _) => (shape.at(at + 1).filter(|text| text.kind == Kind::Text)?.text, at + 1),
    };
    let to = format!("escalate {{ to = \"support\", because = {because} }}");
    Some(Edit { operator: Operator::Verdict, at, range: shape.bytes(at..last + 1), to })
}

/// Drops what an outcome adds to the usual one; sets its flags always.
fn outcome(shape: &Shape<'_>, at: usize, edits: &mut Vec<Edit>) {
    let Some(open) = shape.table_of_call(at) else { return };
    for field in shape.fields(open) {
        let is_flag = matches!(field.name, "force_password_change" | "revoke_sessions");
        let is_span = matches!(field.name, "hold" | "enroll_within");
        let is_literal = matches!(field.value, "true" | "false" | "nil");
        if is_literal || !(is_flag || is_span) {
            continue;
        }
        let at = field.entry.start;
        let range = shape.bytes_with_separator(open, &field.entry);
        edits.push(Edit { operator: Operator::Field, at, range, to: String::new() });
        if is_flag {
            let to = "true".to_owned();
            edits.push(Edit { operator: Operator::Field, at: at + 2, range: field.value_range, to });
        }
    }
}
