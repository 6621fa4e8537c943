//! Tries an account's address or number before it is needed: a wrong one is better found with the person at the desk
//! than after the loss.
//!
//! A test counts against the same limits as a recovery, since it costs the same and rings the same telephone.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;
use readmit_recovery::account::Account;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::id::{AccountId, DeliveryId};
use readmit_recovery::secret::Secret;
use readmit_store::{Entry, Write};
use serde_json::{Map, Value};

use super::calling::CallTo;
use super::counting::charge;
use super::limits::{TEST_CALL, TEST_CODE_DIGITS, TEST_CODE_TRIES, TEST_MESSAGE};
use super::{Fault, Officer, Service, now};
use crate::plugins::{CallRequest, Checked, Ended, MessageRequest};

/// The calls that try a number, with the code that the person is read at the desk.
#[derive(Default)]
pub(super) struct Trials {
    codes: Mutex<HashMap<DeliveryId, (Secret, u8)>>,
}

impl Trials {
    /// Compares what was typed in such a call; none if this is another call.
    pub(super) fn check(&self, id: &DeliveryId, digits: &Secret) -> Option<Checked> {
        let mut codes = self.codes.lock();
        let (code, tries_left) = codes.get_mut(id)?;
        let accepted = *tries_left > 0 && code == digits;
        *tries_left = tries_left.saturating_sub(1);
        Some(Checked { accepted, tries_left: (*tries_left).into() })
    }
}

/// One call in the list, for as long as it lasts.
struct Trial<'a> {
    trials: &'a Trials,
    id: DeliveryId,
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.trials.codes.lock().remove(&self.id);
    }
}

impl Service {
    /// Sends a test message to the first address on file.
    ///
    /// # Errors
    /// [`Fault::WrongState`] if there is none, [`Fault::RateLimited`], [`Fault::NotAuthorized`] for one's own.
    pub async fn test_email(&self, id: &str, by: &Officer) -> Result<Ended, Fault> {
        let (account, actor) = (self.account(id).await?.account, by.actor.as_str());
        self.not_own(&account.id, by).await?;
        let address = account.emails.first().ok_or_else(|| none_on_file("e-mail address", "--email"))?;
        let limit = self.settings.limits.emails_per_account;
        let charges = vec![charge("emails_per_account", account.id.as_str(), limit)];
        self.begin_test(&account.id, "email", charges, actor).await?;
        let request = MessageRequest {
            id: fresh_id()?,
            channel: "email".to_owned(),
            to: Secret::new(address.address.as_str()),
            purpose: "test".to_owned(),
            locale: locale(&account),
            fields: BTreeMap::new(),
            deadline: TEST_MESSAGE,
        };
        let ended = self.plugins()?.deliver(request).await;
        self.commit(actor, vec![entry("contact_tested", &account.id, "email", Some(ended.disposition))])
            .await?;
        Ok(ended)
    }

    /// Calls the first number on file and asks for a code that the person is read at the desk. Whoever types it has the
    /// telephone: the number is verified.
    ///
    /// # Errors
    /// [`Fault::WrongState`] if there is none, [`Fault::InvalidArgument`] for another code, [`Fault::RateLimited`].
    pub async fn test_phone(&self, id: &str, code: Secret, by: &Officer) -> Result<Ended, Fault> {
        let digits = code.expose();
        if digits.len() != usize::from(TEST_CODE_DIGITS)
            || !digits.bytes().all(|digit| digit.is_ascii_digit())
        {
            return Err(Fault::invalid(format!("code: it has to be {TEST_CODE_DIGITS} digits")));
        }
        let (account, actor) = (self.account(id).await?.account, by.actor.as_str());
        self.not_own(&account.id, by).await?;
        let phone = account.phones.first().ok_or_else(|| none_on_file("phone number", "--phone"))?;
        let number = phone.number.as_str().to_owned();
        let charges = self.call_charges(&CallTo {
            account: account.id.as_str(),
            number: Some(&number),
            country: phone.country.as_deref().unwrap_or_default(),
            asked_from: None,
        });
        self.begin_test(&account.id, "voice", charges, actor).await?;
        let trial = Trial { trials: &self.trials, id: fresh_id()? };
        self.trials.codes.lock().insert(trial.id.clone(), (code, TEST_CODE_TRIES));
        let request = CallRequest {
            id: trial.id.clone(),
            to: Secret::new(number.as_str()),
            locale: locale(&account),
            fields: BTreeMap::new(),
            digits: TEST_CODE_DIGITS,
            tries: TEST_CODE_TRIES,
            deadline: TEST_CALL,
        };
        let ended = self.plugins()?.call(request).await;
        drop(trial);
        let told = entry("contact_tested", &account.id, "voice", Some(ended.disposition));
        if ended.disposition == Disposition::Entered {
            self.verify_phone(&account.id, &number, told, actor).await?;
        } else {
            self.commit(actor, vec![told]).await?;
        }
        Ok(ended)
    }

    /// Before anything is sent: who rings up whom is on file even if the daemon dies over it.
    async fn begin_test(
        &self,
        account: &AccountId,
        channel: &'static str,
        mut writes: Vec<Write>,
        actor: &str,
    ) -> Result<(), Fault> {
        writes.push(entry("contact_test_begun", account, channel, None));
        self.commit(actor, writes).await.map(|_| ())
    }

    async fn verify_phone(
        &self,
        id: &AccountId,
        number: &str,
        told: Write,
        actor: &str,
    ) -> Result<(), Fault> {
        let _alone = self.changing_accounts.lock().await;
        let mut writes = vec![told];
        let record = self.store.account(id, now()).await?;
        let account = record.map(|record| record.account);
        // The number may have been changed while the telephone rang.
        if let Some(mut account) = account
            && let Some(phone) = account.phones.first_mut().filter(|phone| phone.number.as_str() == number)
        {
            phone.verified_at = Some(now());
            writes.push(Write::UpdateAccount(account));
        }
        self.commit(actor, writes).await.map(|_| ())
    }
}

fn none_on_file(what: &str, option: &str) -> Fault {
    Fault::WrongState(format!(
        "there is no {what} on file: put one there with readmit account set ID {option}"
    ))
}

fn locale(account: &Account) -> String {
    account.locale.clone().unwrap_or_else(|| "en".to_owned())
}

fn fresh_id() -> Result<DeliveryId, Fault> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system gives no randomness");
        Fault::internal()
    })?;
    Ok(DeliveryId::from_random(random))
}

fn entry(kind: &str, account: &AccountId, channel: &str, disposition: Option<Disposition>) -> Write {
    let disposition = disposition.map(|disposition| ("disposition", disposition.as_str()));
    let detail: Map<String, Value> = std::iter::once(("channel", channel))
        .chain(disposition)
        .map(|(name, value)| (name.to_owned(), Value::String(value.to_owned())))
        .collect();
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: Some(account.clone()), detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_right_only_in_its_call_and_only_so_often_wrong() {
        let trials = Trials::default();
        let id = DeliveryId::from_random([1; 16]);
        let (right, wrong) = (Secret::new("482913"), Secret::new("000000"));
        assert_eq!(trials.check(&id, &right), None, "no such call");
        let trial = Trial { trials: &trials, id: id.clone() };
        trials.codes.lock().insert(id.clone(), (right.clone(), 3));
        assert_eq!(trials.check(&id, &wrong), Some(Checked { accepted: false, tries_left: 2 }));
        assert_eq!(trials.check(&id, &right), Some(Checked { accepted: true, tries_left: 1 }));
        assert_eq!(trials.check(&id, &wrong), Some(Checked { accepted: false, tries_left: 0 }));
        assert_eq!(trials.check(&id, &right), Some(Checked { accepted: false, tries_left: 0 }), "too often");
        drop(trial);
        assert_eq!(trials.check(&id, &right), None);
    }
}
