//! Phone numbers as people write them, as E.164.
//!
//! The data behind it takes a moment to be read, so it is not before the first number.

use std::str::FromStr;

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber};
use thiserror::Error;

use crate::limits::NUMBER_CHARS;

/// A country, as a CLDR region: what a number without `+` is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(phonenumber::country::Id);

impl FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.to_ascii_uppercase()
            .parse()
            .map(Self)
            .map_err(|_| "use two letters for a country (ISO 3166-1), such as US, GB or DE".to_owned())
    }
}

/// A number that can be dialled from everywhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Number {
    /// `+` and digits.
    pub e164: String,
    /// The country of a number that was written without its code.
    pub country: Option<String>,
    /// What somebody should look at.
    pub note: Option<&'static str>,
}

/// Why a text is no number. It quotes nothing of it.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum NotANumber {
    /// A letter O for a zero dials somebody else.
    #[error("a number holds something else than digits, spaces and ( ) - . /")]
    Letters,
    /// Without `+`, and nobody said in which country.
    #[error(
        "a number does not begin with + and a country code: write it so, or name the country with --region"
    )]
    NoRegion,
    /// The numbering plan has no such number.
    #[error(
        "a number cannot be one of its country: too many or too few digits, or an area that does not exist"
    )]
    Impossible,
}

/// The number as E.164.
///
/// # Errors
/// [`NotANumber`].
pub fn e164(text: &str, region: Option<Region>) -> Result<Number, NotANumber> {
    let text = text.trim();
    let (is_international, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let separates = |c: char| matches!(c, ' ' | '\u{a0}' | '(' | ')' | '-' | '.' | '/');
    if text.chars().count() > NUMBER_CHARS || !rest.chars().all(|c| c.is_ascii_digit() || separates(c)) {
        return Err(NotANumber::Letters);
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if is_international {
        let number = parse(None, &format!("+{digits}"))?;
        let code = number.country().code();
        if KEEPS_ZERO.contains(&code) {
            let national = digits.strip_prefix(&code.to_string()).unwrap_or(&digits);
            return with_its_zero(code, national, None);
        }
        is_possible(&number)?;
        let note =
            (!number.is_valid()).then_some("no range of numbers is known that holds one of them: call it");
        return Ok(Number { e164: written(&number)?, country: None, note });
    }
    let region = region.ok_or(NotANumber::NoRegion)?;
    let number = parse(Some(region), &digits)?;
    let code = number.country().code();
    if KEEPS_ZERO.contains(&code) {
        return with_its_zero(code, &digits, Some(region.0.as_ref().to_owned()));
    }
    if !number.is_valid() {
        return Err(NotANumber::Impossible);
    }
    let country = number.country().id().map(|id| id.as_ref().to_owned());
    Ok(Number { e164: written(&number)?, country, note: None })
}

/// Country codes (Italy, San Marino) whose numbers keep their first zero abroad. The library's ranges know nothing of
/// fixed lines there, so that only the length is looked at.
const KEEPS_ZERO: [u16; 2] = [39, 378];

fn with_its_zero(code: u16, national: &str, country: Option<String>) -> Result<Number, NotANumber> {
    if !(6..=11).contains(&national.len()) {
        return Err(NotANumber::Impossible);
    }
    let e164 = format!("+{code}{national}");
    readmit_recovery::address::PhoneNumber::parse(&e164).map_err(|_| NotANumber::Impossible)?;
    Ok(Number { e164, country, note: None })
}

fn parse(region: Option<Region>, text: &str) -> Result<PhoneNumber, NotANumber> {
    phonenumber::parse(region.map(|region| region.0), text).map_err(|_| NotANumber::Impossible)
}

/// What is valid is possible, also where the general pattern of the country knows nothing of it.
fn is_possible(number: &PhoneNumber) -> Result<(), NotANumber> {
    let metadata = number.metadata(&DATABASE).ok_or(NotANumber::Impossible)?;
    let fits = metadata.descriptors().general().is_match(&number.national().to_string());
    if fits || number.is_valid() { Ok(()) } else { Err(NotANumber::Impossible) }
}

fn written(number: &PhoneNumber) -> Result<String, NotANumber> {
    let text = number.format().mode(Mode::E164).to_string();
    readmit_recovery::address::PhoneNumber::parse(&text).map_err(|_| NotANumber::Impossible)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        let table = [
            ("+14155552671", None, Ok("+14155552671")),
            ("+1 (415) 555-2671", None, Ok("+14155552671")),
            ("415.555.2671", Some("US"), Ok("+14155552671")),
            ("(415) 555 2671", Some("us"), Ok("+14155552671")),
            ("020 7183 8750", Some("GB"), Ok("+442071838750")),
            ("+44 (0)20 7183 8750", None, Ok("+442071838750")),
            ("030/901820", Some("DE"), Ok("+4930901820")),
            ("+390612345678", None, Ok("+390612345678")),
            ("06 1234 5678", Some("IT"), Ok("+390612345678")),
            ("+1415555O123", None, Err(NotANumber::Letters)),
            ("1-800-FLOWERS", Some("US"), Err(NotANumber::Letters)),
            ("415 555 2671 ext 5", Some("US"), Err(NotANumber::Letters)),
            ("\u{ff0b}14155552671", None, Err(NotANumber::Letters)),
            ("4155552671", None, Err(NotANumber::NoRegion)),
            ("", None, Err(NotANumber::NoRegion)),
            ("911", Some("US"), Err(NotANumber::Impossible)),
            ("112", Some("DE"), Err(NotANumber::Impossible)),
            ("+1415555267", None, Err(NotANumber::Impossible)),
            ("+1415555267100", None, Err(NotANumber::Impossible)),
            ("+999123456789", None, Err(NotANumber::Impossible)),
            ("+", None, Err(NotANumber::Impossible)),
            ("012345", Some("US"), Err(NotANumber::Impossible)),
        ];
        for (text, region, wanted) in table {
            let region = region.map(|region| region.parse().unwrap());
            let found = e164(text, region).map(|number| number.e164);
            assert_eq!(
                found.as_deref().map_err(|why| why.to_string()),
                wanted.map_err(|why| why.to_string()),
                "{text}"
            );
        }
    }

    #[test]
    fn regions_are_two_letters() {
        assert!("usa".parse::<Region>().is_err() && "XX".parse::<Region>().is_err());
        let number = e164("020 7183 8750", Some("GB".parse().unwrap())).unwrap();
        assert_eq!(number.country.as_deref(), Some("GB"));
    }
}
