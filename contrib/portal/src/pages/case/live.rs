//! Parts of the page that the script puts in the place of older ones, each known by its id and by what it says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{Markup, html};
use sha2::{Digest as _, Sha256};

/// A part of the page that changes as a whole. `say` is read out when it does; empty for nothing.
pub(super) fn part(id: &str, say: &str, content: &Markup) -> Markup {
    let say = (!say.is_empty()).then_some(say);
    html! { div id=(id) data-live=(version(&content.0)) data-say=[say] { (content) } }
}

/// The same as the heading of a step.
pub(super) fn heading(id: &str, say: &str, content: &Markup) -> Markup {
    let say = (!say.is_empty()).then_some(say);
    html! { h2 id=(id) tabindex="-1" data-live=(version(&content.0)) data-say=[say] { (content) } }
}

/// What tells one content from another: not how long there is to wait, which the script counts by itself.
fn version(content: &str) -> String {
    let mut hash = Sha256::new();
    for (at, piece) in content.split("data-until=\"").enumerate() {
        let counted = if at == 0 { None } else { piece.split_once('<') };
        match counted.and_then(|(until, rest)| Some((until.split_once('>')?.0, rest))) {
            Some((until, rest)) => hash.update([until, rest].join("<")),
            None => hash.update(piece),
        }
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..9])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_another_when_it_says_another_thing_and_not_when_time_goes_by() {
        let one = |until: u64, wait: &str, more: &str| {
            version(&html! { p { "Wait " span data-until=(until) { (wait) } " more" } (more) }.0)
        };
        assert_eq!(one(7, "30 seconds", ""), one(7, "3 seconds", ""));
        assert_ne!(one(7, "30 seconds", ""), one(8, "30 seconds", ""));
        assert_ne!(one(7, "30 seconds", ""), one(7, "30 seconds", "x"));
        assert_ne!(version("a"), version("b"));
    }
}
