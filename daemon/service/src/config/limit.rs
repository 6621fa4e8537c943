//! `[limits]`: how often something may happen in a while.

use std::time::Duration;

use super::document::{Section, number};
use super::{DAY, HOUR, MINUTE};

/// So often in any window of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How often.
    pub max: u32,
    /// In how long.
    pub window: Duration,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $max:literal in $seconds:expr, $key:literal;)*) => {
        /// Every limit that outlives restarts, beside those of a single case.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct LimitRules {
            $($(#[$doc])* pub $name: Limit,)*
        }

        impl Default for LimitRules {
            fn default() -> Self {
                Self { $($name: Limit { max: $max, window: Duration::from_secs($seconds) },)* }
            }
        }

        impl LimitRules {
            pub(super) fn read(section: &mut Section<'_>) -> Self {
                let default = Self::default();
                Self {
                    $($name: Limit {
                        max: section.value($key, default.$name.max, |value| number(value, 1..=MOST)),
                        ..default.$name
                    },)*
                }
            }
        }
    };
}

/// The most that any limit may be: past it, it would bound nothing.
const MOST: u32 = 1_000_000;

limits! {
    /// Cases opened for one account.
    opens_per_account: 10 in HOUR, "open_per_account_per_hour";
    /// Cases opened from one network address.
    opens_per_address: 60 in HOUR, "open_per_address_per_hour";
    /// Cases opened in total.
    opens_total: 6000 in MINUTE, "open_per_minute";
    /// Messages sent for one account.
    emails_per_account: 20 in HOUR, "emails_per_account_per_hour";
    /// Calls to one number.
    calls_per_number: 3 in 15 * MINUTE, "calls_per_number_per_15_minutes";
    /// Calls to one number, over a day.
    calls_per_number_day: 10 in DAY, "calls_per_number_per_day";
    /// Calls for one account, over a day.
    calls_per_account_day: 10 in DAY, "calls_per_account_per_day";
    /// Calls to numbers that differ only in the last four digits.
    calls_per_block: 30 in HOUR, "calls_per_number_block_per_hour";
    /// Calls to one country.
    calls_per_country: 500 in HOUR, "calls_per_country_per_hour";
    /// Calls asked for from one network address.
    calls_per_address: 30 in HOUR, "calls_per_address_per_hour";
    /// Calls in total.
    calls_total_hour: 1000 in HOUR, "calls_per_hour";
    /// Proofs tried from one network address, right ones too: past it even a right one gains nothing.
    tries_per_address: 100 in HOUR, "tries_per_address_per_hour";
    /// One-time passwords tried for one account at sign-in, right ones too.
    verifies_per_account: 20 in 15 * MINUTE, "codes_per_account_per_15_minutes";
    /// Passwords tried for one account at sign-in, right ones too.
    passwords_per_account: 10 in 15 * MINUTE, "passwords_per_account_per_15_minutes";
    /// Requests to support from one network address.
    tickets_per_address: 10 in HOUR, "tickets_per_address_per_hour";
}
