//! What the daemon refuses, by the name of its error.

use jiff::Timestamp;
use thiserror::Error;
use zbus::fdo;

/// A call that was not done. The text is the daemon's, in English; pages say it in the reader's language by the class.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum DeskError {
    /// What the call names does not exist.
    #[error("{0}")]
    NotFound(String),
    /// It does not fit the state that things are in.
    #[error("{0}")]
    WrongState(String),
    /// The call itself is malformed.
    #[error("{0}")]
    InvalidArgument(String),
    /// Too much, too fast.
    #[error("{0}")]
    RateLimited(String),
    /// A rule forbids it.
    #[error("{0}")]
    Refused(String),
    /// The portal's user, or the member of staff, may not.
    #[error("{0}")]
    NotAuthorized(String),
    /// The daemon cannot do it now.
    #[error("{0}")]
    Unavailable(String),
    /// There is no daemon, or no bus: it is being restarted, or was never started.
    #[error("the daemon cannot be reached: {0}")]
    Gone(String),
}

impl DeskError {
    /// When what came too soon may be tried again, where the daemon says so: its text ends with the time.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        let Self::RateLimited(text) = self else { return None };
        text.rsplit(' ').next()?.parse().ok()
    }
}

impl From<zbus::Error> for DeskError {
    fn from(error: zbus::Error) -> Self {
        let (name, text) = match error {
            zbus::Error::MethodError(name, text, _) => (name.to_string(), text.unwrap_or_default()),
            zbus::Error::FDO(error) => return Self::from(*error),
            other => return Self::Gone(other.to_string()),
        };
        match name.strip_prefix("org.readmit.Error.") {
            Some("NotFound") => Self::NotFound(text),
            Some("WrongState") => Self::WrongState(text),
            Some("InvalidArgument") => Self::InvalidArgument(text),
            Some("RateLimited") => Self::RateLimited(text),
            Some("Refused") => Self::Refused(text),
            Some("NotAuthorized") => Self::NotAuthorized(text),
            Some(_) => Self::Unavailable(text),
            None => Self::Gone(text),
        }
    }
}

impl From<fdo::Error> for DeskError {
    fn from(error: fdo::Error) -> Self {
        match error {
            // The bus configuration does not let the portal's user through, or polkit wants a password, which nobody
            // types into a web page.
            fdo::Error::AccessDenied(text) | fdo::Error::InteractiveAuthorizationRequired(text) => {
                Self::NotAuthorized(text)
            }
            fdo::Error::InvalidArgs(text) => Self::InvalidArgument(text),
            fdo::Error::LimitsExceeded(text) => Self::RateLimited(text),
            other => Self::Gone(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bus_itself_refuses_is_no_outage() {
        let text = || "why".to_owned();
        let table = [
            (fdo::Error::AccessDenied(text()), DeskError::NotAuthorized(text())),
            (fdo::Error::InteractiveAuthorizationRequired(text()), DeskError::NotAuthorized(text())),
            (fdo::Error::LimitsExceeded(text()), DeskError::RateLimited(text())),
            (fdo::Error::InvalidArgs(text()), DeskError::InvalidArgument(text())),
        ];
        for (error, wanted) in table {
            let error = DeskError::from(zbus::Error::FDO(Box::new(error)));
            assert_eq!(error.to_string(), wanted.to_string());
            assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&wanted));
        }
        let gone = zbus::Error::FDO(Box::new(fdo::Error::ServiceUnknown(text())));
        assert!(matches!(DeskError::from(gone), DeskError::Gone(_)));
    }

    #[test]
    fn the_time_to_wait_is_read_from_the_daemon_s_words() {
        let until = |text: &str| DeskError::RateLimited(text.to_owned()).until().map(|time| time.to_string());
        let time = Some("2026-01-02T03:04:05Z".to_owned());
        assert_eq!(until("wait before trying again: not before 2026-01-02T03:04:05Z"), time);
        assert_eq!(until("too many requests: try again after 2026-01-02T03:04:05Z"), time);
        assert_eq!(until("a call is under way: answer it, or wait until it has ended"), None);
        assert_eq!(DeskError::WrongState("x 2026-01-02T03:04:05Z".to_owned()).until(), None);
    }
}
