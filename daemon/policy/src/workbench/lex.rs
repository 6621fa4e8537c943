//! The words of a Luau text, with their places.
//!
//! It is not a parser: what tests change, what `verify` compares with and what a reader is shown are single words.

use std::ops::Range;

/// What kind of word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Name,
    /// A number.
    Number,
    /// A text in quotes or long brackets, quotes included.
    Text,
    /// Anything else that is not blank: operators, brackets, commas.
    Symbol,
}

/// One word of a text. Comments and blanks are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// Its kind.
    pub kind: Kind,
    /// The word as it is written.
    pub text: &'a str,
    /// Where it begins, in bytes from the start.
    pub start: usize,
    /// Its line, counted from 1.
    pub line: u32,
    /// Its column in bytes, counted from 1.
    pub column: u32,
}

impl Token<'_> {
    /// The bytes of the word.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// What a text in simple quotes says, if it has no escapes.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        let inner = self.text.strip_prefix(['"', '\''])?.strip_suffix(['"', '\''])?;
        (self.kind == Kind::Text && !inner.contains('\\')).then_some(inner)
    }

    /// What a number in decimal says.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        (self.kind == Kind::Number).then(|| self.text.replace('_', "").parse().ok()).flatten()
    }
}

/// Symbols of more than one character, the longest first.
const SYMBOLS: [&str; 19] = [
    "...", "..=", "//=", "==", "~=", "<=", ">=", "..", "+=", "-=", "*=", "/=", "%=", "^=", "::", "->", "//",
    "&", "|",
];

/// Takes a text apart. A text that Luau would not compile gives words all the same: what cannot be read is a symbol.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut line, mut line_start) = (0, 1, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = next(rest);
        if let (Some(kind), Some(word)) = (kind, rest.get(..length)) {
            let column = u32::try_from(at - line_start + 1).unwrap_or(u32::MAX);
            tokens.push(Token { kind, text: word, start: at, line, column });
        }
        for (offset, _) in rest.get(..length).unwrap_or_default().match_indices('\n') {
            line += 1;
            line_start = at + offset + 1;
        }
        at += length;
    }
    tokens
}

/// The kind and the length in bytes of what stands first; no kind for blanks and comments.
fn next(rest: &str) -> (Option<Kind>, usize) {
    let first = rest.chars().next().unwrap_or(' ');
    let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
    if first.is_whitespace() {
        return (None, run(char::is_whitespace));
    }
    if let Some(comment) = rest.strip_prefix("--") {
        let long = long_bracket(comment).map(|length| length + 2);
        return (None, long.unwrap_or_else(|| rest.find('\n').unwrap_or(rest.len())));
    }
    if first.is_ascii_alphabetic() || first == '_' {
        return (Some(Kind::Name), run(|c| c.is_ascii_alphanumeric() || c == '_'));
    }
    let dotted = rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if first.is_ascii_digit() || dotted {
        return (Some(Kind::Number), number(rest));
    }
    if let Some(length) = long_bracket(rest) {
        return (Some(Kind::Text), length);
    }
    if matches!(first, '"' | '\'' | '`') {
        return (Some(Kind::Text), quoted(rest, first));
    }
    let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
    (Some(Kind::Symbol), symbol.map_or(first.len_utf8(), |symbol| symbol.len()))
}

fn number(rest: &str) -> usize {
    let mut end = 0;
    for (at, c) in rest.char_indices() {
        let signed =
            matches!(c, '+' | '-') && matches!(rest.as_bytes().get(at.wrapping_sub(1)), Some(b'e' | b'E'));
        // `1..x` joins texts; `0x` numbers have no exponent's sign.
        let joined = rest.get(at..).is_some_and(|rest| rest.starts_with(".."));
        let fits = c.is_ascii_alphanumeric() || c == '_' || c == '.' && !joined;
        if !(fits || signed && !rest.starts_with("0x")) {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// The length of a text from its quote to the same quote, or to the end of the line.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if quote != '`' => return at,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// The length of `[[ … ]]` or `[=[ … ]=]`, if one begins here.
fn long_bracket(rest: &str) -> Option<usize> {
    let level = rest.strip_prefix('[')?.chars().take_while(|c| *c == '=').count();
    rest.get(level + 1..)?.strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    Some(rest.find(&close).map_or(rest.len(), |at| at + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let text =
            "if a.b ~= \"x\\\"y\" then -- no\n  f(0x1F, 1.5e-3, 'ä', [==[long\n]]]==])..z --[[ c\n]] ::=1..2";
        let words: Vec<_> = tokens(text).iter().map(|token| token.text).collect();
        assert_eq!(
            words,
            [
                "if",
                "a",
                ".",
                "b",
                "~=",
                "\"x\\\"y\"",
                "then",
                "f",
                "(",
                "0x1F",
                ",",
                "1.5e-3",
                ",",
                "'ä'",
                ",",
                "[==[long\n]]]==]",
                ")",
                "..",
                "z",
                "::",
                "=",
                "1",
                "..",
                "2"
            ]
        );
        let place = |word| {
            tokens(text).into_iter().find(|token| token.text == word).map(|token| (token.line, token.column))
        };
        assert_eq!([place("if"), place("0x1F"), place("z")], [Some((1, 1)), Some((2, 5)), Some((3, 10))]);
    }

    #[test]
    fn the_words_of_the_shipped_policy_make_it_up() {
        let text = include_str!("../../../../policies/default.lua");
        let mut end = 0;
        for token in tokens(text) {
            assert_eq!(text.get(token.range()), Some(token.text));
            assert!(token.start >= end, "in order");
            end = token.range().end;
        }
        let numbers: Vec<_> = tokens(text).iter().filter_map(Token::number).collect();
        assert_eq!(numbers, [1.0, 3.0, 7.0, 24.0]);
        assert!(tokens(text).iter().any(|token| token.literal() == Some("member")));
    }

    #[test]
    fn any_text_is_taken_apart() {
        for text in ["", "\"", "[[", "--[[", "`a", "é", "\u{0}", "1e", "[=", "'\\"] {
            let words = tokens(text);
            assert!(words.iter().all(|token| text.get(token.range()) == Some(token.text)), "{text:?}");
        }
    }
}
