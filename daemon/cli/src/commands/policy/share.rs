//! Shares in percent, as they are asked for and shown.

/// A share from 0 to 100 percent.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(f64);

impl Percent {
    /// Whether a share, in percent, is at least this one.
    #[must_use]
    pub fn is_reached_by(self, share: f64) -> bool {
        share >= self.0
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} %", self.0)
    }
}

/// Reads a share for clap.
///
/// # Errors
/// It is no number from 0 to 100.
pub fn percent(word: &str) -> Result<Percent, String> {
    let number: f64 = word.trim_end_matches('%').trim_end().parse().map_err(|_| wanted())?;
    if (0.0..=100.0).contains(&number) { Ok(Percent(number)) } else { Err(wanted()) }
}

fn wanted() -> String {
    "a number from 0 to 100 is wanted".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_from_0_to_100() {
        for good in ["0", "92.5", "100", "100%", "7 %"] {
            assert!(percent(good).is_ok(), "{good}");
        }
        for bad in ["", "-1", "100.1", "NaN", "inf", "many"] {
            assert_eq!(percent(bad), Err(wanted()), "{bad}");
        }
        assert!(percent("66.6").is_ok_and(|least| least.is_reached_by(66.6) && !least.is_reached_by(66.5)));
    }
}
