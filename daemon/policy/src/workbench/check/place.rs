//! Where on a line the word is that a message is about.

use super::finding::Place;
use crate::workbench::lex::{Kind, Token, tokens};

/// The place of one word; of its first line if it has several.
pub(super) fn of_token(token: &Token<'_>) -> Place {
    let first = token.text.lines().next().unwrap_or_default();
    Place { line: token.line, column: token.column, width: u32::try_from(first.len()).unwrap_or(1).max(1) }
}

/// The place of several words, which begin with `first` and end with `last`, as far as they are on one line.
pub(super) fn of_tokens(first: &Token<'_>, last: &Token<'_>) -> Place {
    let place = of_token(first);
    if last.line != first.line || last.column < first.column {
        return place;
    }
    Place { width: last.column - first.column + of_token(last).width, ..place }
}

/// The place that a message of the policy host means: the word that it names, on the line that it names. Without a
/// line, it is the end of the file, where the table of hooks is returned, or the hook that it names.
pub(super) fn of_message(text: &str, line: Option<u32>, message: &str) -> Option<Place> {
    let tokens = tokens(text);
    let named: Vec<&str> = message.split('`').skip(1).step_by(2).chain(after_got(message)).collect();
    let is_named = |token: &&Token<'_>| {
        named.iter().any(|word| !word.is_empty() && (token.text == *word || token.literal() == Some(word)))
    };
    let Some(line) = line else {
        let mut hooks = tokens
            .windows(2)
            .filter(|pair| pair.first().is_some_and(|token| matches!(token.text, "." | "{" | ",")));
        let hook = hooks.find_map(|pair| pair.get(1).filter(is_named).map(of_token));
        let end = tokens.iter().rev().find(|token| token.kind == Kind::Name && token.text == "return");
        return hook.or_else(|| end.map(of_token));
    };
    let on_line = || tokens.iter().filter(move |token| token.line == line);
    let word = on_line().find(is_named).or_else(|| on_line().next()).map(of_token);
    word.or_else(|| {
        text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?).map(|_| Place {
            line,
            column: 1,
            width: 1,
        })
    })
}

/// The word that a syntax error stumbled over: `Expected …, got 'word'`.
fn after_got(message: &str) -> Option<&str> {
    message.rsplit_once("got '").and_then(|(_, word)| word.strip_suffix('\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_is_meant_is_found() {
        let text = "local p = {}\nfunction p.opne(case)\n  return prove { 'emial', \"voice\" }\nend\n\np.more = 1\nreturn p";
        let table = [
            (Some(3), "`emial` is no factor: did you mean `email`?", (3, 18, 7)),
            (Some(2), "`opne` is no hook", (2, 12, 4)),
            (Some(3), "something else", (3, 3, 6)),
            (Some(3), "Expected 'x', got '}'", (3, 35, 1)),
            (Some(5), "nothing is there", (5, 1, 1)),
            (None, "`more` is no hook", (6, 3, 4)),
            (None, "the policy has no function `open`", (7, 1, 6)),
        ];
        for (line, message, (at, column, width)) in table {
            let wanted = Place { line: at, column, width };
            assert_eq!(of_message(text, line, message), Some(wanted), "{message}");
        }
        assert_eq!(of_message(text, Some(99), "beyond"), None);
        assert_eq!(of_message("", None, "empty"), None);
    }
}
