//! Kinds of numbers that are never called, whatever `regions` says: somebody earns on each call to them, or no person
//! answers there. What is what comes from libphonenumber's data.

use phonenumber::Type;
use phonenumber::metadata::DATABASE;

use crate::number::Number;

/// The kind of a number that is never called, in words.
pub fn never_called(number: &Number) -> Option<&'static str> {
    // It reads letters as digits and much else; a `Number` is E.164 already.
    let parsed = phonenumber::parse(None, number.as_str()).ok()?;
    match parsed.number_type(&DATABASE) {
        Type::PremiumRate => Some("a premium-rate number"),
        Type::SharedCost => Some("a shared-cost number"),
        Type::PersonalNumber => Some("a personal number, whose calls are passed on at a price"),
        Type::Pager => Some("a pager"),
        Type::Uan => Some("a company's access number"),
        Type::Voicemail => Some("a voicemail access number"),
        Type::Emergency => Some("an emergency number"),
        Type::ShortCode => Some("a short code"),
        // What it does not know is no reason: it does not know every number of Italy.
        _ => None,
    }
}

/// Loads the data.
pub fn load() {
    // It is loaded by being looked at.
    let _database: &phonenumber::metadata::Database = &DATABASE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dear_numbers_are_known_by_their_kind() {
        let table = [
            ("+19005550123", Some("premium")),
            ("+449098790000", Some("premium")),
            ("+448712345678", Some("premium")),
            ("+33899123456", Some("premium")),
            ("+491805123456", Some("shared-cost")),
            ("+447012345678", Some("personal")),
            ("+447640123456", Some("pager")),
            ("+14155550123", None),
            ("+447912345678", None),
            ("+4915112345678", None),
            ("+390612345678", None),
            ("+15551234567", None),
        ];
        for (number, kind) in table {
            let found = never_called(&Number::parse(number).unwrap());
            assert!(found.is_some() == kind.is_some(), "{number}: {found:?}");
            assert!(found.unwrap_or_default().contains(kind.unwrap_or_default()), "{number}: {found:?}");
        }
    }
}
