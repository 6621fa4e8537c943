//! E-mail addresses and phone numbers: strict on the way in, masked on the way out.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::MAX_EMAIL_BYTES;

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidAddress {
    /// Not one mailbox of the plain form `local@domain`.
    #[error("not an e-mail address: write it as name@example.org")]
    Email,
    /// Not a number in E.164.
    #[error("not a phone number: write it in E.164, as +14155550123")]
    Phone,
}

/// One mailbox, `local@domain`, without display name, comments or quoting (a subset of RFC 5321 §4.1.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Takes an address of the plain form.
    ///
    /// # Errors
    /// [`InvalidAddress::Email`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidAddress::Email)?;
        let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let local_fits = !local.is_empty()
            && local.len() <= 64
            && local.chars().all(plain)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_fits = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let fits = local_fits && text.len() <= MAX_EMAIL_BYTES && domain.split('.').all(label_fits);
        fits.then(|| Self(text.to_owned())).ok_or(InvalidAddress::Email)
    }

    /// The whole address, for the one place that sends to it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part behind the `@`, in lower case.
    #[must_use]
    pub fn domain(&self) -> String {
        self.0.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default()
    }

    /// What a stranger may see: the first letter and the last part of the domain, `a•••@•••.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first: String = self.0.chars().take(1).collect();
        let domain = self.domain();
        let last = domain.rsplit('.').next().unwrap_or_default();
        format!("{first}•••@•••.{last}")
    }
}

/// A phone number in E.164 with its leading `+`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Takes a number of the form `+` and 7 to 15 digits, the first not zero (ITU-T E.164 §6).
    ///
    /// # Errors
    /// [`InvalidAddress::Phone`] for anything else, spaces and letters included: a gate that guesses what was
    /// meant would dial what was not.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let digits = text.strip_prefix('+').ok_or(InvalidAddress::Phone)?;
        let fits = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        fits.then(|| Self(text.to_owned())).ok_or(InvalidAddress::Phone)
    }

    /// The whole number, for the one place that dials it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a stranger may see: the last two digits, `••• 23`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("••• {}", &self.0[self.0.len() - 2..])
    }
}

/// Where a delivery goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// To a mailbox.
    Email(EmailAddress),
    /// To a telephone.
    Phone(PhoneNumber),
}

impl Address {
    /// The whole address as a plugin takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Phone(phone) => phone.as_str(),
        }
    }
}

macro_rules! guarded {
    ($name:ident, $error:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.masked())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidAddress;

            fn try_from(text: String) -> Result<Self, InvalidAddress> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(address: $name) -> String {
                address.0
            }
        }
    };
}

guarded!(EmailAddress, Email);
guarded!(PhoneNumber, Phone);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_is_one_plain_mailbox() {
        for good in ["a@b", "alice.b+c@example.org", "jörg@münchen.example", "o'neil@x-y.org"] {
            assert!(EmailAddress::parse(good).is_ok(), "{good:?}");
        }
        let bad = [
            "",
            "alice",
            "@example.org",
            "alice@",
            "a b@example.org",
            "Alice <a@example.org>",
            "a@example..org",
            ".a@example.org",
            "a@example.org\r\nBcc: b@example.org",
            "a@-example.org",
            "\"a b\"@example.org",
        ];
        for bad in bad {
            assert_eq!(EmailAddress::parse(bad), Err(InvalidAddress::Email), "{bad:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@example.org", "a".repeat(65))).is_err());
    }

    #[test]
    fn a_phone_number_is_e164_to_the_letter() {
        for good in ["+1415555", "+14155550123", "+123456789012345"] {
            assert!(PhoneNumber::parse(good).is_ok(), "{good:?}");
        }
        let bad = [
            "14155550123",
            "+1 415 555 0123",
            "+1415555O123",
            "+0415555",
            "+141555",
            "+1234567890123456",
            "+",
        ];
        for bad in bad {
            assert_eq!(PhoneNumber::parse(bad), Err(InvalidAddress::Phone), "{bad:?}");
        }
    }

    #[test]
    fn addresses_show_masked_even_in_debug() -> Result<(), InvalidAddress> {
        let email = EmailAddress::parse("alice@mail.example.org")?;
        let phone = PhoneNumber::parse("+14155550123")?;
        assert_eq!(format!("{email:?} {phone:?}"), "a•••@•••.org ••• 23");
        Ok(())
    }
}
