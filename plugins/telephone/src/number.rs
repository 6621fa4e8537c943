//! Telephone numbers, and which of them may be called.
//!
//! A number passes only if it is written in E.164 form and the longest prefix that matches it is one that the
//! administrator listed in `regions`. The daemon has its own limits; this gate is the last one before money is
//! spent, and the plugin trusts nobody for it.

use std::fmt;

use crate::{kind, limits};

/// Prefixes that cost the caller or are a known target of toll fraud although a shorter prefix of theirs is
/// the code of an ordinary country. Naming the same prefix in `regions` allows it.
pub const BLOCKED_BY_DEFAULT: &[&str] = &[
    // Premium rate and personal numbering.
    "+1900", "+1976", "+3389", "+39892", "+39899", "+4470", "+4484", "+4487", "+449", "+49137", "+49180",
    "+49190", "+49900", "+6119", "+878", "+979",
    // Numbers of the North American plan that are not charged as calls within the United States or Canada.
    "+1242", "+1246", "+1264", "+1268", "+1284", "+1345", "+1441", "+1473", "+1500", "+1521", "+1522",
    "+1533", "+1544", "+1566", "+1577", "+1588", "+1649", "+1658", "+1664", "+1700", "+1721", "+1758",
    "+1767", "+1784", "+1809", "+1829", "+1849", "+1868", "+1869", "+1876",
    // Satellite and international networks.
    "+870", "+881", "+882", "+883", "+888",
];

/// [`BLOCKED_BY_DEFAULT`] as a setting has it.
pub fn blocked_by_default() -> Vec<String> {
    BLOCKED_BY_DEFAULT.iter().map(|&prefix| prefix.to_owned()).collect()
}

/// A telephone number in E.164 form. It shows up in no log: its `Debug` is masked and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// Reads a number of the form `^\+[1-9]\d{6,14}$` (ITU-T E.164 §6: at most 15 digits), nothing else: no
    /// spaces, no letters, no digits of other scripts.
    ///
    /// # Errors
    ///
    /// [`NotE164`] for everything else.
    pub fn parse(text: &str) -> Result<Number, NotE164> {
        let digits = text.strip_prefix('+').ok_or(NotE164)?;
        let form = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if form { Ok(Number(text.to_owned())) } else { Err(NotE164) }
    }

    /// The number with its plus sign, for the request line. Never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Number(…)")
    }
}

/// Loads, in a thread of its own, what kinds of numbers are known by. It takes a tenth of a second, which the first call
/// would wait for; it also does where no thread can be had.
pub fn prepare() {
    drop(std::thread::Builder::new().spawn(kind::load));
}

/// The number is not in E.164 form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number is not in E.164 form: a plus sign and 7 to 15 digits, the first not 0")]
pub struct NotE164;

/// Which numbers may be called.
#[derive(Debug, Clone)]
pub struct Regions {
    allowed: Vec<String>,
    blocked: Vec<String>,
}

/// Whether a number may be called.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// `regions` is empty, so nothing may.
    NothingAllowed,
    /// No prefix in `regions` matches.
    OutsideRegions,
    /// A longer prefix in `blocked_prefixes` matches.
    Blocked,
    /// It is of a kind that is never called.
    Kind(&'static str),
}

/// What is wrong with the lists of prefixes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRegions {
    /// An entry is no prefix.
    #[error(
        "regions or blocked_prefixes: {0:?} is not a prefix of numbers: write a plus sign and 1 to 14 digits, for example \"+49\""
    )]
    Prefix(String),
    /// A list is too long.
    #[error("{key}: has at most {} entries", limits::MAX_PREFIXES)]
    TooMany {
        /// Which.
        key: &'static str,
    },
}

impl Regions {
    /// Takes the two lists of prefixes.
    ///
    /// # Errors
    ///
    /// [`BadRegions`] for a list that is too long, and for the first entry that is not a plus sign and up to 14 digits.
    pub fn new(allowed: &[String], blocked: &[String]) -> Result<Regions, BadRegions> {
        for (key, list) in [("regions", allowed), ("blocked_prefixes", blocked)] {
            if list.len() > limits::MAX_PREFIXES {
                return Err(BadRegions::TooMany { key });
            }
        }
        for prefix in allowed.iter().chain(blocked) {
            let good = prefix.strip_prefix('+').is_some_and(|digits| {
                (1..=14).contains(&digits.len())
                    && digits.bytes().all(|byte| byte.is_ascii_digit())
                    && !digits.starts_with('0')
            });
            if !good {
                return Err(BadRegions::Prefix(prefix.chars().take(limits::MAX_PEER_TEXT).collect()));
            }
        }
        Ok(Regions { allowed: allowed.to_vec(), blocked: blocked.to_vec() })
    }

    /// Decides about one number: the longest prefix wins, and of two equal ones the allowed, since naming it
    /// in `regions` was deliberate.
    pub fn gate(&self, number: &Number) -> Gate {
        let longest = |prefixes: &[String]| {
            prefixes.iter().filter(|prefix| number.0.starts_with(prefix.as_str())).map(String::len).max()
        };
        match (longest(&self.allowed), longest(&self.blocked)) {
            _ if self.allowed.is_empty() => Gate::NothingAllowed,
            (None, _) => Gate::OutsideRegions,
            (Some(allowed), Some(blocked)) if blocked > allowed => Gate::Blocked,
            (Some(_), _) => kind::never_called(number).map_or(Gate::Open, Gate::Kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_e164_passes() {
        for good in ["+14155550123", "+4915112345678", "+1234567", "+123456789012345"] {
            assert!(Number::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "+",
            "14155550123",
            "+0155550123",
            "+123456",
            "+1234567890123456",
            "+1415555O123",
            "+1 4155550123",
            "+1415555012٣",
            "+14155550123\r\nX: y",
            "sip:+14155550123@evil",
            "+1415555-0123",
            "++14155550123",
        ] {
            assert_eq!(Number::parse(bad), Err(NotE164), "{bad:?}");
        }
    }

    #[test]
    fn a_number_is_never_printed() {
        let number = Number::parse("+14155550123").unwrap();
        assert!(!format!("{number:?}").contains("4155"));
    }

    fn regions(allowed: &[&str], blocked: &[&str]) -> Regions {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        Regions::new(&owned(allowed), &owned(blocked)).unwrap()
    }

    #[test]
    fn the_longest_prefix_decides() {
        let table: &[(&[&str], &str, Gate)] = &[
            (&[], "+14155550123", Gate::NothingAllowed),
            (&["+1"], "+14155550123", Gate::Open),
            (&["+1"], "+4915112345678", Gate::OutsideRegions),
            (&["+1"], "+19005550123", Gate::Blocked),
            (&["+1"], "+18765550123", Gate::Blocked),
            (&["+1", "+1876"], "+18765550123", Gate::Open),
            (&["+44"], "+447012345678", Gate::Blocked),
            (&["+44"], "+447640123456", Gate::Kind("a pager")),
            (&["+44", "+447640"], "+447640123456", Gate::Kind("a pager")),
            (&["+44"], "+447912345678", Gate::Open),
            (&["+49"], "+4915112345678", Gate::Open),
            (&["+49"], "+49900123456", Gate::Blocked),
        ];
        for (allowed, number, gate) in table {
            let number_text = number;
            let number = Number::parse(number).unwrap();
            assert_eq!(
                regions(allowed, BLOCKED_BY_DEFAULT).gate(&number),
                *gate,
                "{allowed:?} {number_text}"
            );
        }
    }

    #[test]
    fn prefixes_are_checked() {
        for bad in ["", "49", "+", "+49x", "+0", "+123456789012345"] {
            assert!(Regions::new(&[bad.to_owned()], &[]).is_err(), "{bad:?}");
            assert!(Regions::new(&[], &[bad.to_owned()]).is_err(), "{bad:?}");
        }
        assert!(
            Regions::new(&[], &BLOCKED_BY_DEFAULT.iter().map(|&p| p.to_owned()).collect::<Vec<_>>()).is_ok()
        );
    }
}
