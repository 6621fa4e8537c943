//! "Did you mean": the known word nearest to a misspelt one.

/// Words longer than this many bytes are no slips of the pen.
const LONGEST_WORD: usize = 64;

/// The choice that is at most two edits (and fewer than half the letters) away from `word`, the nearest first.
pub(crate) fn nearest<'a>(word: &str, choices: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let limit = (word.chars().count() / 2).min(2);
    choices
        .into_iter()
        .map(|choice| (distance(word, choice, limit), choice))
        .filter(|(edits, _)| *edits <= limit)
        .min()
        .map(|(_, choice)| choice.to_owned())
}

/// Edits between two words, an exchange of two neighbours counted as one (optimal string alignment). Words whose
/// lengths alone differ by more than `limit` are not compared.
fn distance(left: &str, right: &str, limit: usize) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    if left.len().abs_diff(right.len()) > limit {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (row, a) in left.iter().enumerate() {
        let above = &rows[row];
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(a != b);
            let mut edits = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                edits = edits.min(rows[row - 1][column - 1] + 1);
            }
            current.push(edits);
        }
        rows.push(current);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_a_far_one_is_not() {
        let words = ["email", "voice", "password", "recovery_code", "totp"];
        let table = [
            ("emial", Some("email")),
            ("e-mail", Some("email")),
            ("vioce", Some("voice")),
            ("pasword", Some("password")),
            ("recovery_codes", Some("recovery_code")),
            ("fax", None),
            ("x", None),
            ("", None),
            ("emailemailemailemailemailemailemailemailemailemailemailemailemail", None),
        ];
        for (word, wanted) in table {
            assert_eq!(nearest(word, words).as_deref(), wanted, "{word:?}");
        }
    }
}
