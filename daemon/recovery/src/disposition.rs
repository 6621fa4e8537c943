//! How a delivery or a challenge ended, and what to tell the person about it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! told {
    ($word:literal, $cause:literal, $next:literal) => {
        ($word, $cause, concat!($cause, " ", $next))
    };
}

/// How a delivery or a challenge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// The provider has taken the message.
    Sent,
    /// The right digits were entered on the phone.
    Entered,
    /// The line was busy.
    Busy,
    /// The phone rang and nobody answered.
    NoAnswer,
    /// The person declined the call.
    Declined,
    /// The call was answered and no key was pressed.
    NoInput,
    /// Wrong digits were entered on the phone, as often as is allowed in a call.
    WrongDigits,
    /// A wrong code was typed, as often as is allowed for a challenge.
    WrongCode,
    /// The call was answered and ended before the digits were complete.
    HungUp,
    /// The network or the mail server refused.
    Rejected,
    /// The provider could not be reached in time.
    Unreachable,
    /// A rule forbids to deliver there.
    Blocked,
    /// The network does not know the number.
    InvalidNumber,
    /// The mail system does not know the address.
    InvalidAddress,
    /// The provider refused our credentials.
    TrunkAuth,
    /// The provider does not let us call there.
    TrunkForbidden,
    /// The provider failed.
    ProviderError,
    /// Both sides found no common way to carry sound.
    MediaNegotiation,
    /// The network cannot carry keypad digits.
    DtmfUnsupported,
    /// The call lasted longer than is allowed.
    MaxDuration,
    /// The person said on the phone that they did not ask for this.
    Reported,
    /// The delivery was called off.
    Cancelled,
    /// The daemon stopped while the delivery was under way.
    Interrupted,
    /// Nobody answered the challenge before it expired.
    Expired,
}

impl Disposition {
    /// Every disposition.
    pub const ALL: &'static [Self] = &[
        Self::Sent,
        Self::Entered,
        Self::Busy,
        Self::NoAnswer,
        Self::Declined,
        Self::NoInput,
        Self::WrongDigits,
        Self::WrongCode,
        Self::HungUp,
        Self::Rejected,
        Self::Unreachable,
        Self::Blocked,
        Self::InvalidNumber,
        Self::InvalidAddress,
        Self::TrunkAuth,
        Self::TrunkForbidden,
        Self::ProviderError,
        Self::MediaNegotiation,
        Self::DtmfUnsupported,
        Self::MaxDuration,
        Self::Reported,
        Self::Cancelled,
        Self::Interrupted,
        Self::Expired,
    ];

    /// The word for it in Lua, on the bus, in the plugin protocol and in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.told().0
    }

    /// What happened and what to do next, in plain words for the person.
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.told().2
    }

    /// What happened, in plain words, for when there is nothing to do about it any more.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        self.told().1
    }

    /// Whether the message or the call did what it was for.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Sent | Self::Entered)
    }

    /// Whether the message or the call did not do what it was for, so that the policy is asked. Somebody who says
    /// that they did not ask for a call stops the recovery instead, whatever the policy.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !self.is_success() && !matches!(self, Self::Reported)
    }

    /// The word, what happened, and both that and what to do next.
    const fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Sent => {
                told!("sent", "The message is on its way.", "If it does not arrive, look in the spam folder.")
            }
            Self::Entered => ("entered", "The digits were right.", "The digits were right."),
            Self::Busy => {
                told!("busy", "The line was busy.", "End any other call on that phone, then call again.")
            }
            Self::NoAnswer => told!(
                "no_answer",
                "The phone rang, but nobody answered.",
                "Have it at hand, turn off silent mode and call blocking, then call again."
            ),
            Self::Declined => told!(
                "declined",
                "The call was declined on the phone.",
                "Call again and accept it; the number may be unfamiliar."
            ),
            Self::NoInput => told!(
                "no_input",
                "The call was answered, but no key was pressed; it may have gone to voicemail.",
                "Call again, answer it yourself, open the keypad and type the six digits."
            ),
            Self::WrongDigits => told!(
                "wrong_digits",
                "The digits typed on the phone were not the ones on the page.",
                "Call again and type the new six digits."
            ),
            Self::WrongCode => told!("wrong_code", "The code was wrong too often.", "Ask for a new one."),
            Self::HungUp => told!(
                "hung_up",
                "The call ended before all six digits were typed.",
                "Call again and stay on the line."
            ),
            Self::Rejected => told!(
                "rejected",
                "The network refused to connect.",
                "Call blocking or a mail filter may be the cause; try again, or contact support."
            ),
            Self::Unreachable => told!(
                "unreachable",
                "We could not connect just now; this is not your fault.",
                "Try again in a moment, or contact support."
            ),
            Self::Blocked => {
                told!("blocked", "We cannot deliver to this address or number.", "Contact support.")
            }
            Self::InvalidNumber => told!(
                "invalid_number",
                "The network does not know the phone number on file.",
                "Contact support to correct it."
            ),
            Self::InvalidAddress => told!(
                "invalid_address",
                "The mail system does not know the address on file.",
                "Contact support to correct it."
            ),
            Self::TrunkAuth => told!(
                "trunk_auth",
                "Our telephone provider refused the call; this is not your fault.",
                "Contact support."
            ),
            Self::TrunkForbidden => told!(
                "trunk_forbidden",
                "Our telephone provider does not call this number.",
                "Contact support."
            ),
            Self::ProviderError => told!(
                "provider_error",
                "Our provider had a fault; this is not your fault.",
                "Try again in a moment, or contact support."
            ),
            Self::MediaNegotiation => told!(
                "media_negotiation",
                "The call could not be set up with your telephone network.",
                "Try again, or contact support."
            ),
            Self::DtmfUnsupported => told!(
                "dtmf_unsupported",
                "Your telephone network does not carry keypad digits.",
                "Contact support."
            ),
            Self::MaxDuration => {
                told!("max_duration", "The call took too long.", "Call again and type the six digits.")
            }
            Self::Reported => told!(
                "reported",
                "Whoever answered the phone said that they did not ask for this.",
                "If you did, contact support."
            ),
            Self::Cancelled => {
                told!("cancelled", "This was called off.", "Start it again when you are ready.")
            }
            Self::Interrupted => told!(
                "interrupted",
                "Our service was interrupted; this is not your fault.",
                "Start this step again."
            ),
            Self::Expired => {
                told!("expired", "The time to answer is over.", "Start this step again for a new code.")
            }
        }
    }
}

impl FromStr for Disposition {
    type Err = UnknownDisposition;

    fn from_str(word: &str) -> Result<Self, UnknownDisposition> {
        Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or(UnknownDisposition)
    }
}

/// The text names no disposition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown disposition")]
pub struct UnknownDisposition;

#[cfg(test)]
mod tests {
    use super::*;

    /// J8: "the exact cause is recorded, a plain-words cause and the next thing to do are shown".
    #[test]
    fn every_disposition_has_a_word_and_a_next_step() {
        for disposition in Disposition::ALL {
            let word = disposition.as_str();
            assert_eq!(word.parse(), Ok(*disposition));
            assert_eq!(serde_json::to_string(disposition).ok(), Some(format!("\"{word}\"")));
            assert!(disposition.message().starts_with(disposition.cause()), "{word}");
            assert!(disposition.message().ends_with('.') && disposition.cause().ends_with('.'), "{word}");
            let has_next = disposition.message() != disposition.cause();
            assert_eq!(has_next, *disposition != Disposition::Entered, "{word}");
            let is_neither = !disposition.is_failure() && !disposition.is_success();
            assert_eq!(is_neither, *disposition == Disposition::Reported, "{word}");
        }
        assert_eq!("answered".parse::<Disposition>(), Err(UnknownDisposition));
    }
}
