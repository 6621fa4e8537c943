//! What a question says about a fact, in words.

use readmit_recovery::facts::{Failure, Question};
use readmit_recovery::time::Timestamp;

use super::words::counted;
use crate::fact::Fact;
use crate::limits::MAX_TOLD_CHARS;

/// What `question` says about `fact`, as one short text; none for a record that is always there and says nothing
/// by itself. Times are told as they are seen from the question.
#[must_use]
pub fn told(question: &Question, fact: Fact) -> Option<String> {
    let text = of_account(question, fact)
        .or_else(|| of_circumstances(question, fact))
        .or_else(|| of_course(question, fact))?;
    Some(if text.chars().count() > MAX_TOLD_CHARS {
        text.chars().take(MAX_TOLD_CHARS).chain(['…']).collect()
    } else {
        text
    })
}

fn of_account(question: &Question, fact: Fact) -> Option<String> {
    let account = &question.facts.account;
    let (email, phone) = (account.email.as_ref(), account.phone.as_ref());
    let ago = |at: Option<Timestamp>| age(at, question.now);
    Some(match fact {
        Fact::AccountId => account.id.to_string(),
        Fact::Realm => account.realm.clone(),
        Fact::Kind => account.kind.clone(),
        Fact::CreatedAt => ago(Some(account.created_at)),
        Fact::Groups => joined(account.groups.iter().cloned()),
        Fact::Attributes => {
            joined(account.attributes.iter().map(|(name, value)| format!("{name} = {value}")))
        }
        Fact::Email => on_file(email.is_some()),
        Fact::EmailDomain => email?.domain.clone(),
        Fact::EmailVerifiedAt => ago(email?.verified_at),
        Fact::EmailChangedAt => ago(email?.changed_at),
        Fact::EmailSameMailbox => yes(email?.same_mailbox_as_account),
        Fact::Phone => on_file(phone.is_some()),
        Fact::PhoneCountry => phone?.country.clone(),
        Fact::PhoneVerifiedAt => ago(phone?.verified_at),
        Fact::PhoneChangedAt => ago(phone?.changed_at),
        Fact::PhoneOnLostDevice => yes(phone?.on_lost_device),
        Fact::HasPassword => yes(account.has.password),
        Fact::HasRecoveryCodes => yes(account.has.recovery_codes),
        Fact::HasOtherDevices => yes(account.has.other_devices),
        Fact::HasContacts => yes(account.has.contacts),
        _ => return None,
    })
}

fn of_circumstances(question: &Question, fact: Fact) -> Option<String> {
    let (device, client) = (question.facts.device.as_ref(), &question.facts.client);
    let history = question.facts.history;
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "not said".to_owned());
    Some(match fact {
        Fact::Device => on_file(device.is_some()),
        Fact::DeviceId => device?.id.to_string(),
        Fact::DeviceForm => device?.form.as_str().to_owned(),
        Fact::DeviceLabel => device?.label.clone(),
        Fact::DeviceEnrolledAt => age(Some(device?.enrolled_at), question.now),
        Fact::ClientAddress => said(&client.address),
        Fact::ClientUserAgent => said(&client.user_agent),
        Fact::ClientLocale => said(&client.locale),
        Fact::ClientKnown => yes(client.known),
        Fact::Opened24h => history.opened_24h.to_string(),
        Fact::Failed24h => history.failed_24h.to_string(),
        Fact::Recovered90d => history.recovered_90d.to_string(),
        Fact::LastRecoveredAt => age(history.last_recovered_at, question.now),
        _ => return None,
    })
}

fn of_course(question: &Question, fact: Fact) -> Option<String> {
    let failure = question.failure.as_ref();
    Some(match fact {
        Fact::Reason => question.reason.as_str().to_owned(),
        Fact::Now => question.now.rfc3339(),
        Fact::Proven => joined(question.proven.iter().map(ToString::to_string)),
        Fact::Failures => joined(question.failures.iter().map(failed)),
        Fact::FailureFactor => failure?.factor.to_string(),
        Fact::FailureDisposition => failure?.disposition.as_str().to_owned(),
        Fact::FailureCount => failure?.count.to_string(),
        Fact::FailureAt => age(Some(failure?.at), question.now),
        _ => return None,
    })
}

fn failed(failure: &Failure) -> String {
    format!("{} {}", failure.factor, failure.disposition.as_str())
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn on_file(is: bool) -> String {
    if is { "on file" } else { "none" }.to_owned()
}

fn joined(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

/// How long ago, in the largest unit that fits, rounded down.
fn age(at: Option<Timestamp>, now: Timestamp) -> String {
    let Some(at) = at else { return "never".to_owned() };
    if at > now {
        return "in the future".to_owned();
    }
    let seconds = now.since(at).as_secs();
    let units = [("day", 86_400), ("hour", 3600), ("minute", 60)];
    let (name, size) = units.into_iter().find(|(_, size)| seconds >= *size).unwrap_or(("second", 1));
    format!("{} ago", counted(seconds / size, name))
}
