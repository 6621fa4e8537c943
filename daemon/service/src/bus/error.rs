//! Faults as errors on the bus.

use zbus::DBusError;

use crate::service::Fault;

/// `org.readmit.Error.*`: the name says the class, the text what to do next.
#[derive(Debug, DBusError)]
#[zbus(prefix = "org.readmit.Error")]
pub enum Error {
    /// The connection itself failed.
    #[zbus(error)]
    ZBus(zbus::Error),
    /// What the request names does not exist.
    NotFound(String),
    /// It does not fit the state that things are in.
    WrongState(String),
    /// The request itself is malformed.
    InvalidArgument(String),
    /// Too much, too fast.
    RateLimited(String),
    /// A rule forbids it.
    Refused(String),
    /// The caller may not.
    NotAuthorized(String),
    /// It cannot be done now.
    Unavailable(String),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFound(text) => Self::NotFound(text),
            Fault::WrongState(text) => Self::WrongState(text),
            Fault::InvalidArgument(text) => Self::InvalidArgument(text),
            Fault::RateLimited(text) => Self::RateLimited(text),
            Fault::Refused(text) => Self::Refused(text),
            Fault::NotAuthorized(text) => Self::NotAuthorized(text),
            Fault::Unavailable(text) => Self::Unavailable(text),
        }
    }
}
