//! Answers that are made and thrown away: `deny "…"` where `return deny "…"` is meant.

use super::finding::Finding;
use super::place;
use crate::limits::MAX_TOKENS_AHEAD;
use crate::workbench::lex::{Kind, Token};

/// The words that make an answer or a part of one.
const ANSWERS: [&str; 8] = ["prove", "all", "any", "approvals", "escalate", "deny", "retry", "outcome"];

/// Words after which an expression goes on.
const OPEN_ENDS: [&str; 11] =
    ["and", "or", "not", "return", "in", "if", "elseif", "while", "until", "function", "local"];

/// The answers of a file that nobody is given.
pub(super) fn findings(file: &str, tokens: &[Token<'_>]) -> Vec<Finding> {
    let is_lost = |at: &usize| {
        let word =
            tokens.get(*at).is_some_and(|token| token.kind == Kind::Name && ANSWERS.contains(&token.text));
        let is_call =
            tokens.get(at + 1).is_some_and(|next| matches!(next.text, "(" | "{") || next.kind == Kind::Text);
        word && is_call && begins_statement(tokens, *at)
    };
    let lost = (0..tokens.len()).filter(is_lost).filter_map(|at| tokens.get(at));
    lost.map(|token| {
        let message =
            format!("this answer is made and thrown away: nothing is done with what `{}` gives", token.text);
        Finding::error(file, Some(place::of_token(token)), message)
            .with_hint(format!("write `return {} …`", token.text))
    })
    .collect()
}

/// Whether a name begins a statement, and is not what an expression goes on with.
fn begins_statement(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|before| tokens.get(before)) else { return true };
    match (before.kind, before.text) {
        (Kind::Name, "then" | "else") => !is_expression(tokens, at - 1),
        (Kind::Name, word) => !OPEN_ENDS.contains(&word),
        (Kind::Symbol, symbol) => matches!(symbol, ")" | "}" | "]" | ";"),
        (Kind::Number | Kind::Text, _) => true,
    }
}

/// Whether the `then` or `else` at a place belongs to an `if` that is a value. What goes on for too long is taken for one.
fn is_expression(tokens: &[Token<'_>], at: usize) -> bool {
    let mut end = at;
    let from = at.saturating_sub(MAX_TOKENS_AHEAD);
    loop {
        let head = tokens.get(from..end).unwrap_or_default();
        let Some(start) = head.iter().rposition(|token| token.kind == Kind::Name && token.text == "if")
        else {
            return true;
        };
        let Some(before) = start.checked_sub(1).and_then(|before| head.get(before)) else { return from > 0 };
        match (before.kind, before.text) {
            (Kind::Name, "else" | "then") => end = from + start - 1,
            (Kind::Name, word) => return OPEN_ENDS.contains(&word),
            (Kind::Symbol, symbol) => return !matches!(symbol, ")" | "}" | "]" | ";"),
            (Kind::Number | Kind::Text, _) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::lex::tokens;

    fn columns(text: &str) -> Vec<u32> {
        findings("x.lua", &tokens(text))
            .iter()
            .filter_map(|finding| finding.place)
            .map(|place| place.column)
            .collect()
    }

    #[test]
    fn what_is_thrown_away_is_found() {
        let table: [(&str, &[u32]); 8] = [
            ("function f(case) deny \"x\" end", &[18]),
            ("if x then deny \"x\" end prove { \"email\" }", &[11, 24]),
            ("local y = x retry { after = 1 }", &[13]),
            ("if x then return 1 elseif y then outcome {} else escalate(to) end", &[34, 50]),
            ("f() prove { any(2, { \"a\" }) } return nil", &[5]),
            ("x = 1; approvals(2)", &[8]),
            ("do deny { because = \"x\" } end", &[4]),
            ("repeat deny \"x\" until false", &[8]),
        ];
        for (text, wanted) in table {
            assert_eq!(columns(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_given_on_is_left_alone() {
        for text in [
            "return deny \"x\"",
            "return if x then deny \"x\" elseif y then retry { after = 1 } else escalate(to)",
            "local v = if x then prove { \"a\" } else if y then deny \"x\" else deny \"y\"",
            "local v = x and deny \"x\" or deny \"y\"",
            "f(deny \"x\", prove { all { \"a\" }, any(2, { \"b\" }) })",
            "local deny = 1 local function prove(x) end",
            "return function() return outcome {} end, not prove",
            "x.deny \"y\" x:prove(z) deny = 5",
            "if deny then elseif prove then end",
        ] {
            assert_eq!(columns(text), [] as [u32; 0], "{text}");
        }
    }
}
