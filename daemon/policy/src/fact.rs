//! The names of everything that a policy can look at in a case.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The text names nothing of a case.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a case has no such field")]
pub struct UnknownFact;

macro_rules! facts {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// Something that a policy can look at, by its path from `case`. Looking at a record, as in
        /// `if case.account.phone`, is a fact of its own: whether there is one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fact {
            $(#[doc = concat!("`", $name, "`")] $variant),+
        }

        impl Fact {
            /// Every fact.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The path from `case`; `failure.…` is what stands beside the case in `failed`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for Fact {
            type Err = UnknownFact;

            fn from_str(name: &str) -> Result<Self, UnknownFact> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownFact),
                }
            }
        }
    };
}

facts!(
    Reason = "reason",
    Now = "now",
    Account = "account",
    AccountId = "account.id",
    Realm = "account.realm",
    Kind = "account.kind",
    CreatedAt = "account.created_at",
    Groups = "account.groups",
    Attributes = "account.attributes",
    Email = "account.email",
    EmailDomain = "account.email.domain",
    EmailVerifiedAt = "account.email.verified_at",
    EmailChangedAt = "account.email.changed_at",
    EmailSameMailbox = "account.email.same_mailbox_as_account",
    Phone = "account.phone",
    PhoneCountry = "account.phone.country",
    PhoneVerifiedAt = "account.phone.verified_at",
    PhoneChangedAt = "account.phone.changed_at",
    PhoneOnLostDevice = "account.phone.on_lost_device",
    Has = "account.has",
    HasPassword = "account.has.password",
    HasRecoveryCodes = "account.has.recovery_codes",
    HasOtherDevices = "account.has.other_devices",
    HasContacts = "account.has.contacts",
    Device = "device",
    DeviceId = "device.id",
    DeviceForm = "device.form",
    DeviceLabel = "device.label",
    DeviceEnrolledAt = "device.enrolled_at",
    Client = "client",
    ClientAddress = "client.address",
    ClientUserAgent = "client.user_agent",
    ClientLocale = "client.locale",
    ClientKnown = "client.known",
    History = "history",
    Opened24h = "history.opened_24h",
    Failed24h = "history.failed_24h",
    Recovered90d = "history.recovered_90d",
    LastRecoveredAt = "history.last_recovered_at",
    Proven = "proven",
    Failures = "failures",
    FailureFactor = "failure.factor",
    FailureDisposition = "failure.disposition",
    FailureCount = "failure.count",
    FailureAt = "failure.at",
);

impl fmt::Display for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_is_read_back_by_its_name() {
        for fact in Fact::ALL {
            assert_eq!(fact.as_str().parse(), Ok(*fact));
        }
        assert_eq!("account.emial".parse::<Fact>(), Err(UnknownFact));
    }
}
