//! What a call counts against, and what it costs.
//!
//! Numbers can be made to ring for money: somebody owns a dear number, has it put on file, and recovers a thousand
//! times. So a call counts for its number, the numbers beside it, their country, the account, whoever asks for it, all
//! calls together, and in money. The money of the first minute is taken before the telephone rings, that of the others
//! when the call has ended; so the day's limit may be passed by what is under way, and by no more.

use std::time::Duration;

use readmit_recovery::address::{Address, PhoneNumber};
use readmit_recovery::case::{Case, Standing};
use readmit_recovery::factor::Factor;
use readmit_store::{Delivery, Write};

use super::Service;
use super::counting::{charge, network};
use super::limits::{BLOCK_DIGITS, SPEND_WINDOW};
use super::payload::Payload;
use crate::config::Money;

/// The limit in money; whoever meets it alerts people.
pub(super) const SPEND: &str = "spend_per_day";

/// A call to be made, as it is counted.
pub(super) struct CallTo<'a> {
    /// For whom.
    pub(super) account: &'a str,
    /// The number; none for an account that is not there.
    pub(super) number: Option<&'a str>,
    /// The number's country.
    pub(super) country: &'a str,
    /// The network address of whoever asks, where somebody does.
    pub(super) asked_from: Option<&'a str>,
}

impl Service {
    pub(super) fn call_charges_of(&self, case: &Case) -> Vec<Write> {
        let place = case.tracks.get(&Factor::Voice).map_or(0, |track| track.number);
        let number = case.addresses.of(&Factor::Voice, 0, place).filter(|_| case.standing == Standing::Known);
        let country = country_of_call(case);
        self.call_charges(&CallTo {
            account: case.account.as_str(),
            number: number.as_ref().map(Address::as_str),
            country: country.unwrap_or_default(),
            asked_from: case.facts.client.address.as_deref(),
        })
    }

    /// What one call counts against, whatever it is for.
    pub(super) fn call_charges(&self, call: &CallTo<'_>) -> Vec<Write> {
        let limits = &self.settings.limits;
        // Nobody else's calls count against a number that is not there.
        let none = format!("none of {}", call.account);
        let number = call.number.unwrap_or(&none);
        let block = call.number.map_or(none.as_str(), block);
        let mut charges = vec![
            charge("calls_total_hour", "all", limits.calls_total_hour),
            charge("calls_per_account_day", call.account, limits.calls_per_account_day),
            charge("calls_per_number", number, limits.calls_per_number),
            charge("calls_per_number_day", number, limits.calls_per_number_day),
            charge("calls_per_block", block, limits.calls_per_block),
            charge("calls_per_country", call.country, limits.calls_per_country),
        ];
        if let Some(address) = call.asked_from {
            charges.push(charge("calls_per_address", &network(address), limits.calls_per_address));
        }
        charges.extend(self.first_minute(call.number));
        charges
    }

    /// The first minute's money. A call that is only pretended takes none, and is refused like one that would.
    fn first_minute(&self, number: Option<&str>) -> Option<Write> {
        let spend = &self.settings.spend;
        let most = spend.per_day?;
        let (amount, max) = match number {
            Some(number) => (spend.minute(number), most),
            None => (Money(0), Money(most.0.saturating_sub(spend.cheapest().0))),
        };
        Some(money(amount, max.0))
    }

    /// The money of an answered call's other minutes. It is spent, so it is counted whatever the limit says.
    pub(super) fn other_minutes(&self, delivery: &Delivery) -> Option<Write> {
        self.settings.spend.per_day?;
        let Some(Payload::Call { to, .. }) = Payload::from_bytes(&delivery.item.payload) else { return None };
        let answered = self.in_hand.answered_for(&delivery.item.id);
        let cost = of_other_minutes(self.settings.spend.minute(&to), answered);
        (cost > Money(0)).then(|| money(cost, u32::MAX))
    }

    /// Has people look when the day's money is spent: either the limit is too low, or somebody makes money with calls.
    pub(super) fn alert_of_limit(&self, scope: &str) {
        if scope == SPEND {
            self.alert(SPEND, Vec::new());
        }
    }
}

/// The country of the number that is called next. It is known of the first.
fn country_of_call(case: &Case) -> Option<&str> {
    let place = case.tracks.get(&Factor::Voice).map_or(0, |track| track.number);
    let numbers = 1 + case.addresses.other_phones.len();
    let phone = case.facts.account.phone.as_ref();
    phone.filter(|_| (place as usize).is_multiple_of(numbers)).map(|phone| phone.country.as_str())
}

/// The country of the number that a delivery went to, where it is known.
pub(super) fn country_called<'a>(case: &'a Case, delivery: &Delivery) -> Option<&'a str> {
    let called = Payload::from_bytes(&delivery.item.payload);
    let phone = case.addresses.phone.as_ref().map(PhoneNumber::as_str);
    let is_first = phone.is_some() && phone == called.as_ref().and_then(Payload::to);
    case.facts.account.phone.as_ref().filter(|_| is_first).map(|phone| phone.country.as_str())
}

fn money(amount: Money, max: u32) -> Write {
    Write::Charge { scope: SPEND, subject: "all".to_owned(), window: SPEND_WINDOW, amount: amount.0, max }
}

/// Providers count every minute that has begun.
fn of_other_minutes(minute: Money, answered: Duration) -> Money {
    let begun = u32::try_from(answered.as_millis().div_ceil(60_000)).unwrap_or(u32::MAX);
    Money(minute.0.saturating_mul(begun.saturating_sub(1)))
}

/// What numbers of one block have in common: they are often rented together.
fn block(number: &str) -> &str {
    number.get(..number.len().saturating_sub(BLOCK_DIGITS)).unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minute_that_has_begun_costs_and_the_first_is_paid() {
        let table =
            [(0, 0), (1, 0), (60_000, 0), (60_001, 14), (120_000, 14), (120_001, 28), (u64::MAX, u32::MAX)];
        for (millis, cost) in table {
            assert_eq!(of_other_minutes(Money(14), Duration::from_millis(millis)), Money(cost), "{millis}");
        }
    }

    #[test]
    fn numbers_of_a_block_differ_in_the_last_digits() {
        assert_eq!(block("+14155550123"), "+1415555");
        assert_eq!(block("+14155559999"), block("+14155550000"));
        assert_ne!(block("+14155560000"), block("+14155550000"));
        assert_eq!(block("+12"), "");
    }
}
