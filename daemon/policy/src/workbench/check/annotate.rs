//! The types that a policy's author need not write: those of the hooks, and of the usual parameters of helpers.
//!
//! Without them the type checker would guess a type from what a function does with its parameter, and find fault with
//! the callers.

use std::collections::{BTreeMap, BTreeSet};

use readmit_recovery::facts::Hook;

use super::edits::Edit;
use super::tables;
use crate::limits::MAX_TOKENS_AHEAD;
use crate::workbench::lex::{Kind, Token};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It decides, so that it has hooks.
    Policy,
    /// Others require it.
    Module,
    /// It tests.
    Test,
}

/// The annotations that are missing in a text.
pub(super) fn annotations(tokens: &[Token<'_>], role: Role) -> Vec<Edit> {
    let scan = Scan { tokens, role, returned: returned(tokens), hooks: hooks_by_local(tokens) };
    let functions = tokens.iter().enumerate().filter(|(_, token)| is_word(token, "function"));
    let functions = functions.filter_map(|(at, _)| scan.function(at)).flatten();
    functions.chain(tables::annotations(tokens)).collect()
}

struct Scan<'a> {
    tokens: &'a [Token<'a>],
    role: Role,
    /// The table that the file returns, if it has a name.
    returned: Option<&'a str>,
    /// The local functions that are put into the table as hooks.
    hooks: BTreeMap<&'a str, Hook>,
}

/// What a function is called.
enum Called<'a> {
    /// Nothing: its type comes from where it is given to.
    Nothing,
    /// A local or global name, or the field of a table.
    Name(&'a str),
    /// `owner.field`.
    Field(&'a str, &'a str),
}

impl<'a> Scan<'a> {
    fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    /// The annotations of the function at a token; nothing if it is not understood.
    fn function(&self, at: usize) -> Option<Vec<Edit>> {
        let (called, open) = self.called(at)?;
        let (starts, close) = self.parameters(open)?;
        let hook = self.hook(&called);
        let is_nameless = matches!(called, Called::Nothing);
        if is_nameless && self.role != Role::Test {
            return None;
        }
        let mut edits = Vec::new();
        for (number, parameter) in starts.into_iter().enumerate() {
            let token = self.tokens.get(parameter)?;
            if token.text == "..." {
                break;
            }
            if token.kind != Kind::Name {
                return None;
            }
            // What has no name gets its types from whom it is given to, but for the case of an invariant.
            let is_given = is_nameless && token.text != "case";
            if self.word(parameter + 1) != ":" && !is_given {
                edits.push(Edit::insert(
                    token.range().end,
                    format!(": {}", self.parameter(hook, number, token.text)),
                ));
            }
        }
        if self.word(close + 1) != ":"
            && !is_nameless
            && let Some(answer) = self.answer(hook, close)
        {
            edits.push(Edit::insert(self.tokens.get(close)?.range().end, format!(": {answer}")));
        }
        Some(edits)
    }

    /// The name of the function at a token, and its opening bracket.
    fn called(&self, at: usize) -> Option<(Called<'a>, usize)> {
        let before = |steps: usize| at.checked_sub(steps).map_or("", |at| self.word(at));
        if self.word(at + 1) == "(" {
            let called = match (before(3), before(2), before(1)) {
                (".", field, "=") => Called::Field(before(4), field),
                (_, name, "=") => Called::Name(name),
                _ => Called::Nothing,
            };
            return Some((called, at + 1));
        }
        let name = self.word(at + 1);
        match self.word(at + 2) {
            "(" => Some((Called::Name(name), at + 2)),
            "." if self.word(at + 4) == "(" => Some((Called::Field(name, self.word(at + 3)), at + 4)),
            _ => None,
        }
    }

    fn hook(&self, called: &Called<'_>) -> Option<Hook> {
        if self.role != Role::Policy {
            return None;
        }
        match called {
            Called::Nothing => None,
            Called::Field(owner, field) if self.returned.is_none_or(|returned| returned == *owner) => {
                hook(field)
            }
            Called::Field(..) => None,
            Called::Name(name) => self.hooks.get(name).copied().or_else(|| hook(name)),
        }
    }

    fn parameter(&self, hook: Option<Hook>, number: usize, name: &str) -> &'static str {
        match (hook, number, name) {
            (Some(_), 0, _) => "Case",
            (Some(Hook::Proved), 1, _) => "Factor",
            (Some(Hook::Failed), 1, _) => "Failure",
            (Some(_), _, _) => "any",
            (None, _, "case") if self.role == Role::Test => "TestCase",
            (None, _, "case") => "Case",
            (None, _, "failure") => "Failure",
            (None, _, _) => "any",
        }
    }

    /// What a function returns. A helper that begins with `return` speaks for itself; one with several of them would be
    /// measured by the first.
    fn answer(&self, hook: Option<Hook>, close: usize) -> Option<&'static str> {
        match hook {
            Some(Hook::Open) => Some("Proof | Plan | Escalation | Denial"),
            // Any number of them, since saying nothing is an answer too.
            Some(Hook::Proved) => Some("...(Proof | Plan | Escalation | Denial | nil)"),
            Some(Hook::Failed) => Some("Retry | Escalation | Denial"),
            Some(Hook::Recovered) => Some("Outcome | Escalation | Denial"),
            None if self.word(close + 1) == "return" => None,
            None => Some("...any"),
        }
    }

    /// Where the parameters begin that stand in the bracket at a token, and the bracket that closes it.
    fn parameters(&self, open: usize) -> Option<(Vec<usize>, usize)> {
        let (mut depth, mut starts) = (0_usize, Vec::new());
        for (at, token) in self.tokens.iter().enumerate().skip(open).take(MAX_TOKENS_AHEAD) {
            if depth == 1 && token.text != ")" && matches!(self.word(at - 1), "(" | ",") {
                starts.push(at);
            }
            match token.text {
                "(" | "{" | "<" => depth += 1,
                ")" | "}" | ">" => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth == 0 {
                return Some((starts, at));
            }
        }
        None
    }
}

fn is_word(token: &Token<'_>, word: &str) -> bool {
    token.kind == Kind::Name && token.text == word
}

fn hook(name: &str) -> Option<Hook> {
    Hook::ALL.into_iter().find(|hook| hook.as_str() == name)
}

/// The name in `return name` at the end.
fn returned<'a>(tokens: &'a [Token<'a>]) -> Option<&'a str> {
    match tokens {
        [.., word, name] if is_word(word, "return") && name.kind == Kind::Name => Some(name.text),
        _ => None,
    }
}

/// `open = local_function`, as in a table or as an assignment to a field.
fn hooks_by_local<'a>(tokens: &'a [Token<'a>]) -> BTreeMap<&'a str, Hook> {
    let functions: BTreeSet<&str> = tokens
        .windows(2)
        .filter_map(|pair| match pair {
            [word, name] if is_word(word, "function") && name.kind == Kind::Name => Some(name.text),
            _ => None,
        })
        .collect();
    let bound = tokens.windows(3).filter_map(|words| match words {
        [field, equals, name] if equals.text == "=" && functions.contains(name.text) => {
            Some((name.text, hook(field.text)?))
        }
        _ => None,
    });
    bound.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::check::edits::Edited;
    use crate::workbench::lex::tokens;

    #[test]
    fn what_is_missing_is_put_in() {
        let open = "Proof | Plan | Escalation | Denial";
        let table = [
            (
                "function p.open(case) end return p",
                format!("function p.open(case: Case): {open} end return p"),
            ),
            (
                "function p.open(c: Case) end return p",
                format!("function p.open(c: Case): {open} end return p"),
            ),
            (
                "p.failed = function(case, why) end return p",
                "p.failed = function(case: Case, why: Failure): Retry | Escalation | Denial end return p"
                    .to_owned(),
            ),
            (
                "return { proved = function(_, f) end }",
                format!("return {{ proved = function(_: Case, f: Factor): ...({open} | nil) end }}"),
            ),
            (
                "local function ask(c): any end return { open = ask }",
                "local function ask(c: Case): any end return { open = ask }".to_owned(),
            ),
            (
                "local function why(case, n) return n end",
                "local function why(case: Case, n: any) return n end".to_owned(),
            ),
            (
                "local function wait(failure) if x then return 1 end end",
                "local function wait(failure: Failure): ...any if x then return 1 end end".to_owned(),
            ),
            (
                "function other.open(x) return 1 end return p",
                "function other.open(x: any) return 1 end return p".to_owned(),
            ),
            ("local function f(a: { b: number, c: any }, d, ...) return a end", {
                "local function f(a: { b: number, c: any }, d: any, ...) return a end".to_owned()
            }),
            ("pcall(function(a) end)", "pcall(function(a) end)".to_owned()),
            ("function p:open(a) end return p", "function p:open(a) end return p".to_owned()),
            ("function p.open(", "function p.open(".to_owned()),
            ("function", "function".to_owned()),
        ];
        for (text, wanted) in table {
            let words = tokens(text);
            assert_eq!(Edited::new(text, annotations(&words, Role::Policy)).text, wanted);
        }
        let test = tokens("local function prove(case) return 1 end");
        let edited = Edited::new("local function prove(case) return 1 end", annotations(&test, Role::Test));
        assert_eq!(edited.text, "local function prove(case: TestCase) return 1 end");
        let text = "invariant('x', function(case) return f(function(y) end) end)";
        let edited = Edited::new(text, annotations(&tokens(text), Role::Test));
        assert_eq!(edited.text, "invariant('x', function(case: TestCase) return f(function(y) end) end)");
    }
}
