//! What an administrator says about an account: strictly read, and put in the place of what was on file.

use std::collections::BTreeMap;
use std::error::Error as _;

use readmit_recovery::account::{Account, Contact, Email, Phone};
use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::limits::MAX_CONTACTS;
use readmit_recovery::time::Timestamp;

use super::Fault;
use super::limits::{MAX_ITEMS, MAX_WORD_BYTES};

/// What an administrator says about an account. What is not said stays as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountProperties {
    /// The realm.
    pub realm: Option<String>,
    /// The kind.
    pub kind: Option<String>,
    /// E-mail addresses, the one for recovery first.
    pub emails: Option<Vec<String>>,
    /// Whether the addresses are known to be the person's; unsaid, the administrator vouches for them.
    pub email_verified: Option<bool>,
    /// Whether the first mailbox is itself behind the account.
    pub email_same_mailbox: Option<bool>,
    /// Phone numbers, the one for recovery first.
    pub phones: Option<Vec<String>>,
    /// Whether the numbers are known to be the person's.
    pub phone_verified: Option<bool>,
    /// The country of the numbers, ISO 3166-1 alpha-2.
    pub phone_country: Option<String>,
    /// Whether the phone is the device that the codes come from.
    pub phone_on_lost_device: Option<bool>,
    /// Recovery contacts as `Ann Example <ann@example.org>`, the one who is asked first at the head.
    pub contacts: Option<Vec<String>>,
    /// Groups.
    pub groups: Option<Vec<String>>,
    /// Attributes.
    pub attributes: Option<BTreeMap<String, String>>,
    /// The language for messages.
    pub locale: Option<String>,
}

impl AccountProperties {
    pub(super) fn apply_to(&self, account: &mut Account, at: Timestamp) -> Result<(), Fault> {
        if let Some(realm) = &self.realm {
            account.realm = word("realm", realm)?;
        }
        if let Some(kind) = &self.kind {
            account.kind = word("kind", kind)?;
        }
        if let Some(locale) = &self.locale {
            account.locale = if locale.is_empty() { None } else { Some(word("locale", locale)?) };
        }
        if let Some(groups) = &self.groups {
            bounded("groups", groups.len())?;
            account.groups = groups.iter().map(|group| word("groups", group)).collect::<Result<_, _>>()?;
        }
        if let Some(attributes) = &self.attributes {
            bounded("attributes", attributes.len())?;
            let checked = attributes
                .iter()
                .map(|(name, value)| Ok((word("attributes", name)?, short("attributes", value)?)));
            account.attributes = checked.collect::<Result<_, Fault>>()?;
        }
        self.apply_emails(account, at)?;
        self.apply_phones(account, at)?;
        self.apply_contacts(account)
    }

    fn apply_contacts(&self, account: &mut Account) -> Result<(), Fault> {
        if let Some(contacts) = &self.contacts {
            if contacts.len() > MAX_CONTACTS {
                return Err(Fault::invalid(format!("contacts: more than {MAX_CONTACTS}")));
            }
            account.contacts = contacts.iter().map(|text| contact(text)).collect::<Result<_, _>>()?;
        }
        // A code that comes to the person's own mailbox is no second method, whatever it is called.
        let mut taken: Vec<String> = account.emails.iter().map(|email| folded(&email.address)).collect();
        for contact in &account.contacts {
            let address = folded(&contact.email);
            if taken.contains(&address) {
                return Err(Fault::invalid(
                    "contacts: a contact has an address of the account's own, or is there twice",
                ));
            }
            taken.push(address);
        }
        Ok(())
    }

    fn apply_emails(&self, account: &mut Account, at: Timestamp) -> Result<(), Fault> {
        if let Some(emails) = &self.emails {
            bounded("emails", emails.len())?;
            let old = std::mem::take(&mut account.emails);
            for text in emails {
                let address =
                    EmailAddress::parse(text).map_err(|error| Fault::invalid(format!("email: {error}")))?;
                let kept = old.iter().find(|email| email.address == address).cloned();
                account.emails.push(kept.unwrap_or_else(|| Email {
                    address,
                    verified_at: Some(at),
                    changed_at: (!old.is_empty()).then_some(at),
                    same_mailbox_as_account: false,
                }));
            }
        }
        for email in &mut account.emails {
            verify(&mut email.verified_at, self.email_verified, at);
        }
        if let (Some(same), Some(first)) = (self.email_same_mailbox, account.emails.first_mut()) {
            first.same_mailbox_as_account = same;
        }
        Ok(())
    }

    fn apply_phones(&self, account: &mut Account, at: Timestamp) -> Result<(), Fault> {
        if let Some(phones) = &self.phones {
            bounded("phones", phones.len())?;
            let old = std::mem::take(&mut account.phones);
            for text in phones {
                let number =
                    PhoneNumber::parse(text).map_err(|error| Fault::invalid(format!("phone: {error}")))?;
                let kept = old.iter().find(|phone| phone.number == number).cloned();
                account.phones.push(kept.unwrap_or_else(|| Phone {
                    number,
                    country: None,
                    verified_at: Some(at),
                    changed_at: (!old.is_empty()).then_some(at),
                    on_lost_device: false,
                }));
            }
        }
        let country = self.phone_country.as_deref().map(country).transpose()?;
        for phone in &mut account.phones {
            verify(&mut phone.verified_at, self.phone_verified, at);
            if let Some(country) = &country {
                phone.country = Some(country.clone());
            }
            if let Some(on_lost_device) = self.phone_on_lost_device {
                phone.on_lost_device = on_lost_device;
            }
        }
        Ok(())
    }
}

fn verify(verified_at: &mut Option<Timestamp>, verified: Option<bool>, at: Timestamp) {
    match verified {
        Some(true) => *verified_at = verified_at.or(Some(at)),
        Some(false) => *verified_at = None,
        None => {}
    }
}

fn contact(text: &str) -> Result<Contact, Fault> {
    Contact::parse(text).map_err(|error| match error.source() {
        Some(why) => Fault::invalid(format!("contacts: {error}: {why}")),
        None => Fault::invalid(format!("contacts: {error}")),
    })
}

/// An address as most mail servers read it: in any case.
fn folded(address: &EmailAddress) -> String {
    address.as_str().to_lowercase()
}

fn country(text: &str) -> Result<String, Fault> {
    let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    fits.then(|| text.to_owned())
        .ok_or_else(|| Fault::invalid("phone_country: write the country as two capital letters, as US"))
}

fn word(property: &str, text: &str) -> Result<String, Fault> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Fault::invalid(format!("{property}: a value is empty or holds a control character")));
    }
    short(property, text)
}

fn short(property: &str, text: &str) -> Result<String, Fault> {
    if text.len() > MAX_WORD_BYTES {
        return Err(Fault::invalid(format!("{property}: a value is longer than {MAX_WORD_BYTES} bytes")));
    }
    Ok(text.to_owned())
}

fn bounded(property: &str, items: usize) -> Result<(), Fault> {
    if items > MAX_ITEMS {
        return Err(Fault::invalid(format!("{property}: more than {MAX_ITEMS} values")));
    }
    Ok(())
}
