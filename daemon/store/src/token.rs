//! Tokens that messages carry. Only their hashes are here.

use std::str::FromStr;

use readmit_recovery::id::CaseId;
use readmit_recovery::time::Timestamp;

/// What a token does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenPurpose {
    /// It proves that its holder reads a mailbox.
    Link,
    /// It says "this was not me".
    Veto,
}

impl TokenPurpose {
    /// The word for it in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Veto => "veto",
        }
    }
}

impl FromStr for TokenPurpose {
    type Err = UnknownPurpose;

    fn from_str(word: &str) -> Result<Self, UnknownPurpose> {
        match word {
            "link" => Ok(Self::Link),
            "veto" => Ok(Self::Veto),
            _ => Err(UnknownPurpose),
        }
    }
}

/// The text names no purpose of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown purpose of a token: use link or veto")]
pub struct UnknownPurpose;

/// A token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// What it does.
    pub purpose: TokenPurpose,
    /// In which case.
    pub case: CaseId,
    /// Which challenge of the case it belongs to.
    pub challenge: u32,
    /// From when on it is void.
    pub expires_at: Timestamp,
    /// Whether it has been used.
    pub spent: bool,
}
