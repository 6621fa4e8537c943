//! The types of tables that begin as less than they become.

use std::collections::BTreeSet;

use super::edits::Edit;
use crate::workbench::lex::{Kind, Token};

/// The types of `local name = { … }`, where what is done with a table later says more than what it begins with: it is
/// given to `outcome`, looked up by what is only known in a case, or has more put into it.
pub(super) fn annotations(tokens: &[Token<'_>]) -> Vec<Edit> {
    let uses = Uses::of(tokens);
    tokens.windows(5).filter_map(|words| uses.annotation(words)).collect()
}

/// What is done with the names of a text, wherever.
#[derive(Default)]
struct Uses<'a> {
    outcomes: BTreeSet<&'a str>,
    grown: BTreeSet<&'a str>,
    looked_up: BTreeSet<&'a str>,
}

impl<'a> Uses<'a> {
    fn of(tokens: &'a [Token<'a>]) -> Self {
        let mut uses = Self::default();
        for words in tokens.windows(5) {
            let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
            match texts.as_slice() {
                ["table", ".", "insert", "(", name] => uses.grown.insert(name),
                ["outcome", "(", name, ")", _] => uses.outcomes.insert(name),
                [name, "[", "#", other, _] if name == other => uses.grown.insert(name),
                [name, "[", _, _, _] if words.get(2).is_some_and(|key| key.kind == Kind::Name) => {
                    uses.looked_up.insert(name)
                }
                _ => continue,
            };
        }
        uses
    }

    fn annotation(&self, words: &[Token<'_>]) -> Option<Edit> {
        let [local, name, equals, open, first] = words else { return None };
        if local.text != "local" || name.kind != Kind::Name || equals.text != "=" || open.text != "{" {
            return None;
        }
        let of = if self.outcomes.contains(name.text) {
            "OutcomeTable"
        } else if self.looked_up.contains(name.text) {
            "{ [any]: any }"
        } else if self.grown.contains(name.text) || first.text == "{" {
            "{ any }"
        } else {
            return None;
        };
        Some(Edit::insert(name.range().end, format!(": {of}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::check::edits::Edited;
    use crate::workbench::lex::tokens;

    #[test]
    fn tables_are_what_they_become() {
        let table = [
            ("local a = { 'x' } table.insert(a, 1)", "local a: { any } = { 'x' } table.insert(a, 1)"),
            ("local b = {} b[#b + 1] = 2", "local b: { any } = {} b[#b + 1] = 2"),
            ("local c = { {}, {} } c.x = 3", "local c: { any } = { {}, {} } c.x = 3"),
            ("local d = { x = 1 } f(d[z])", "local d: { [any]: any } = { x = 1 } f(d[z])"),
            ("local e = { y = 1 } outcome(e) end", "local e: OutcomeTable = { y = 1 } outcome(e) end"),
            ("local f = { y = 1 } g(f.y, f['y'])", "local f = { y = 1 } g(f.y, f['y'])"),
            ("local g: T = {} table.insert(g, 1)", "local g: T = {} table.insert(g, 1)"),
            ("local h, i = {} h[i] = 1 + 1", "local h, i = {} h[i] = 1 + 1"),
        ];
        for (text, wanted) in table {
            assert_eq!(Edited::new(text, annotations(&tokens(text))).text, wanted);
        }
    }
}
