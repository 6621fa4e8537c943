//! Factors: the ways to prove identity in a case, and what kind of proof each of them is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::MAX_CHANNEL_BYTES;

/// A way to prove identity in a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Factor {
    /// The account's password.
    Password,
    /// A code or link sent to the e-mail address on file.
    Email,
    /// A code shown on the page and typed on the telephone on file.
    Voice,
    /// One of the codes that the person saved at enrolment.
    RecoveryCode,
    /// A one-time password of another device.
    Totp,
    /// Two consecutive one-time passwords of the device itself, which put its drift right.
    Resync,
    /// The word of a member of staff who has checked the person's identity.
    Approval,
    /// An access pass that support issued.
    Pass,
    /// A code that a recovery contact on file receives and hands over.
    Contact,
    /// A code over any other channel that a plugin provides, by the channel's name.
    Channel(String),
}

/// The text is no factor's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "no factor has this name: use password, email, voice, recovery_code, totp, resync, approval, pass, contact or the name of a plugin's channel (lower case letters, digits, _)"
)]
pub struct UnknownFactor;

impl Factor {
    /// The name in Lua, on the bus and in the journal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Password => "password",
            Self::Email => "email",
            Self::Voice => "voice",
            Self::RecoveryCode => "recovery_code",
            Self::Totp => "totp",
            Self::Resync => "resync",
            Self::Approval => "approval",
            Self::Pass => "pass",
            Self::Contact => "contact",
            Self::Channel(name) => name,
        }
    }

    /// The channel that carries this factor's challenge, if one does.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        match self {
            Self::Email | Self::Contact => Some("email"),
            Self::Voice => Some("voice"),
            Self::Channel(name) => Some(name),
            Self::Password | Self::RecoveryCode | Self::Totp | Self::Resync | Self::Approval | Self::Pass => {
                None
            }
        }
    }
}

impl FromStr for Factor {
    type Err = UnknownFactor;

    fn from_str(name: &str) -> Result<Self, UnknownFactor> {
        Ok(match name {
            "password" => Self::Password,
            "email" => Self::Email,
            "voice" => Self::Voice,
            "recovery_code" => Self::RecoveryCode,
            "totp" => Self::Totp,
            "resync" => Self::Resync,
            "approval" => Self::Approval,
            "pass" => Self::Pass,
            "contact" => Self::Contact,
            other => {
                let fits = (2..=MAX_CHANNEL_BYTES).contains(&other.len())
                    && other.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
                    && other.starts_with(|c: char| c.is_ascii_lowercase());
                if !fits {
                    return Err(UnknownFactor);
                }
                Self::Channel(other.to_owned())
            }
        })
    }
}

impl TryFrom<String> for Factor {
    type Error = UnknownFactor;

    fn try_from(name: String) -> Result<Self, UnknownFactor> {
        name.parse()
    }
}

impl From<Factor> for String {
    fn from(factor: Factor) -> String {
        factor.as_str().to_owned()
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_factor_is_read_back_by_its_name() {
        let names = "password email voice recovery_code totp resync approval pass contact sms";
        for name in names.split(' ') {
            assert_eq!(name.parse::<Factor>().map(String::from), Ok(name.to_owned()));
        }
        for name in ["", "E-mail", "x", "1sms", "sms!", &"x".repeat(MAX_CHANNEL_BYTES + 1)] {
            assert_eq!(name.parse::<Factor>(), Err(UnknownFactor), "{name:?}");
        }
    }
}
