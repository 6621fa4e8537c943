//! Times and durations as people read and write them. Times of day are UTC: a terminal on a server says
//! little about where its person is, so what matters is also told as "in 3 hours".

use std::time::{SystemTime, UNIX_EPOCH};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Unix seconds now.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `2026-11-22 18:05:00Z`; a dash for "never".
#[must_use]
pub fn stamp(unix: u64) -> String {
    if unix == 0 {
        return "-".to_owned();
    }
    let (year, month, day) = date(unix / DAY);
    let of_day = unix % DAY;
    let (hour, minute, second) = (of_day / HOUR, of_day % HOUR / MINUTE, of_day % MINUTE);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

/// `23 hours`, `5 minutes`, `1 second`: the larger unit, rounded up so that nobody comes too early.
#[must_use]
pub fn span(seconds: u64) -> String {
    let (unit, size) = match seconds {
        0..=89 => ("second", 1),
        90..=5399 => ("minute", MINUTE),
        5400..=172_799 => ("hour", HOUR),
        _ => ("day", DAY),
    };
    let count = seconds.div_ceil(size);
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `in 3 hours`, or `now` for what has passed.
#[must_use]
pub fn until(unix: u64, now: u64) -> String {
    if unix <= now { "now".to_owned() } else { format!("in {}", span(unix - now)) }
}

/// Reads `90`, `90s`, `10m`, `2h`, `7d`, `2w` as seconds, for clap.
///
/// # Errors
/// The text is no such duration.
pub fn parse_span(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let size = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return Err("use a number with s, m, h, d or w, such as 30m".to_owned()),
    };
    let count: u64 =
        digits.parse().map_err(|_| "use a number with s, m, h, d or w, such as 30m".to_owned())?;
    count.checked_mul(size).ok_or_else(|| "that is too long".to_owned())
}

/// Reads a point in the past: `2h` (ago), a date such as `2026-11-22`, or Unix seconds as `@1700000000`.
///
/// # Errors
/// The text is none of them.
pub fn parse_since(text: &str) -> Result<u64, String> {
    let wrong = || "use a duration (24h), a date (2026-11-22) or Unix seconds (@1700000000)".to_owned();
    if let Some(unix) = text.strip_prefix('@') {
        return unix.parse().map_err(|_| wrong());
    }
    let mut parts = text.split('-').map(str::parse::<u64>);
    if let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    {
        let of_date = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        return of_date.then(|| days(year, month, day) * DAY).ok_or_else(wrong);
    }
    parse_span(text).map(|ago| now().saturating_sub(ago)).map_err(|_| wrong())
}

/// Days since 1970-01-01 as year, month and day of the Gregorian calendar. Counted from 1 March of year 0, so
/// that the leap day is the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * march_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        for (unix, text) in [
            (0, "-"),
            (1, "1970-01-01 00:00:01Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (1_700_000_000, "2023-11-14 22:13:20Z"),
            (4_107_542_400, "2100-03-01 00:00:00Z"),
        ] {
            assert_eq!(stamp(unix), text);
        }
    }

    #[test]
    fn dates_are_read_as_they_are_written() {
        for day in (0..60_000).step_by(7) {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
        }
        assert_eq!(parse_since("2023-11-14"), Ok(1_699_920_000));
        assert_eq!(parse_since("@17"), Ok(17));
        assert!(parse_since("2h").is_ok_and(|since| since.abs_diff(now() - 7200) < 5));
        for wrong in ["", "yesterday", "2023-13-01", "@x", "1969-01-01"] {
            assert!(parse_since(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_are_read_and_told() {
        for (text, seconds) in [("90", 90), ("10m", 600), ("2h", 7200), ("7d", 604_800), ("1w", 604_800)] {
            assert_eq!(parse_span(text), Ok(seconds));
        }
        for wrong in ["", "m", "1y", "-1s", "99999999999999999999", "9999999999999999w"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
        for (seconds, text) in [
            (1, "1 second"),
            (89, "89 seconds"),
            (90, "2 minutes"),
            (3600, "60 minutes"),
            (86_400, "24 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(until(10, 10), "now");
        assert_eq!(until(70, 10), "in 60 seconds");
    }
}
