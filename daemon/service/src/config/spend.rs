//! `[spend]`: what calls may cost.

use std::fmt;
use std::str::FromStr;

use toml::de::DeValue;

use super::document::{Fault, Section, text, texts};

/// What calls may cost, in the organization's own currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spend {
    /// In any 24 hours; no limit if it is not set.
    pub per_day: Option<Money>,
    /// What a minute costs, by the beginning of the number.
    rates: Vec<Rate>,
}

/// An amount in thousandths of the currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub u32);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rate {
    prefix: String,
    minute: Money,
}

impl Spend {
    /// What a minute of a call to this number costs: the rate of the longest beginning that fits. A number that no
    /// rate is given for is taken to be as dear as the dearest.
    #[must_use]
    pub fn minute(&self, number: &str) -> Money {
        let fitting = self.rates.iter().filter(|rate| number.starts_with(&rate.prefix));
        let closest = fitting.max_by_key(|rate| rate.prefix.len()).map(|rate| rate.minute);
        closest.unwrap_or_else(|| self.dearest())
    }

    /// The lowest rate.
    #[must_use]
    pub fn cheapest(&self) -> Money {
        self.rates.iter().map(|rate| rate.minute).min().unwrap_or_default()
    }

    fn dearest(&self) -> Money {
        self.rates.iter().map(|rate| rate.minute).max().unwrap_or_default()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// The text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoMoney;

impl FromStr for Money {
    type Err = NoMoney;

    fn from_str(text: &str) -> Result<Self, NoMoney> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 3 {
            return Err(NoMoney);
        }
        let thousandths: u32 = format!("{part:0<3}").parse().map_err(|_| NoMoney)?;
        let whole: u32 = whole.parse().map_err(|_| NoMoney)?;
        whole.checked_mul(1000).and_then(|whole| whole.checked_add(thousandths)).map(Self).ok_or(NoMoney)
    }
}

pub(super) fn read(mut section: Section<'_>) -> Spend {
    let rates = section
        .value("rates", Vec::new(), |value| texts(value)?.iter().map(|rate| read_rate(rate)).collect());
    let mut spend = Spend { per_day: None, rates };
    let per_day = section.value("per_day", None, |value| per_day(value, &spend));
    spend.per_day = per_day;
    section.finish();
    spend
}

fn per_day(value: &DeValue<'_>, spend: &Spend) -> Result<Option<Money>, Fault> {
    let text = text(value)?;
    if text.is_empty() {
        return Ok(None);
    }
    let Ok(most) = text.parse::<Money>() else {
        return Err(Fault::new("is no amount", "write it with up to three decimals, as \"25.00\""));
    };
    if spend.rates.is_empty() {
        return Err(Fault::new(
            "cannot be held: no rate says what a minute costs",
            "give spend.rates too, as [\"+1 0.014\", \"+49 0.08\"]",
        ));
    }
    if most < spend.dearest() {
        return Err(Fault::new(
            format!("is less than one minute of the dearest call, {}", spend.dearest()),
            "raise it, or take that rate away and the region out of the plugin's regions",
        ));
    }
    Ok(Some(most))
}

fn read_rate(text: &str) -> Result<Rate, Fault> {
    let parts = text.split_once(' ').map(|(prefix, minute)| (prefix, minute.trim()));
    let rate = parts.and_then(|(prefix, minute)| {
        let digits = prefix.strip_prefix('+')?;
        let fits = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let minute = minute.parse::<Money>().ok().filter(|_| fits && !digits.starts_with('0'))?;
        Some(Rate { prefix: prefix.to_owned(), minute })
    });
    rate.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Fault::new(
            format!("has {shown:?}, which is no rate"),
            "write how the number begins and what a minute costs, as \"+49 0.08\"",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let table = [
            ("0", Some(0)),
            ("25", Some(25_000)),
            ("25.00", Some(25_000)),
            ("0.014", Some(14)),
            ("0.1", Some(100)),
            ("4294967.295", Some(u32::MAX)),
            ("4294967.296", None),
            ("0.0145", None),
            ("", None),
            (".5", None),
            ("5.", None),
            ("-1", None),
            ("1e3", None),
            ("1,5", None),
        ];
        for (text, thousandths) in table {
            assert_eq!(text.parse::<Money>().ok().map(|money| money.0), thousandths, "{text:?}");
        }
        assert_eq!(Money(14).to_string(), "0.014");
        assert_eq!(Money(25_000).to_string(), "25.000");
    }

    #[test]
    fn the_longest_beginning_decides_and_a_strange_number_is_as_dear_as_the_dearest() {
        let rates = ["+1 0.014", "+1876 0.4", "+49 0.08"].map(|rate| read_rate(rate).ok().unwrap());
        let spend = Spend { per_day: None, rates: rates.to_vec() };
        let table = [("+14155550100", 14), ("+18765550100", 400), ("+4930123456", 80), ("+33123456789", 400)];
        for (number, minute) in table {
            assert_eq!(spend.minute(number), Money(minute), "{number}");
        }
        assert_eq!(spend.cheapest(), Money(14));
        assert_eq!(Spend::default().minute("+14155550100"), Money(0));
    }
}
