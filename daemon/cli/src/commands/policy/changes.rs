//! What changes from one set of policies to another, as text: weakened first, each change once, and under it where it
//! happens.

use std::fmt::Write as _;

use readmit_policy::workbench::compare::{Change, Effect};
use serde_json::{Value, json};

use crate::failure::{Failure, Kind};
use crate::output::{Style, plain};

/// One place where something changes.
pub struct Place<'a> {
    /// What changes.
    pub change: &'a Change,
    /// Where.
    pub place: String,
    /// How often.
    pub count: u64,
    /// More about it, a line each.
    pub more: Vec<String>,
}

/// The changes, in their order; `noun` is what is counted.
#[must_use]
pub fn told(places: &[Place<'_>], noun: &str, style: Style) -> String {
    let mut text = String::new();
    for effect in Effect::ALL {
        let of_effect: Vec<_> = places.iter().filter(|place| place.change.effect() == effect).collect();
        if of_effect.is_empty() {
            continue;
        }
        let total: u64 = of_effect.iter().map(|place| place.count).sum();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{}  {}", heading(effect, style), many(total, noun));
        let mut told: Vec<&Change> = Vec::new();
        for Place { change, .. } in &of_effect {
            if !told.contains(change) {
                told.push(change);
                let _ = writeln!(text, "  {}", style.bold(&plain(&change.to_string())));
                let same = of_effect.iter().filter(|other| other.change == *change);
                same.for_each(|place| text += &one(place, style));
            }
        }
    }
    text
}

fn one(place: &Place<'_>, style: Style) -> String {
    let mut text = format!("  {:>11}  {}\n", grouped(place.count), plain(&place.place));
    for line in &place.more {
        let _ = writeln!(text, "               {}", style.dim(&plain(line)));
    }
    text
}

fn heading(effect: Effect, style: Style) -> String {
    let word = effect.as_str().to_uppercase();
    match effect {
        Effect::Weaker | Effect::Failing => style.bad(&word),
        Effect::Stronger | Effect::Other | Effect::Same => style.bold(&word),
    }
}

/// What changes as JSON: its effect and its words.
#[must_use]
pub fn as_json(change: &Change) -> Value {
    let words: Vec<&str> = change.differences().iter().map(|difference| difference.words.as_str()).collect();
    json!({"effect": change.effect().as_str(), "words": words})
}

/// Exit code 1 for those who asked for it, if anything is weaker or fails.
///
/// # Errors
/// Something is.
pub fn judged(fail_if_weaker: bool, weaker: u64, failing: u64, noun: &str) -> Result<(), Failure> {
    if !fail_if_weaker || weaker + failing == 0 {
        return Ok(());
    }
    let message = match (weaker, failing) {
        (_, 0) => format!("the candidate is weaker for {}", many(weaker, noun)),
        (0, _) => format!("the candidate fails for {}", many(failing, noun)),
        (..) => {
            format!(
                "the candidate is weaker for {} and fails for {}",
                many(weaker, noun),
                many(failing, noun)
            )
        }
    };
    Err(Failure::new(Kind::Failed, message).with_hint(
        "if this is what you want, have it reviewed, and run the command without --fail-if-weaker",
    ))
}

/// `1 decision`, `12,345 decisions`.
#[must_use]
pub fn many(count: u64, noun: &str) -> String {
    let plural = match noun.strip_suffix("ss") {
        _ if count == 1 => noun.to_owned(),
        Some(_) => format!("{noun}es"),
        None => format!("{noun}s"),
    };
    format!("{} {plural}", grouped(count))
}

/// A number with a comma at each thousand.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (1_825_000, "1,825,000"), (12_345, "12,345")]
        {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(
            [many(1, "class"), many(2, "class"), many(1000, "case")],
            ["1 class", "2 classes", "1,000 cases"]
        );
    }
}
