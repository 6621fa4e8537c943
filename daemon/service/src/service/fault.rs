//! What goes wrong, classified once for everyone outside: the name on the bus and plain words with the next step.
//!
//! A fault says nothing that an attacker could use; the cause is logged or journalled where it happens.

use readmit_recovery::case::Refusal;
use readmit_store::{CommitError, StoreError, What};
use thiserror::Error;

/// A request that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// What the request names does not exist.
    #[error("{0}")]
    NotFound(String),
    /// It does not fit the state that things are in.
    #[error("{0}")]
    WrongState(String),
    /// The request itself is malformed.
    #[error("{0}")]
    InvalidArgument(String),
    /// Too much, too fast.
    #[error("{0}")]
    RateLimited(String),
    /// A rule forbids it.
    #[error("{0}")]
    Refused(String),
    /// The caller may not.
    #[error("{0}")]
    NotAuthorized(String),
    /// It cannot be done now; it is not the caller's fault.
    #[error("{0}")]
    Unavailable(String),
}

impl Fault {
    /// A malformed request.
    pub fn invalid(text: impl std::fmt::Display) -> Self {
        Self::InvalidArgument(text.to_string())
    }

    /// What every unexpected failure looks like from outside.
    #[must_use]
    pub fn internal() -> Self {
        Self::Unavailable("this cannot be done just now: try again in a moment; if it lasts, an administrator finds the cause in the daemon's log".to_owned())
    }

    /// There is no such case, or it is not the caller's to know.
    #[must_use]
    pub fn no_case() -> Self {
        Self::NotFound("there is no such recovery: start over".to_owned())
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        match refusal {
            Refusal::WrongState(_)
            | Refusal::NotYet(_)
            | Refusal::AlreadyProven(_)
            | Refusal::NotStarted
            | Refusal::ChallengeOver
            | Refusal::NoSuchTask => Self::WrongState(text),
            Refusal::NotAsked(_)
            | Refusal::NothingToSend(_)
            | Refusal::NotTypedHere(_)
            | Refusal::WrongKind(_)
            | Refusal::NoReason
            | Refusal::BadLabel => Self::InvalidArgument(text),
            Refusal::TooSoon { until } => {
                Self::RateLimited(format!("{text}: not before {}", until.rfc3339()))
            }
            Refusal::UnderWay | Refusal::Spent(_) | Refusal::TooManyEnrollments => Self::RateLimited(text),
            Refusal::UnknownDelivery => Self::NotFound(text),
            Refusal::OwnCase | Refusal::SamePerson => Self::NotAuthorized(text),
            Refusal::NoAddress | Refusal::NoAccount => Self::Refused(text),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "reading the store failed");
        Self::internal()
    }
}

impl From<CommitError> for Fault {
    fn from(error: CommitError) -> Self {
        match &error {
            CommitError::Stale => {
                Self::Unavailable("others changed this at the same time: try again".to_owned())
            }
            CommitError::Spent(What::Token) => {
                Self::WrongState("this link was used already or has expired: ask for a new one".to_owned())
            }
            CommitError::Spent(what) => {
                Self::WrongState(format!("the {what} was used already or has expired"))
            }
            CommitError::RateLimited { retry_at, .. } => {
                Self::RateLimited(format!("too many requests: try again after {}", retry_at.rfc3339()))
            }
            CommitError::Exists => Self::WrongState("it exists already".to_owned()),
            CommitError::NotFound => Self::NotFound("there is no such thing".to_owned()),
            CommitError::TooLarge(what) => Self::InvalidArgument(format!("{what} is too large")),
            CommitError::Full | CommitError::Closed | CommitError::Backend(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "writing to the store failed");
                Self::internal()
            }
        }
    }
}
