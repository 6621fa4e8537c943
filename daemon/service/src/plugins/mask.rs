//! Keeps addresses, numbers and digits that a plugin writes out of the log and the journal.
//!
//! A well-made plugin never writes them; this is for the other ones, and for what providers put into their answers.

/// What stands where something was taken out.
pub(super) const MASK: &str = "•••";

/// The text in one line of at most `most` characters, with what looks like an address, a number or a code masked.
pub(super) fn cleaned(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let masked = masked_digits(&masked_addresses(line.trim()));
    if masked.chars().nth(most).is_none() {
        return masked;
    }
    masked.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn masked_addresses(line: &str) -> String {
    let mut cleaned = Vec::new();
    for word in line.split(' ') {
        match word.find('@') {
            None => cleaned.push(word.to_owned()),
            Some(_) => {
                let kept: String = word.chars().rev().take_while(char::is_ascii_punctuation).collect();
                let tail: String = kept.chars().rev().filter(|c| ",;:.!?".contains(*c)).collect();
                cleaned.push(format!("{MASK}{tail}"));
            }
        }
    }
    cleaned.join(" ")
}

/// Masks a run of five or more digits, and anything from a `+` on that has seven or more in groups. A run that
/// touches a letter is an id, not a number.
fn masked_digits(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut cleaned = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let after_letter =
            at.checked_sub(1).and_then(|before| chars.get(before)).is_some_and(|c| c.is_alphanumeric());
        let grouped = c == '+';
        if after_letter || !(grouped || c.is_ascii_digit()) {
            cleaned.push(c);
            at += 1;
            continue;
        }
        let belongs = |c: &&char| c.is_ascii_digit() || grouped && "+ -().".contains(**c);
        let run: Vec<char> = chars.iter().skip(at).take_while(belongs).copied().collect();
        let digits = run.iter().filter(|c| c.is_ascii_digit()).count();
        let before_letter = chars.get(at + run.len()).is_some_and(|c| c.is_alphabetic());
        let hidden = if grouped { digits >= 7 } else { digits >= 5 && !before_letter };
        if hidden {
            cleaned.push_str(MASK);
            if run.last() == Some(&' ') {
                cleaned.push(' ');
            }
        } else {
            cleaned.extend(&run);
        }
        at += run.len();
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_numbers_and_codes_are_masked_and_the_rest_is_kept() {
        let table = [
            ("550 5.1.1 user unknown", "550 5.1.1 user unknown"),
            ("to <ada@example.org>, refused", "to •••, refused"),
            ("dialling +1 (415) 555-0123 now", "dialling ••• now"),
            ("got 123456.", "got •••."),
            ("503 from 10.0.0.1:5061 after 1200 ms", "503 from 10.0.0.1:5061 after 1200 ms"),
            (
                "call 9f86d081884c7d65 at 2026-11-22T18:00:00Z",
                "call 9f86d081884c7d65 at 2026-11-22T18:00:00Z",
            ),
            ("two\r\nlines\u{1b}[31m", "two  lines [31m"),
            ("+5 retries", "+5 retries"),
        ];
        for (text, wanted) in table {
            assert_eq!(cleaned(text, 200), wanted);
        }
    }

    #[test]
    fn a_text_is_cut_past_the_limit_and_not_at_it() {
        assert_eq!(cleaned("ééé", 3), "ééé");
        assert_eq!(cleaned("éééé", 3), "éé…");
    }
}
