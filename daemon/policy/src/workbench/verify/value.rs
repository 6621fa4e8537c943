//! One value of one fact, as verify tries it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use readmit_recovery::account::{Form, Reason};
use readmit_recovery::facts::{DeviceFacts, EmailFacts, PhoneFacts};
use readmit_recovery::id::{AccountId, DeviceId};
use readmit_recovery::time::Timestamp;

use super::domain::{NOBODYS_COUNTRY, NOBODYS_DOMAIN, NOBODYS_WORD};
use crate::fact::Fact;
use crate::workbench::start::{NOW, Start, quoted, span};

/// One value of one fact. It prints as a condition: `account.kind is "member"`, `no phone on file`, `phone changed
/// less than 30 days ago`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value {
    /// Of which fact.
    pub fact: Fact,
    pub(super) is: Is,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Is {
    /// A word; none where there is none.
    Text(Option<String>),
    /// Yes or no; of a record, whether there is one.
    Flag(bool),
    /// A number.
    Count(u32),
    /// How long ago, in seconds; none for never.
    Age(Option<u64>),
    /// Several words.
    Texts(Vec<String>),
    /// Words by name.
    Pairs(BTreeMap<String, String>),
}

impl Value {
    pub(super) const fn new(fact: Fact, is: Is) -> Self {
        Self { fact, is }
    }

    /// The value that `start` has; none for what no start decides (`now`, what happens in the case) and for a field
    /// of a record that is not there.
    #[must_use]
    pub fn of(start: &Start, fact: Fact) -> Option<Self> {
        use Fact as F;
        let facts = &start.facts;
        let account = &facts.account;
        let (email, phone) = (account.email.as_ref(), account.phone.as_ref());
        let (device, client, history) = (facts.device.as_ref(), &facts.client, &facts.history);
        let text = |text: &str| Is::Text(Some(text.to_owned()));
        let maybe = |text: &Option<String>| Is::Text(text.clone());
        let ago = |at: Timestamp| Is::Age(Some(NOW.since(at).as_secs()));
        let ago_or_never = |at: Option<Timestamp>| at.map_or(Is::Age(None), ago);
        let is = match fact {
            F::Reason => text(start.reason.as_str()),
            F::AccountId => text(account.id.as_str()),
            F::Realm => text(&account.realm),
            F::Kind => text(&account.kind),
            F::CreatedAt => ago(account.created_at),
            F::Groups => Is::Texts(account.groups.clone()),
            F::Attributes => Is::Pairs(account.attributes.clone()),
            F::Email => Is::Flag(email.is_some()),
            F::EmailDomain => text(&email?.domain),
            F::EmailVerifiedAt => ago_or_never(email?.verified_at),
            F::EmailChangedAt => ago_or_never(email?.changed_at),
            F::EmailSameMailbox => Is::Flag(email?.same_mailbox_as_account),
            F::Phone => Is::Flag(phone.is_some()),
            F::PhoneCountry => {
                Is::Text(phone.map(|phone| phone.country.clone()).filter(|country| !country.is_empty()))
            }
            F::PhoneVerifiedAt => ago_or_never(phone?.verified_at),
            F::PhoneChangedAt => ago_or_never(phone?.changed_at),
            F::PhoneOnLostDevice => Is::Flag(phone?.on_lost_device),
            F::HasPassword => Is::Flag(account.has.password),
            F::HasRecoveryCodes => Is::Flag(account.has.recovery_codes),
            F::HasOtherDevices => Is::Flag(account.has.other_devices),
            F::HasContacts => Is::Flag(account.has.contacts),
            F::Device => Is::Flag(device.is_some()),
            F::DeviceId => text(device?.id.as_str()),
            F::DeviceForm => text(device?.form.as_str()),
            F::DeviceLabel => text(&device?.label),
            F::DeviceEnrolledAt => ago(device?.enrolled_at),
            F::ClientAddress => maybe(&client.address),
            F::ClientUserAgent => maybe(&client.user_agent),
            F::ClientLocale => maybe(&client.locale),
            F::ClientKnown => Is::Flag(client.known),
            F::Opened24h => Is::Count(history.opened_24h),
            F::Failed24h => Is::Count(history.failed_24h),
            F::Recovered90d => Is::Count(history.recovered_90d),
            F::LastRecoveredAt => ago_or_never(history.last_recovered_at),
            F::Now
            | F::Account
            | F::Has
            | F::Client
            | F::History
            | F::Proven
            | F::Failures
            | F::FailureFactor
            | F::FailureDisposition
            | F::FailureCount
            | F::FailureAt => return None,
        };
        Some(Self { fact, is })
    }

    /// How many seconds ago, if it is a time that there is.
    pub(super) const fn age(&self) -> Option<u64> {
        match &self.is {
            Is::Age(age) => *age,
            _ => None,
        }
    }

    /// The word, if it is one.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match &self.is {
            Is::Text(text) => text.as_deref(),
            Is::Flag(_) | Is::Count(_) | Is::Age(_) | Is::Texts(_) | Is::Pairs(_) => None,
        }
    }

    /// Whether it stands for every word that no policy names.
    #[must_use]
    pub fn is_nobodys_word(&self) -> bool {
        matches!(self.word(), Some(NOBODYS_WORD | NOBODYS_COUNTRY | NOBODYS_DOMAIN))
    }

    /// Yes or no, if it is one of them.
    #[must_use]
    pub const fn flag(&self) -> Option<bool> {
        match self.is {
            Is::Flag(flag) => Some(flag),
            Is::Text(_) | Is::Count(_) | Is::Age(_) | Is::Texts(_) | Is::Pairs(_) => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub const fn count(&self) -> Option<u32> {
        match self.is {
            Is::Count(count) => Some(count),
            Is::Text(_) | Is::Flag(_) | Is::Age(_) | Is::Texts(_) | Is::Pairs(_) => None,
        }
    }

    /// Whether it says that something has never happened.
    #[must_use]
    pub const fn is_never(&self) -> bool {
        matches!(self.is, Is::Age(None))
    }

    /// Gives `start` this value. A field of a record that is not there stays without one.
    pub fn apply(&self, start: &mut Start) {
        match &self.is {
            Is::Text(text) => set_text(self.fact, text.as_deref(), start),
            Is::Flag(flag) => set_flag(self.fact, *flag, start),
            Is::Count(count) => {
                let history = &mut start.facts.history;
                match self.fact {
                    Fact::Opened24h => history.opened_24h = *count,
                    Fact::Failed24h => history.failed_24h = *count,
                    Fact::Recovered90d => history.recovered_90d = *count,
                    _ => {}
                }
            }
            Is::Age(age) => {
                let at = age.map(|age| Timestamp::from_unix(NOW.unix().saturating_sub(age)));
                set_time(self.fact, at, start);
            }
            Is::Texts(groups) => start.facts.account.groups.clone_from(groups),
            Is::Pairs(attributes) => start.facts.account.attributes.clone_from(attributes),
        }
    }
}

fn set_text(fact: Fact, text: Option<&str>, start: &mut Start) {
    let facts = &mut start.facts;
    let owned = || text.unwrap_or_default().to_owned();
    match fact {
        Fact::Reason => start.reason = owned().parse::<Reason>().unwrap_or(start.reason),
        Fact::AccountId => {
            if let Ok(id) = AccountId::parse(&owned()) {
                facts.account.id = id;
            }
        }
        Fact::Realm => facts.account.realm = owned(),
        Fact::Kind => facts.account.kind = owned(),
        Fact::ClientAddress => facts.client.address = text.map(str::to_owned),
        Fact::ClientUserAgent => facts.client.user_agent = text.map(str::to_owned),
        Fact::ClientLocale => facts.client.locale = text.map(str::to_owned),
        _ => {}
    }
    if let Some(email) = facts.account.email.as_mut().filter(|_| fact == Fact::EmailDomain) {
        email.domain = owned();
    }
    if let Some(phone) = facts.account.phone.as_mut().filter(|_| fact == Fact::PhoneCountry) {
        phone.country = owned();
    }
    if let Some(device) = facts.device.as_mut() {
        match fact {
            Fact::DeviceId => device.id = DeviceId::parse(&owned()).unwrap_or_else(|_| device.id.clone()),
            Fact::DeviceForm => device.form = owned().parse::<Form>().unwrap_or(device.form),
            Fact::DeviceLabel => device.label = owned(),
            _ => {}
        }
    }
}

fn set_flag(fact: Fact, flag: bool, start: &mut Start) {
    let Ok(usual) = Start::complete(&start.facts.account.realm) else { return };
    let facts = &mut start.facts;
    match fact {
        Fact::Email => facts.account.email = usual.facts.account.email.filter(|_| flag),
        Fact::Phone => facts.account.phone = usual.facts.account.phone.filter(|_| flag),
        Fact::Device => facts.device = usual.facts.device.filter(|_| flag),
        Fact::HasPassword => facts.account.has.password = flag,
        Fact::HasRecoveryCodes => facts.account.has.recovery_codes = flag,
        Fact::HasOtherDevices => facts.account.has.other_devices = flag,
        Fact::HasContacts => facts.account.has.contacts = flag,
        Fact::ClientKnown => facts.client.known = flag,
        Fact::EmailSameMailbox => with_email(start, |email| email.same_mailbox_as_account = flag),
        Fact::PhoneOnLostDevice => with_phone(start, |phone| phone.on_lost_device = flag),
        _ => {}
    }
}

fn set_time(fact: Fact, at: Option<Timestamp>, start: &mut Start) {
    match (fact, at) {
        (Fact::EmailVerifiedAt, at) => with_email(start, |email| email.verified_at = at),
        (Fact::EmailChangedAt, at) => with_email(start, |email| email.changed_at = at),
        (Fact::PhoneVerifiedAt, at) => with_phone(start, |phone| phone.verified_at = at),
        (Fact::PhoneChangedAt, at) => with_phone(start, |phone| phone.changed_at = at),
        (Fact::LastRecoveredAt, at) => start.facts.history.last_recovered_at = at,
        (Fact::CreatedAt, Some(at)) => start.facts.account.created_at = at,
        (Fact::DeviceEnrolledAt, Some(at)) => with_device(start, |device| device.enrolled_at = at),
        _ => {}
    }
}

fn with_email(start: &mut Start, change: impl FnOnce(&mut EmailFacts)) {
    if let Some(email) = start.facts.account.email.as_mut() {
        change(email);
    }
}

fn with_phone(start: &mut Start, change: impl FnOnce(&mut PhoneFacts)) {
    if let Some(phone) = start.facts.account.phone.as_mut() {
        change(phone);
    }
}

fn with_device(start: &mut Start, change: impl FnOnce(&mut DeviceFacts)) {
    if let Some(device) = start.facts.device.as_mut() {
        change(device);
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fact = self.fact;
        match &self.is {
            Is::Text(Some(text)) => write!(formatter, "{fact} is {}", quoted(text)),
            Is::Text(None) => write!(formatter, "{fact} is not known"),
            Is::Count(count) => write!(formatter, "{fact} is {count}"),
            Is::Texts(texts) if texts.is_empty() => write!(formatter, "{fact} is empty"),
            Is::Texts(texts) => {
                let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                write!(formatter, "{fact} is {}", texts.join(", "))
            }
            Is::Pairs(pairs) if pairs.is_empty() => write!(formatter, "{fact} is empty"),
            Is::Pairs(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|(name, text)| format!("{name} = {}", quoted(text))).collect();
                write!(formatter, "{fact} has {}", pairs.join(", "))
            }
            Is::Flag(flag) => formatter.write_str(&flag_in_words(fact, *flag)),
            Is::Age(age) => {
                let (name, happened) = event(fact);
                match age {
                    None => write!(formatter, "{name} never {happened}"),
                    Some(age) => write!(formatter, "{name} {happened} {}", ago(*age)),
                }
            }
        }
    }
}

fn flag_in_words(fact: Fact, flag: bool) -> String {
    let on_file = |what: &str| if flag { format!("{what} on file") } else { format!("no {what} on file") };
    match fact {
        Fact::Email => on_file("e-mail address"),
        Fact::Phone => on_file("phone"),
        Fact::Device => on_file("device"),
        Fact::HasPassword => on_file("password"),
        Fact::HasRecoveryCodes => on_file("recovery codes"),
        Fact::HasOtherDevices => on_file("other device"),
        Fact::HasContacts => on_file("recovery contact"),
        _ => format!("{fact} is {flag}"),
    }
}

/// Whose time it is, and what happened then.
const fn event(fact: Fact) -> (&'static str, &'static str) {
    match fact {
        Fact::CreatedAt => ("account", "created"),
        Fact::EmailVerifiedAt => ("e-mail address", "verified"),
        Fact::EmailChangedAt => ("e-mail address", "changed"),
        Fact::PhoneVerifiedAt => ("phone", "verified"),
        Fact::PhoneChangedAt => ("phone", "changed"),
        Fact::DeviceEnrolledAt => ("device", "enrolled"),
        _ => ("account", "recovered"),
    }
}

/// How long ago, in words: what lies a second beside a round time is more or less than that.
fn ago(age: u64) -> String {
    let in_words = |seconds: u64| span(Duration::from_secs(seconds)).replace('(', " ").replace(')', "");
    let round = |seconds: u64| {
        let words = in_words(seconds);
        let (unit, number) = words.split_once(' ').unwrap_or((&words, ""));
        let unit = if number == "1" { unit.trim_end_matches('s') } else { unit };
        format!("{number} {unit}")
    };
    match age {
        0 => "just now".to_owned(),
        age if age % 60 == 59 => format!("less than {} ago", round(age + 1)),
        age if age % 60 == 1 && age > 1 => format!("more than {} ago", round(age - 1)),
        age => format!("{} ago", round(age)),
    }
}
