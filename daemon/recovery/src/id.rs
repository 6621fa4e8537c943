//! Names of things. Random ones are 128 bits, drawn by the service and handed in.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::limits::MAX_ID_BYTES;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidId {
    /// The text is empty.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// The text is longer than [`MAX_ID_BYTES`].
    #[error("the {0} is longer than {MAX_ID_BYTES} bytes")]
    TooLong(&'static str),
    /// The text holds a control character, or a space at either end.
    #[error("the {0} holds a control character or begins or ends with a space")]
    Unprintable(&'static str),
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $word:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as it is, if it can be an id.
            ///
            /// # Errors
            /// [`InvalidId`] says what is wrong with the text.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                check(text, $word).map(|()| Self(text.to_owned()))
            }

            /// A fresh id of 128 random bits, as 32 hexadecimal digits.
            #[must_use]
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(hex::encode(bytes))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                check(&text, $word).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(
    /// Who wants back in, as the organization names them.
    AccountId,
    "account"
);
id!(
    /// One recovery. Whoever holds it may act in the case, so it is never guessable.
    CaseId,
    "case"
);
id!(
    /// A case as it may be seen: by staff, in the journal, in logs. It follows from the case's id, stays the same, and
    /// does not lead back.
    CaseHandle,
    "case"
);
id!(
    /// An authenticator bound to an account.
    DeviceId,
    "device"
);
id!(
    /// One delivery on a channel: the idempotency key that a plugin gets.
    DeliveryId,
    "delivery"
);
id!(
    /// A request to support, as the person is told it.
    TicketId,
    "ticket"
);
id!(
    /// A set of policies, by the SHA-256 of all its source files in hexadecimal.
    PolicyVersion,
    "policy version"
);

/// Hexadecimal digits of a handle: 80 bits, so that no two cases of an organization share one.
const HANDLE_DIGITS: usize = 20;

impl CaseId {
    /// The case's handle.
    #[must_use]
    pub fn handle(&self) -> CaseHandle {
        let hash = Sha256::new().chain_update("readmit case handle\0").chain_update(&self.0).finalize();
        let mut digits = hex::encode(hash);
        digits.truncate(HANDLE_DIGITS);
        CaseHandle(digits)
    }
}

impl CaseHandle {
    /// The handle that staff mean: given as it is, or by the case's id, which is of another length.
    ///
    /// # Errors
    /// [`InvalidId`] where it can be neither.
    pub fn of(text: &str) -> Result<Self, InvalidId> {
        if text.len() == HANDLE_DIGITS { Self::parse(text) } else { Ok(CaseId::parse(text)?.handle()) }
    }
}

fn check(text: &str, word: &'static str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty(word));
    }
    if text.len() > MAX_ID_BYTES {
        return Err(InvalidId::TooLong(word));
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(InvalidId::Unprintable(word));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_stands_for_its_case_and_does_not_tell_its_id() {
        let case = CaseId::from_random([7; 16]);
        let handle = case.handle();
        assert_eq!(handle.as_str(), "dc60bd583f131bfc2c64", "what is written in journals stays readable");
        assert_eq!(CaseHandle::of(case.as_str()), Ok(handle.clone()));
        assert_eq!(CaseHandle::of(handle.as_str()), Ok(handle.clone()));
        assert_ne!(CaseId::from_random([8; 16]).handle(), handle);
        assert!(!case.as_str().contains(handle.as_str()));
        assert_eq!(CaseHandle::of(""), Err(InvalidId::Empty("case")));
    }

    #[test]
    fn an_id_is_a_short_printable_text() {
        let table = [
            ("alice", Ok(())),
            ("Ünal Bey", Ok(())),
            ("", Err(InvalidId::Empty("account"))),
            (" alice", Err(InvalidId::Unprintable("account"))),
            ("al\nice", Err(InvalidId::Unprintable("account"))),
        ];
        for (text, wanted) in table {
            assert_eq!(AccountId::parse(text).map(|_| ()), wanted, "{text:?}");
        }
        assert!(AccountId::parse(&"x".repeat(MAX_ID_BYTES)).is_ok());
        assert_eq!(AccountId::parse(&"x".repeat(MAX_ID_BYTES + 1)), Err(InvalidId::TooLong("account")));
        assert!(serde_json::from_str::<CaseId>("\"\"").is_err());
    }
}
