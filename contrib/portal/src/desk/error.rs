//! What the daemon refuses, by the name of its error.

use jiff::Timestamp;
use thiserror::Error;

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
        let zbus::Error::MethodError(name, text, _) = &error else {
            return Self::Gone(error.to_string());
        };
        let text = text.clone().unwrap_or_default();
        match name.strip_prefix("org.readmit.Error.") {
            Some("NotFound") => Self::NotFound(text),
            Some("WrongState") => Self::WrongState(text),
            Some("InvalidArgument") => Self::InvalidArgument(text),
            Some("RateLimited") => Self::RateLimited(text),
            Some("Refused") => Self::Refused(text),
            Some("NotAuthorized") => Self::NotAuthorized(text),
            Some(_) => Self::Unavailable(text),
            None => match name.strip_prefix("org.freedesktop.DBus.Error.") {
                // The bus configuration does not let the portal's user through.
                Some("AccessDenied") => Self::NotAuthorized(text),
                Some("InvalidArgs") => Self::InvalidArgument(text),
                _ => Self::Gone(text),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
