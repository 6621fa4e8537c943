//! What a text or a number stands for that a policy writes or gives a name to.

use std::collections::BTreeMap;

use crate::workbench::lex::{Kind, Token};

/// Seconds in the units that a policy writes durations in.
pub(super) const UNITS: [(&str, u64); 4] =
    [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86_400)];

/// What a `local` name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Named {
    Text(String),
    Number(u64),
}

/// What the names of `local name = constant` stand for; a name that is given twice stands for nothing.
pub(super) fn named<'a>(words: &[Token<'a>]) -> BTreeMap<&'a str, Named> {
    let mut names: BTreeMap<&str, Option<Named>> = BTreeMap::new();
    for (at, four) in words.windows(4).enumerate() {
        let [local, name, equals, value] = four else { continue };
        if local.text != "local" || name.kind != Kind::Name || equals.text != "=" {
            continue;
        }
        let span =
            span_at(words, &BTreeMap::new(), at + 3).map(|(seconds, end)| (Named::Number(seconds), end));
        let (named, end) = span.map_or_else(|| (constant(value), at + 4), |(named, end)| (Some(named), end));
        let ends =
            words.get(end).is_none_or(|next| next.kind == Kind::Name && !matches!(next.text, "and" | "or"));
        let named = named.filter(|_| ends);
        let is_new = !names.contains_key(name.text);
        names.insert(name.text, named.filter(|_| is_new));
    }
    // What is given another value later is no constant.
    for three in words.windows(2) {
        let [name, equals] = three else { continue };
        let is_local = words
            .iter()
            .take_while(|word| word.start < name.start)
            .last()
            .is_some_and(|word| word.text == "local");
        if matches!(equals.text, "=" | "+=" | "-=" | "*=") && !is_local {
            names.remove(name.text);
        }
    }
    names.into_iter().filter_map(|(name, named)| Some((name, named?))).collect()
}

/// The duration in seconds that is written at `at`, and where it ends: `days(30)`, `2 * hours(1)`, `3600`, a name.
pub(super) fn span_at(words: &[Token<'_>], names: &BTreeMap<&str, Named>, at: usize) -> Option<(u64, usize)> {
    let is = |at: usize, text: &str| words.get(at).is_some_and(|word| word.text == text);
    let (mut seconds, mut at) = (1_u64, at);
    loop {
        let word = words.get(at)?;
        let unit = UNITS.iter().find(|(unit, _)| *unit == word.text && is(at + 1, "(") && is(at + 3, ")"));
        let (factor, end) = match unit {
            Some((_, unit)) => {
                let number = words.get(at + 2).and_then(Token::number).and_then(whole)?;
                (number.saturating_mul(*unit), at + 4)
            }
            None => match constant(word).or_else(|| names.get(word.text).cloned())? {
                Named::Number(number) => (number, at + 1),
                Named::Text(_) => return None,
            },
        };
        seconds = seconds.saturating_mul(factor);
        at = end;
        if !is(at, "*") {
            return Some((seconds, at));
        }
        at += 1;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the condition bounds it")]
pub(super) fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=1e12).contains(&number)).then_some(number as u64)
}

/// What a word says by itself.
pub(super) fn constant(word: &Token<'_>) -> Option<Named> {
    let text = word.literal().map(|text| Named::Text(text.to_owned()));
    text.or_else(|| word.number().and_then(whole).map(Named::Number))
}
