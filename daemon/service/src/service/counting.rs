//! What is counted against limits that outlive restarts, and what a full count means.
//!
//! An unknown account is counted like a known one: a limit that only one of them meets would tell them apart.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use readmit_recovery::case::{Case, Standing};
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::History;
use readmit_recovery::id::AccountId;
use readmit_recovery::limits::CONSECUTIVE_FAILURES;
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use readmit_store::{CaseFilter, CommitError, Page, Spend, Write};

use super::limits::{UNKNOWN_CASES, UNKNOWN_FAILURES};
use super::writes::from_row;
use super::{Fault, Service, now, seed};
use crate::config::Limit;

/// The time that a policy's history looks back.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Wrong proofs of accounts that are not there.
const UNKNOWN: &str = "unknown_failures";

impl Service {
    /// Refuses a factor that failed so often in a row that it is disabled for the account.
    pub(super) async fn check_enabled(&self, case: &Case, factor: &Factor) -> Result<(), Fault> {
        let record = self.store.account(&case.account, now()).await?;
        let failures = record.and_then(|record| record.failures.get(factor).copied()).unwrap_or_default();
        // Both are looked up whoever it is, so that both take the same time.
        let unknown_is_full = self.unknown_is_full(&case.account, factor).await?;
        let blocked = match case.standing {
            Standing::Known => failures >= CONSECUTIVE_FAILURES,
            Standing::Decoy => unknown_is_full,
        };
        if !blocked {
            return Ok(());
        }
        Err(Fault::Refused(format!(
            "{factor} is blocked for this account: use another way, or contact support"
        )))
    }

    /// Counts a try against the limit of the address that it comes from. It is counted before it is compared, and
    /// right ones too: a limit that only wrong ones meet would let an attacker guess on past it until one is right.
    pub(super) async fn charge_try(&self, case: &Case) -> Result<(), Fault> {
        let Some(address) = &case.facts.client.address else { return Ok(()) };
        let limit = self.settings.limits.tries_per_address;
        let charge = charge("tries_per_address", &network(address), limit);
        self.commit("limits", vec![charge]).await.map(|_| ())
    }

    pub(super) fn delivery_charges(&self, case: &Case, factor: &Factor) -> Vec<Write> {
        let limits = &self.settings.limits;
        let account = case.account.as_str();
        if *factor != Factor::Voice {
            let mut charges = vec![charge("emails_per_account", account, limits.emails_per_account)];
            if *factor == Factor::Contact {
                // Whoever is the contact of many is asked no more often than one who recovers.
                let sends = case.tracks.get(factor).map_or(0, |track| track.sends);
                let contact = match (case.addresses.of(factor, sends, 0), case.standing) {
                    (Some(contact), Standing::Known) => contact.as_str().to_lowercase(),
                    (_, Standing::Decoy) | (None, Standing::Known) => format!("none of {account}"),
                };
                charges.push(charge("emails_per_contact", &contact, limits.emails_per_account));
            }
            return charges;
        }
        self.call_charges_of(case)
    }

    /// What a policy is told about earlier recoveries of an account that is not there: it was opened, and failed, as
    /// often as a known one would have.
    pub(super) async fn history_of_unknown(
        &self,
        account: &AccountId,
        at: Timestamp,
    ) -> Result<History, Fault> {
        let filter = CaseFilter { account: Some(account.clone()), ..CaseFilter::default() };
        let mut history = History::default();
        for row in self.store.cases(filter, Page::new(0, UNKNOWN_CASES)).await? {
            if at.since(row.opened_at) < DAY {
                let wrong: u32 = from_row(&row)?.tracks.values().map(|track| track.wrong).sum();
                history.opened_24h += 1;
                history.failed_24h = history.failed_24h.saturating_add(wrong);
            }
        }
        Ok(history)
    }

    /// Whether an unknown account's factor would be disabled if it were known. Nothing is counted: what follows the
    /// charge cannot be, which undoes it.
    async fn unknown_is_full(&self, account: &AccountId, factor: &Factor) -> Result<bool, Fault> {
        let hash = Secret::new(hex::encode(seed()?.derive("no pass"))).hash();
        let writes = vec![
            unknown_failure(account, factor, CONSECUTIVE_FAILURES),
            Write::Spend(Spend::Pass { account: account.clone(), hash }),
        ];
        match self.store.commit(self.change("limits", writes)).await {
            Err(CommitError::RateLimited { .. }) => Ok(true),
            Err(CommitError::Spent(_)) | Ok(_) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// A charge against a configured limit.
pub(super) fn charge(scope: &'static str, subject: &str, limit: Limit) -> Write {
    Write::Charge { scope, subject: subject.to_owned(), window: limit.window, amount: 1, max: limit.max }
}

/// One more wrong proof of an account that is not there; never refused.
pub(super) fn count_unknown_failure(account: &AccountId, factor: &Factor) -> Write {
    unknown_failure(account, factor, u32::MAX)
}

fn unknown_failure(account: &AccountId, factor: &Factor, max: u32) -> Write {
    Write::Charge {
        scope: UNKNOWN,
        subject: format!("{factor} {account}"),
        window: UNKNOWN_FAILURES,
        amount: 1,
        max,
    }
}

/// Whom an address is counted for: IPv6 by the network of 64 bits that one subscriber has, however it is written.
pub(super) fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => Ipv6Addr::from(u128::from(address) & (u128::MAX << 64)).to_string(),
        },
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_for_its_subscriber() {
        let table = [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:0DB8:0001:0002::9", "2001:db8:1:2::"),
            ("2001:db8:1:3::9", "2001:db8:1:3::"),
            ("a name", "a name"),
        ];
        for (address, counted) in table {
            assert_eq!(network(address), counted, "{address}");
        }
    }
}
