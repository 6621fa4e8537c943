//! Texts that strangers wrote, made harmless for the eye: what cannot be seen, and what turns the order of letters
//! round, is shown by its number. HTML is maud's to escape.

/// The text with every hidden character shown as `\u{202E}`. Line breaks stay where lines are wanted.
pub(super) fn plain(text: &str, lines: Lines) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && !(c == '\n' && lines == Lines::Many) {
            shown.push_str(&format!("\\u{{{:04X}}}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// On one line, or on several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// Control characters; marks, embeddings and overrides of direction (UAX #9); what takes no room; tags; line ends that
/// are not `\n`. The joiners U+200C and U+200D are part of how some scripts are written, and stay.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}'
                | '\u{061C}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{180E}'
                | '\u{200B}'
                | '\u{200E}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_shown() {
        for (written, shown) in [
            ("plain – text, ünïcode, 日本語, שלום", "plain – text, ünïcode, 日本語, שלום"),
            ("a\u{202E}b", "a\\u{202E}b"),
            ("\u{2066}x\u{2069}\u{200F}", "\\u{2066}x\\u{2069}\\u{200F}"),
            ("a\u{200B}\u{FEFF}", "a\\u{200B}\\u{FEFF}"),
            ("bell\u{7}esc\u{1b}[2J", "bell\\u{0007}esc\\u{001B}[2J"),
            ("\u{E0041}", "\\u{E0041}"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("a\nb\r\n", "a\\u{000A}b\\u{000D}\\u{000A}"),
        ] {
            assert_eq!(plain(written, Lines::One), shown);
        }
        assert_eq!(plain("a\nb\r\n\u{2028}", Lines::Many), "a\nb\\u{000D}\n\\u{2028}");
    }
}
