//! What a policy has of Luau's own libraries.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::workbench::lex::{Kind, tokens};

/// The trusted half of the policy host, which takes everything else away.
const PRELUDE: &str = include_str!("../../prelude.luau");

/// The names that stay in a library: what `keep(library, { "name", … })` lists in the prelude. Nothing for a library
/// that stays as it is, or that is none.
pub(super) fn kept(library: &str) -> Option<&'static [&'static str]> {
    static KEPT: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
        ["string", "table", "math", "utf8"]
            .into_iter()
            .filter_map(|library| Some((library, listed(library)?)))
            .collect()
    });
    KEPT.get(library).map(Vec::as_slice)
}

fn listed(library: &str) -> Option<Vec<&'static str>> {
    let tokens = tokens(PRELUDE);
    let call = |at: usize| {
        let words = tokens.get(at..at + 3)?;
        matches!(words, [keep, open, name] if keep.text == "keep" && open.text == "(" && name.text == library)
            .then_some(at + 3)
    };
    let start = (0..tokens.len()).find_map(call)?;
    let list = tokens.iter().skip(start).take_while(|token| token.text != "}");
    let names = list.filter(|token| token.kind == Kind::Text).map(|token| token.text.trim_matches('"'));
    Some(names.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prelude_says_what_stays() {
        let math = kept("math").expect("a library");
        assert!(math.contains(&"floor") && !math.contains(&"random"), "{math:?}");
        assert!(kept("table").is_some_and(|names| names.contains(&"insert")));
        assert_eq!([kept("bit32"), kept("os")], [None, None]);
    }
}
