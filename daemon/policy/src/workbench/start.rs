//! Who wants back in: the facts that a made-up case opens with.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use readmit_recovery::account::{Form, Reason};
use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::case::Addresses;
use readmit_recovery::facts::{
    AccountFacts, Client, DeviceFacts, EmailFacts, Facts, Has, History, PhoneFacts,
};
use readmit_recovery::id::{AccountId, DeviceId, InvalidId};
use readmit_recovery::time::Timestamp;

use crate::limits::MAX_SPAN;

/// When every made-up case opens: 2026-01-01T00:00:00Z.
pub const NOW: Timestamp = Timestamp::from_unix(1_767_225_600);

/// The year before it, in which everything was put on file.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// What a made-up case opens with. It prints as the `open { … }` of a test, in which only what differs from
/// [`Start::complete`] is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Why the recovery is wanted.
    pub reason: Reason,
    /// What the policy is told.
    pub facts: Facts,
}

impl Start {
    /// An owner in `realm` who lost a virtual device, with a password, a verified e-mail address and a verified
    /// phone number on file for a year, and nothing else.
    ///
    /// # Errors
    /// None: the ids in it are fixed.
    pub fn complete(realm: &str) -> Result<Self, InvalidId> {
        let then = Timestamp::from_unix(NOW.unix() - YEAR.as_secs());
        let account = AccountFacts {
            id: AccountId::parse("alice")?,
            realm: realm.to_owned(),
            kind: "owner".to_owned(),
            groups: Vec::new(),
            attributes: BTreeMap::new(),
            created_at: then,
            email: Some(EmailFacts {
                domain: "example.org".to_owned(),
                verified_at: Some(then),
                changed_at: None,
                same_mailbox_as_account: false,
            }),
            phone: Some(PhoneFacts {
                country: "US".to_owned(),
                verified_at: Some(then),
                changed_at: None,
                on_lost_device: false,
            }),
            has: Has { password: true, ..Has::default() },
        };
        let device = DeviceFacts {
            id: DeviceId::parse("old-phone")?,
            form: Form::Virtual,
            label: "old phone".to_owned(),
            enrolled_at: then,
        };
        Ok(Self {
            reason: Reason::Lost,
            facts: Facts {
                account,
                device: Some(device),
                client: Client::default(),
                history: History::default(),
            },
        })
    }

    /// Addresses that go with the facts: one of each kind that is on file.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let account = &self.facts.account;
        let domain = account.email.as_ref().map(|email| email.domain.as_str());
        let email = domain.and_then(|domain| EmailAddress::parse(&format!("person@{domain}")).ok());
        let contact = EmailAddress::parse("friend@example.net").ok();
        let phone = PhoneNumber::parse("+14155550123").ok();
        Addresses {
            notices: email.iter().cloned().collect(),
            email,
            phone: phone.filter(|_| account.phone.is_some()),
            other_phones: Vec::new(),
            contacts: contact.filter(|_| account.has.contacts).into_iter().collect(),
        }
    }
}

/// As a test writes it.
impl fmt::Display for Start {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(usual) = Self::complete(&self.facts.account.realm) else { return Err(fmt::Error) };
        let (is, was) = (&self.facts, &usual.facts);
        let mut open = Fields::default();
        open.set("reason", quoted(self.reason.as_str()));
        open.record("account", account(&is.account, &was.account));
        match (&is.device, &was.device) {
            (None, _) => open.set("device", "false".to_owned()),
            (Some(is), Some(was)) => open.record("device", device(is, was)),
            (Some(_), None) => {}
        }
        open.record("client", client(&is.client));
        open.record("history", history(&is.history));
        write!(formatter, "open {}", open.table())
    }
}

fn account(is: &AccountFacts, was: &AccountFacts) -> Fields {
    let mut fields = Fields::default();
    if is.id != was.id {
        fields.set("id", quoted(is.id.as_str()));
    }
    if is.realm != "default" {
        fields.set("realm", quoted(&is.realm));
    }
    if is.kind != was.kind {
        fields.set("kind", quoted(&is.kind));
    }
    fields.time("created_at", Some(is.created_at), Some(was.created_at));
    if !is.groups.is_empty() {
        fields.set("groups", list(is.groups.iter().map(|group| quoted(group))));
    }
    if !is.attributes.is_empty() {
        let pairs =
            is.attributes.iter().map(|(name, value)| format!("[{}] = {}", quoted(name), quoted(value)));
        fields.set("attributes", list(pairs));
    }
    match (&is.email, &was.email) {
        (None, _) => fields.set("email", "false".to_owned()),
        (Some(is), Some(was)) => fields.record("email", email(is, was)),
        (Some(_), None) => {}
    }
    match (&is.phone, &was.phone) {
        (None, _) => fields.set("phone", "false".to_owned()),
        (Some(is), Some(was)) => fields.record("phone", phone(is, was)),
        (Some(_), None) => {}
    }
    let mut has = Fields::default();
    has.flag("password", is.has.password, was.has.password);
    has.flag("recovery_codes", is.has.recovery_codes, was.has.recovery_codes);
    has.flag("other_devices", is.has.other_devices, was.has.other_devices);
    has.flag("contacts", is.has.contacts, was.has.contacts);
    fields.record("has", has);
    fields
}

fn email(is: &EmailFacts, was: &EmailFacts) -> Fields {
    let mut fields = Fields::default();
    if is.domain != was.domain {
        fields.set("domain", quoted(&is.domain));
    }
    fields.time("verified_at", is.verified_at, was.verified_at);
    fields.time("changed_at", is.changed_at, was.changed_at);
    fields.flag("same_mailbox_as_account", is.same_mailbox_as_account, was.same_mailbox_as_account);
    fields
}

fn phone(is: &PhoneFacts, was: &PhoneFacts) -> Fields {
    let mut fields = Fields::default();
    if is.country != was.country {
        fields.set("country", quoted(&is.country));
    }
    fields.time("verified_at", is.verified_at, was.verified_at);
    fields.time("changed_at", is.changed_at, was.changed_at);
    fields.flag("on_lost_device", is.on_lost_device, was.on_lost_device);
    fields
}

fn device(is: &DeviceFacts, was: &DeviceFacts) -> Fields {
    let mut fields = Fields::default();
    if is.id != was.id {
        fields.set("id", quoted(is.id.as_str()));
    }
    if is.form != was.form {
        fields.set("form", quoted(is.form.as_str()));
    }
    if is.label != was.label {
        fields.set("label", quoted(&is.label));
    }
    fields.time("enrolled_at", Some(is.enrolled_at), Some(was.enrolled_at));
    fields
}

fn client(is: &Client) -> Fields {
    let mut fields = Fields::default();
    for (name, text) in [("address", &is.address), ("user_agent", &is.user_agent), ("locale", &is.locale)] {
        if let Some(text) = text {
            fields.set(name, quoted(text));
        }
    }
    fields.flag("known", is.known, false);
    fields
}

fn history(is: &History) -> Fields {
    let mut fields = Fields::default();
    let counts =
        [("opened_24h", is.opened_24h), ("failed_24h", is.failed_24h), ("recovered_90d", is.recovered_90d)];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        fields.set(name, count.to_string());
    }
    fields.time("last_recovered_at", is.last_recovered_at, None);
    fields
}

/// The fields of a Lua table, in order.
#[derive(Default)]
struct Fields(Vec<String>);

impl Fields {
    fn set(&mut self, name: &str, value: String) {
        self.0.push(format!("{name} = {value}"));
    }

    fn flag(&mut self, name: &str, is: bool, was: bool) {
        if is != was {
            self.set(name, is.to_string());
        }
    }

    /// Times are said as they are seen from the opening.
    fn time(&mut self, name: &str, is: Option<Timestamp>, was: Option<Timestamp>) {
        match is {
            _ if is == was => {}
            None => self.set(name, "false".to_owned()),
            Some(NOW) => self.set(name, "now".to_owned()),
            Some(at) if at > NOW => self.set(name, format!("now + {}", at.unix() - NOW.unix())),
            // `seconds` takes no number that is larger.
            Some(at) if at.unix() < NOW.unix() - u64::from(MAX_SPAN) => self.set(name, at.unix().to_string()),
            Some(at) => self.set(name, format!("now - {}", span(NOW.since(at)))),
        }
    }

    fn record(&mut self, name: &str, fields: Self) {
        if !fields.0.is_empty() {
            self.set(name, fields.table());
        }
    }

    fn table(&self) -> String {
        list(self.0.iter().cloned())
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) }
}

/// A duration as Lua writes it, in the largest unit that holds it whole.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("days", 86_400), ("hours", 3600), ("minutes", 60)];
    let unit = units.into_iter().find(|(_, size)| seconds > 0 && seconds.is_multiple_of(*size));
    unit.map_or_else(|| format!("seconds({seconds})"), |(name, size)| format!("{name}({})", seconds / size))
}

/// A text as a Lua literal.
pub(super) fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            '"' | '\\' => write!(literal, "\\{c}"),
            '\n' => write!(literal, "\\n"),
            c if c.is_control() => write!(literal, "\\u{{{:x}}}", u32::from(c)),
            c => write!(literal, "{c}"),
        };
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unusual_is_said() {
        let mut start = Start::complete("default").expect("a start");
        assert_eq!(start.to_string(), "open { reason = \"lost\" }");
        start.facts.account.phone = None;
        start.facts.account.realm = "bank".to_owned();
        start.facts.account.has.recovery_codes = true;
        if let Some(email) = &mut start.facts.account.email {
            email.changed_at = Some(Timestamp::from_unix(NOW.unix() - 3 * 86_400));
        }
        start.facts.account.attributes.insert("a \"b\"".to_owned(), "c\nd".to_owned());
        start.facts.history.failed_24h = 3;
        assert_eq!(
            start.to_string(),
            "open { reason = \"lost\", account = { realm = \"bank\", attributes = { [\"a \\\"b\\\"\"] = \"c\\nd\" }, \
             email = { changed_at = now - days(3) }, phone = false, has = { recovery_codes = true } }, \
             history = { failed_24h = 3 } }"
        );
    }
}
