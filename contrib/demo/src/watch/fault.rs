//! Why a played journey ends early.

use thiserror::Error;

use crate::authenticator::NoSecret;
use crate::limits;
use crate::phone::CallError;

/// Why the journey did not come to its end.
#[derive(Debug, Error)]
pub enum JourneyError {
    /// The daemon refused.
    #[error("the daemon refused to {what}")]
    Refused {
        /// What was tried.
        what: &'static str,
        /// Why.
        #[source]
        source: zbus::Error,
    },
    /// A mail did not come.
    #[error("no mail with {what} came within {} s", limits::MAIL.as_secs())]
    NoMail {
        /// What it should have had.
        what: &'static str,
    },
    /// The call broke down.
    #[error("the call broke down")]
    Call(#[from] CallError),
    /// The phone step did not succeed.
    #[error("the phone step was not proven; the page says: {page}")]
    NotProven {
        /// What the page says instead.
        page: String,
    },
    /// The case is in another state than it should be.
    #[error("the case is {state}, not {expected}")]
    State {
        /// Its state.
        state: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Something is not as it should be at the end.
    #[error("at the end, {0}")]
    End(String),
    /// The new device is unusable.
    #[error(transparent)]
    Device(#[from] NoSecret),
}

/// Says what the daemon refused.
pub(super) fn refused(what: &'static str) -> impl FnOnce(zbus::Error) -> JourneyError {
    move |source| JourneyError::Refused { what, source }
}
