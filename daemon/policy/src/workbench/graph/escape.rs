//! Texts of policies inside other languages. Whatever a text holds, it stays a text.

/// The longest text in a picture, in characters.
const LONGEST: usize = 4000;

/// A text as it may be shown: of bounded length, without control characters and what turns the direction of writing.
pub(super) fn shown(text: &str) -> String {
    let is_safe = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
            && (u32::from(c) & 0xfffe) != 0xfffe
    };
    let mut shown: String =
        text.chars().take(LONGEST).map(|c| if is_safe(c) { c } else { '\u{fffd}' }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// Inside an XML element or attribute.
pub(super) fn xml(text: &str) -> String {
    escaped(text, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    })
}

/// Inside a double-quoted string of Graphviz, where a backslash begins an escape of its own.
pub(super) fn dot(text: &str) -> String {
    escaped(text, |c| match c {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        _ => None,
    })
}

/// Inside a double-quoted label of Mermaid, which knows numbered entities and takes apart what looks like HTML,
/// Markdown or a directive.
pub(super) fn mermaid(text: &str) -> String {
    let mut escaped = String::new();
    for c in shown(text).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | ',' | '.' | ':' | '-' | '\u{fffd}' | '…') {
            escaped.push(c);
        } else {
            escaped += &format!("#{};", u32::from(c));
        }
    }
    escaped
}

fn escaped(text: &str, entity: impl Fn(char) -> Option<&'static str>) -> String {
    let mut escaped = String::new();
    for c in shown(text).chars() {
        match entity(c) {
            Some(entity) => escaped += entity,
            None => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_stay_texts() {
        let text = "a\"b'<script>&\\N\n\u{202e}%%{init}%%`#";
        assert_eq!(xml(text), "a&quot;b&#39;&lt;script&gt;&amp;\\N\u{fffd}\u{fffd}%%{init}%%`#");
        assert_eq!(dot(text), "a\\\"b'<script>&\\\\N\u{fffd}\u{fffd}%%{init}%%`#");
        assert_eq!(
            mermaid(text),
            "a#34;b#39;#60;script#62;#38;#92;N\u{fffd}\u{fffd}#37;#37;#123;init#125;#37;#37;#96;#35;"
        );
        assert_eq!(shown(&"x".repeat(LONGEST + 2)).chars().count(), LONGEST + 1);
    }
}
