//! What can go wrong, classified once: the word for scripts, the exit code, and the hint for people.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::json;
use zbus::fdo;

/// How a command failed. Its code is the process's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It did not work, and nothing below fits.
    Failed,
    /// The daemon will not do it.
    Refused,
    /// The command or an argument of it makes no sense.
    Usage,
    /// There is no such thing.
    NotFound,
    /// The caller may not do it.
    NotAuthorized,
    /// Too often, too fast.
    RateLimited,
    /// It does not fit the state of the case or device.
    WrongState,
    /// The daemon cannot be reached.
    Unavailable,
    /// Nothing failed, and something should be looked at.
    Warned,
    /// The person pressed Ctrl-C.
    Interrupted,
}

impl Kind {
    /// Every kind.
    #[cfg(test)]
    pub const ALL: [Self; 10] = [
        Self::Failed,
        Self::Refused,
        Self::Usage,
        Self::NotFound,
        Self::NotAuthorized,
        Self::RateLimited,
        Self::WrongState,
        Self::Unavailable,
        Self::Warned,
        Self::Interrupted,
    ];

    /// The process's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Failed | Self::Refused => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::NotAuthorized => 4,
            Self::RateLimited => 5,
            Self::WrongState => 6,
            Self::Unavailable => 7,
            Self::Warned => 8,
            Self::Interrupted => 130,
        }
    }

    /// The word in the JSON error.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::NotAuthorized => "not_authorized",
            Self::RateLimited => "rate_limited",
            Self::WrongState => "wrong_state",
            Self::Unavailable => "unavailable",
            Self::Warned => "warned",
            Self::Interrupted => "interrupted",
        }
    }

    const fn usual_hint(self) -> &'static str {
        match self {
            Self::Failed => "readmit status shows how the daemon is; journalctl -u readmitd shows why",
            Self::Refused => "the journal has the cause: readmit audit read --since 10m",
            Self::Usage => "mend it and run the command again; readmit help VERB has an example",
            Self::NotFound => {
                "see what there is: readmit account list, readmit case list, readmit plugin list"
            }
            Self::NotAuthorized => {
                "run it as an administrator (sudo readmit …), or have a role given to you: adduser USER readmit-helpdesk, \
                 readmit-security, readmit-auditors or readmit-admins"
            }
            Self::RateLimited => "wait a while, then run the same command again",
            Self::WrongState => {
                "see what state it is in: readmit case show CASE, readmit device list ACCOUNT"
            }
            Self::Unavailable => {
                "start the daemon (systemctl start readmitd), or name its bus with --bus or READMIT_BUS"
            }
            Self::Warned => "readmit doctor --json has every finding with what mends it",
            Self::Interrupted => "run the same command again when you are ready",
        }
    }
}

/// A command's failure: what a person or a script is told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its class.
    pub kind: Kind,
    /// What happened, in plain words.
    pub message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure with the usual hint of its kind.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// The same failure with the next command that helps here.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The next thing to do.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.kind.usual_hint())
    }

    /// Tells it on standard error, as text or as one JSON object {error, message, hint}.
    pub fn report(&self, json: bool) {
        let text = if json {
            format!("{}\n", json!({"error": self.kind.word(), "message": self.message, "hint": self.hint()}))
        } else {
            let lines: Vec<String> = self.message.lines().map(crate::output::plain).collect();
            let mut text = format!("error: {}\n", lines.join("\n"));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "hint: {}", crate::output::plain(self.hint()));
            text
        };
        // Standard error may be closed; there is nobody left to tell.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

/// Puts a better hint on failures of one kind.
pub trait Hint<T> {
    /// The hint for failures of `kind`; others keep theirs.
    fn hint(self, kind: Kind, hint: &str) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> Hint<T> for Result<T, E> {
    fn hint(self, kind: Kind, hint: &str) -> Result<T, Failure> {
        self.map_err(|error| {
            let failure = error.into();
            if failure.kind == kind && failure.hint.is_none() { failure.with_hint(hint) } else { failure }
        })
    }
}

impl From<zbus::Error> for Failure {
    fn from(error: zbus::Error) -> Self {
        match error {
            zbus::Error::MethodError(name, text, _) => {
                let text = text.unwrap_or_else(|| "the daemon gives no reason".to_owned());
                match name.as_str().strip_prefix("org.readmit.Error.").and_then(kind_of) {
                    Some(kind) => Self::new(kind, text),
                    None => Self::new(Kind::Failed, format!("{text} ({name})")),
                }
            }
            zbus::Error::FDO(error) => Self::from(*error),
            zbus::Error::Address(text) => Self::new(Kind::Usage, format!("that is no bus address: {text}"))
                .with_hint("use --bus system, --bus session or --bus unix:path=/run/…"),
            zbus::Error::InputOutput(_) | zbus::Error::Handshake(_) | zbus::Error::Connection(..) => {
                Self::new(Kind::Unavailable, format!("readmitd cannot be reached: {error}"))
            }
            other => Self::new(Kind::Failed, format!("the daemon's answer cannot be read: {other}"))
                .with_hint(
                    "the daemon may be of another version: compare readmit --version and readmitd --version",
                ),
        }
    }
}

impl From<fdo::Error> for Failure {
    fn from(error: fdo::Error) -> Self {
        use fdo::Error as E;
        match error {
            E::ZBus(error) => Self::from(error),
            E::ServiceUnknown(_) | E::NameHasNoOwner(_) | E::SpawnServiceNotFound(_) => {
                Self::new(Kind::Unavailable, "readmitd is not running on this bus")
            }
            E::NoReply(text)
            | E::Timeout(text)
            | E::TimedOut(text)
            | E::Disconnected(text)
            | E::NoServer(text)
            | E::SpawnFailed(text)
            | E::SpawnExecFailed(text)
            | E::SpawnChildExited(text)
            | E::SpawnChildSignaled(text) => {
                Self::new(Kind::Unavailable, format!("readmitd does not answer: {text}"))
            }
            E::InteractiveAuthorizationRequired(text) => Self::new(Kind::NotAuthorized, text).with_hint(
                "run it in a terminal, where you are asked for the password (pkttyagent, of the package polkitd), with \
                 --ask-password where a desktop asks, or as root (sudo readmit …)",
            ),
            E::AccessDenied(text) | E::AuthFailed(text) => {
                Self::new(Kind::NotAuthorized, format!("you may not do this: {text}")).with_hint(
                    "the bus lets only root and the group readmit-frontend do this: run it as root (sudo readmit …)",
                )
            }
            E::InvalidArgs(text) => Self::new(Kind::Usage, text),
            E::LimitsExceeded(text) => Self::new(Kind::RateLimited, text),
            E::UnknownMethod(text) | E::UnknownInterface(text) | E::UnknownObject(text) => {
                Self::new(Kind::Failed, format!("the daemon does not know this request: {text}")).with_hint(
                    "the daemon may be of another version: compare readmit --version and readmitd --version",
                )
            }
            other => Self::new(Kind::Failed, other.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Kind::Failed, format!("the terminal or a file cannot be used: {error}"))
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "NotFound" => Kind::NotFound,
        "WrongState" => Kind::WrongState,
        "InvalidArgument" => Kind::Usage,
        "RateLimited" => Kind::RateLimited,
        "Refused" => Kind::Refused,
        "NotAuthorized" => Kind::NotAuthorized,
        "Unavailable" => Kind::Unavailable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word_and_a_hint() {
        let mut words: Vec<_> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        words.dedup();
        assert_eq!(words.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert!(Failure::new(kind, "x").hint().len() > 20, "{kind:?}");
            assert_ne!(kind.code(), 0);
        }
    }

    #[test]
    fn the_bus_s_own_errors_are_classified() {
        let text = || "why".to_owned();
        for (error, kind) in [
            (fdo::Error::ServiceUnknown(text()), Kind::Unavailable),
            (fdo::Error::NoReply(text()), Kind::Unavailable),
            (fdo::Error::AccessDenied(text()), Kind::NotAuthorized),
            (fdo::Error::InteractiveAuthorizationRequired(text()), Kind::NotAuthorized),
            (fdo::Error::InvalidArgs(text()), Kind::Usage),
            (fdo::Error::LimitsExceeded(text()), Kind::RateLimited),
            (fdo::Error::UnknownMethod(text()), Kind::Failed),
            (fdo::Error::NoMemory(text()), Kind::Failed),
        ] {
            assert_eq!(Failure::from(error.clone()).kind, kind, "{error:?}");
        }
        assert_eq!(Failure::from(zbus::Error::Address("x".into())).kind, Kind::Usage);
        assert_eq!(Failure::from(zbus::Error::InvalidReply).kind, Kind::Failed);
    }

    #[test]
    fn a_better_hint_is_put_on_its_kind_only() {
        let failed: Result<(), Failure> = Err(Failure::new(Kind::NotFound, "no"));
        let failed =
            failed.hint(Kind::WrongState, "other").hint(Kind::NotFound, "first").hint(Kind::NotFound, "late");
        assert_eq!(failed.unwrap_err().hint(), "first");
    }
}
