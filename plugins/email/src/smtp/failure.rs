//! What a failed exchange means for the message.

use std::error::Error as _;
use std::fmt;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Severity;

/// Where an exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Connect,
    Tls,
    Login,
    Sender,
    Recipient,
    Content,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Tls => "securing the connection",
            Self::Login => "logging in",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Content => "sending the message",
        })
    }
}

/// Why a letter was not taken. The texts have the server's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may work later.
    Later(String),
    /// The server refuses this message for good.
    Refused(String),
    /// Our account or configuration at the server is at fault.
    Account(String),
}

impl Failure {
    pub(super) fn of(stage: Stage, error: &Error) -> Self {
        let text = words(stage, error);
        let code = error.status().map(|code| code.to_string()).unwrap_or_default();
        // 530, 534, 535 and 538 (RFC 4954 section 6) speak of the login wherever they come.
        let login = matches!(code.as_str(), "530" | "534" | "535" | "538");
        match (stage, error.is_permanent(), error.is_client()) {
            (Stage::Login, true, _) | (Stage::Login, _, true) => Self::Account(text),
            (Stage::Connect | Stage::Tls, true, _) => Self::Account(text),
            (_, true, _) if login => Self::Account(text),
            (_, true, _) => Self::Refused(text),
            _ => Self::Later(text),
        }
    }

    pub(super) fn timed_out(what: &str) -> Self {
        Self::Later(format!("{what}: no answer in time"))
    }
}

/// Whether the connection can carry on after this reply.
pub(super) fn keeps_connection(error: &Error) -> bool {
    // 421 says that the server closes (RFC 5321 section 3.8).
    error.status().is_some_and(|code| {
        let negative = matches!(
            code.severity,
            Severity::TransientNegativeCompletion | Severity::PermanentNegativeCompletion
        );
        negative && code.to_string() != "421"
    })
}

/// The stage, the code and the server's words, or the library's reason with its causes.
fn words(stage: Stage, error: &Error) -> String {
    if let Some(code) = error.status() {
        let words = error.source().map(|words| format!(" {words}")).unwrap_or_default();
        return format!("{stage}: {code}{words}");
    }
    let mut text = error.to_string();
    // lettre's text already ends with its first cause.
    let mut cause = error.source().and_then(|first| first.source());
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    format!("{stage}: {text}")
}
