//! The account and its devices, as the organization put them on file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::address::{EmailAddress, InvalidAddress, PhoneNumber};
use crate::id::{AccountId, DeviceId};
use crate::limits::MAX_CONTACT_NAME_BYTES;
use crate::time::Timestamp;

/// Who wants back in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The organization's name for the account.
    pub id: AccountId,
    /// Which policy file decides; `default` where the organization has but one.
    pub realm: String,
    /// `owner`, `member`, or any word of the organization's.
    pub kind: String,
    /// When the account was put on file.
    pub created_at: Timestamp,
    /// E-mail addresses, the one for recovery first. Every one of them gets the notices.
    pub emails: Vec<Email>,
    /// Phone numbers, the one for recovery first.
    pub phones: Vec<Phone>,
    /// Recovery contacts, the one who is asked first at the head.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// Groups, for policies.
    pub groups: Vec<String>,
    /// Anything else that policies decide by.
    pub attributes: BTreeMap<String, String>,
    /// The language for messages (BCP 47), where the person has said one.
    pub locale: Option<String>,
}

/// An e-mail address on file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The address.
    pub address: EmailAddress,
    /// When it was shown to be the person's.
    pub verified_at: Option<Timestamp>,
    /// When it was last replaced.
    pub changed_at: Option<Timestamp>,
    /// Whether the mailbox is itself behind this account, so that a lost device locks it too.
    pub same_mailbox_as_account: bool,
}

/// A phone number on file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// The number.
    pub number: PhoneNumber,
    /// The country as ISO 3166-1 alpha-2, where the organization has said it.
    pub country: Option<String>,
    /// When it was shown to be the person's.
    pub verified_at: Option<Timestamp>,
    /// When it was last replaced.
    pub changed_at: Option<Timestamp>,
    /// Whether it rings on the device that is gone.
    pub on_lost_device: bool,
}

/// Somebody whom the person trusts to receive a code and to hand it over (NIST SP 800-63B-4 §4.2.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What the person calls them.
    pub name: String,
    /// Where their code goes.
    pub email: EmailAddress,
}

/// Why a text is no recovery contact.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidContact {
    /// Not a name and an address.
    #[error("write a recovery contact as Ann Example <ann@example.org>")]
    Form,
    /// The name is too long.
    #[error("the name of a recovery contact has at most {MAX_CONTACT_NAME_BYTES} bytes")]
    LongName,
    /// The address is none.
    #[error("the address of a recovery contact is wrong")]
    Address(#[from] InvalidAddress),
}

impl Contact {
    /// Takes a name and an address in the one form `Ann Example <ann@example.org>`.
    ///
    /// # Errors
    /// [`InvalidContact`] for anything else: a name that is missing, or that holds angle brackets or characters
    /// that do not show, included.
    pub fn parse(text: &str) -> Result<Self, InvalidContact> {
        let (name, rest) = text.split_once(" <").ok_or(InvalidContact::Form)?;
        let address = rest.strip_suffix('>').ok_or(InvalidContact::Form)?;
        let shows = |c: char| {
            !c.is_control() && !matches!(c, '<' | '>' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        };
        if name.trim() != name || name.is_empty() || !name.chars().all(shows) {
            return Err(InvalidContact::Form);
        }
        if name.len() > MAX_CONTACT_NAME_BYTES {
            return Err(InvalidContact::LongName);
        }
        Ok(Self { name: name.to_owned(), email: EmailAddress::parse(address)? })
    }
}

/// As it is written, with the whole address: for administrators.
impl fmt::Display for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} <{}>", self.name, self.email.as_str())
    }
}

/// An authenticator bound to an account. Its secret stays in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Whose it is.
    pub account: AccountId,
    /// What the person calls it.
    pub label: String,
    /// Where its secret lives.
    pub form: Form,
    /// Whether sign-in asks for it.
    pub status: DeviceStatus,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
}

/// Where a device's secret lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// In an app.
    Virtual,
    /// In a token of its own.
    Hardware,
}

/// Whether sign-in asks for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStatus {
    /// It does.
    Active,
    /// It no longer does.
    Deactivated,
}

/// Why a recovery is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The device is gone, nobody knows where.
    Lost,
    /// Somebody has it.
    Stolen,
    /// It is broken, or in repair.
    Damaged,
    /// It does nothing, nobody knows why.
    NotWorking,
    /// It gives codes, and they are refused.
    OutOfSync,
}

/// The text names none of the known choices.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown {what}: use {choices}")]
pub struct UnknownWord {
    what: &'static str,
    choices: &'static str,
}

macro_rules! words {
    ($name:ident, $what:literal, $choices:literal, $($variant:ident = $word:literal),+) => {
        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it in Lua, on the bus and in the journal.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { what: $what, choices: $choices }),
                }
            }
        }
    };
}

words!(Form, "form", "virtual or hardware", Virtual = "virtual", Hardware = "hardware");
words!(DeviceStatus, "status", "active or deactivated", Active = "active", Deactivated = "deactivated");
words!(
    Reason,
    "reason",
    "lost, stolen, damaged, not_working or out_of_sync",
    Lost = "lost",
    Stolen = "stolen",
    Damaged = "damaged",
    NotWorking = "not_working",
    OutOfSync = "out_of_sync"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_a_name_and_an_address() {
        for good in ["Ann Example <ann@example.org>", "Ö <o@x.example>", "Ann (work), Dr. <ann@example.org>"]
        {
            assert_eq!(Contact::parse(good).map(|contact| contact.to_string()), Ok(good.to_owned()));
        }
        let bad = [
            "",
            "ann@example.org",
            "<ann@example.org>",
            " <ann@example.org>",
            " Ann <ann@example.org>",
            "Ann  <ann@example.org>",
            "Ann <ann@example.org",
            "Ann ann@example.org",
            "Ann <ann@example.org> ",
            "Ann <ann@example.org>, Bob <bob@example.org>",
            "Ann <x> <ann@example.org>",
            "Ann\r\nBcc: eve@example.org <ann@example.org>",
            "A\u{202E}nn <ann@example.org>",
        ];
        for bad in bad {
            let refused =
                matches!(Contact::parse(bad), Err(InvalidContact::Form | InvalidContact::Address(_)));
            assert!(refused, "{bad:?}");
        }
        let named = |length| Contact::parse(&format!("{} <ann@example.org>", "n".repeat(length)));
        assert!(named(MAX_CONTACT_NAME_BYTES).is_ok());
        assert_eq!(named(MAX_CONTACT_NAME_BYTES + 1), Err(InvalidContact::LongName));
    }
}
