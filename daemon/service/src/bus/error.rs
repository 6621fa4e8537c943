//! Faults as errors on the bus.

use zbus::DBusError;
use zbus::message::{Header, Message};
use zbus::names::ErrorName;

use crate::service::Fault;

/// What a caller is told: the name says the class, the text what to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// `org.readmit.Error.*`.
    Fault(Fault),
    /// Somebody would have to type a password, and the caller did not say that they can wait for that. The name is
    /// the bus's own, which `busctl` and every other client know.
    PasswordNeeded(String),
}

impl Error {
    /// The word for its class, among what is counted.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::PasswordNeeded(_) => "password_needed",
            Self::Fault(fault) => match fault {
                Fault::NotFound(_) => "not_found",
                Fault::WrongState(_) => "wrong_state",
                Fault::InvalidArgument(_) => "invalid_argument",
                Fault::RateLimited(_) => "rate_limited",
                Fault::Refused(_) => "refused",
                Fault::NotAuthorized(_) => "not_authorized",
                Fault::Unavailable(_) => "unavailable",
            },
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl DBusError for Error {
    fn name(&self) -> ErrorName<'_> {
        ErrorName::from_static_str_unchecked(match self {
            Self::PasswordNeeded(_) => "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
            Self::Fault(fault) => match fault {
                Fault::NotFound(_) => "org.readmit.Error.NotFound",
                Fault::WrongState(_) => "org.readmit.Error.WrongState",
                Fault::InvalidArgument(_) => "org.readmit.Error.InvalidArgument",
                Fault::RateLimited(_) => "org.readmit.Error.RateLimited",
                Fault::Refused(_) => "org.readmit.Error.Refused",
                Fault::NotAuthorized(_) => "org.readmit.Error.NotAuthorized",
                Fault::Unavailable(_) => "org.readmit.Error.Unavailable",
            },
        })
    }

    fn description(&self) -> Option<&str> {
        Some(match self {
            Self::PasswordNeeded(text)
            | Self::Fault(
                Fault::NotFound(text)
                | Fault::WrongState(text)
                | Fault::InvalidArgument(text)
                | Fault::RateLimited(text)
                | Fault::Refused(text)
                | Fault::NotAuthorized(text)
                | Fault::Unavailable(text),
            ) => text,
        })
    }

    fn create_reply(&self, call: &Header<'_>) -> zbus::Result<Message> {
        Message::error(call, self.name()).build(&self.description().unwrap_or_default())
    }
}

/// The name of the error that a peer, or the bus, answered with, where the call was answered at all.
pub(super) fn name_of(error: &zbus::Error) -> Option<String> {
    match error {
        zbus::Error::MethodError(name, ..) => Some(name.to_string()),
        zbus::Error::FDO(error) => match &**error {
            zbus::fdo::Error::ZBus(inner) => name_of(inner),
            named => Some(named.name().to_string()),
        },
        _ => None,
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.description().unwrap_or_default())
    }
}

impl std::error::Error for Error {}
