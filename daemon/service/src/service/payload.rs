//! What the outbox keeps of a delivery, sealed.

use std::collections::BTreeMap;

use readmit_recovery::disposition::Disposition;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Fault;

/// What is delivered, as the outbox keeps it sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub(super) enum Payload {
    Message { to: String, purpose: String, locale: String, fields: BTreeMap<String, String> },
    Call { to: String, locale: String, digits: u8, tries: u8 },
    Pretence { disposition: Disposition },
}

impl Payload {
    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| Fault::internal())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Where it goes.
    pub(super) fn to(&self) -> Option<&str> {
        match self {
            Self::Message { to, .. } | Self::Call { to, .. } => Some(to),
            Self::Pretence { .. } => None,
        }
    }

    /// Whether it must never be done twice, or looks as if.
    pub(super) const fn is_at_most_once(&self) -> bool {
        match self {
            Self::Message { .. } | Self::Pretence { disposition: Disposition::Sent } => false,
            Self::Call { .. } | Self::Pretence { .. } => true,
        }
    }

    /// Whether the person waits for it at the page, and is told at once when it cannot be delivered.
    pub(super) fn is_awaited(&self) -> bool {
        match self {
            Self::Message { purpose, .. } => purpose == "verification",
            Self::Call { .. } | Self::Pretence { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_survives_the_outbox() -> Result<(), Fault> {
        let payload =
            Payload::Call { to: "+14155550123".to_owned(), locale: "en".to_owned(), digits: 6, tries: 3 };
        let read = Payload::from_bytes(&payload.to_bytes()?);
        assert!(matches!(read, Some(Payload::Call { digits: 6, tries: 3, .. })));
        assert!(Payload::from_bytes(b"{}").is_none());
        Ok(())
    }
}
