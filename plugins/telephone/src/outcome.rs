//! How a call ended: the disposition that the daemon acts on, and the detail that an administrator reads.
//!
//! The tables from SIP status codes and Q.850 causes to dispositions are here and nowhere else.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::limits;

/// How a call ended, in the words of the plugin protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// The right digits were typed.
    Entered,
    /// The line is busy.
    Busy,
    /// The telephone rang, or could not ring, and nobody answered.
    NoAnswer,
    /// The person declined the call.
    Declined,
    /// Answered, and no key was pressed: perhaps voicemail.
    NoInput,
    /// Wrong digits in every try.
    WrongDigits,
    /// The person hung up before the right digits were in.
    HungUp,
    /// The network refused the call.
    Rejected,
    /// The trunk could not be reached.
    Unreachable,
    /// The number may not be called by this plugin's settings.
    Blocked,
    /// The number does not exist or is not a number.
    InvalidNumber,
    /// The trunk did not accept our credentials.
    TrunkAuth,
    /// The trunk does not let us make this call.
    TrunkForbidden,
    /// The provider, or this plugin's line to the daemon, failed.
    ProviderError,
    /// No common audio format, or a session description that cannot be used.
    MediaNegotiation,
    /// Answered, but the other side cannot send keys, and none came.
    DtmfUnsupported,
    /// The longest duration of a call was reached.
    MaxDuration,
    /// The person said that they did not ask for the call.
    Reported,
    /// The daemon cancelled the call.
    Cancelled,
}

impl Disposition {
    /// Every disposition, in the order of the README.
    pub const ALL: [Disposition; 19] = [
        Disposition::Entered,
        Disposition::Busy,
        Disposition::NoAnswer,
        Disposition::Declined,
        Disposition::NoInput,
        Disposition::WrongDigits,
        Disposition::HungUp,
        Disposition::Rejected,
        Disposition::Unreachable,
        Disposition::Blocked,
        Disposition::InvalidNumber,
        Disposition::TrunkAuth,
        Disposition::TrunkForbidden,
        Disposition::ProviderError,
        Disposition::MediaNegotiation,
        Disposition::DtmfUnsupported,
        Disposition::MaxDuration,
        Disposition::Reported,
        Disposition::Cancelled,
    ];

    /// The word that goes over the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Disposition::Entered => "entered",
            Disposition::Busy => "busy",
            Disposition::NoAnswer => "no_answer",
            Disposition::Declined => "declined",
            Disposition::NoInput => "no_input",
            Disposition::WrongDigits => "wrong_digits",
            Disposition::HungUp => "hung_up",
            Disposition::Rejected => "rejected",
            Disposition::Unreachable => "unreachable",
            Disposition::Blocked => "blocked",
            Disposition::InvalidNumber => "invalid_number",
            Disposition::TrunkAuth => "trunk_auth",
            Disposition::TrunkForbidden => "trunk_forbidden",
            Disposition::ProviderError => "provider_error",
            Disposition::MediaNegotiation => "media_negotiation",
            Disposition::DtmfUnsupported => "dtmf_unsupported",
            Disposition::MaxDuration => "max_duration",
            Disposition::Reported => "reported",
            Disposition::Cancelled => "cancelled",
        }
    }

    /// Maps the final response to an INVITE. `q850` is the cause in its `Reason` header (RFC 3326), which
    /// says more than the status where gateways answer with a catch-all one.
    pub fn of_final(status: u16, q850: Option<u16>) -> Disposition {
        match (status, q850.and_then(Disposition::of_q850)) {
            (480 | 500 | 502 | 503, Some(cause)) => cause,
            _ => Disposition::of_status(status),
        }
    }

    /// Maps a final status other than 2xx (RFC 3261 §21, RFC 8197 for 607, RFC 8688 for 608).
    pub fn of_status(status: u16) -> Disposition {
        match status {
            401 | 407 => Disposition::TrunkAuth,
            402 | 403 => Disposition::TrunkForbidden,
            404 | 410 | 484 | 485 | 604 => Disposition::InvalidNumber,
            408 | 480 | 487 => Disposition::NoAnswer,
            486 | 600 => Disposition::Busy,
            603 | 607 | 608 => Disposition::Declined,
            415 | 488 | 606 => Disposition::MediaNegotiation,
            503 => Disposition::Unreachable,
            500..=599 => Disposition::ProviderError,
            // A redirection names a number that nobody put on file: following one is how toll fraud works.
            300..=499 | 600..=699 => Disposition::Rejected,
            _ => Disposition::ProviderError,
        }
    }

    /// Maps the causes of ITU-T Q.850 that say something about the person called.
    fn of_q850(cause: u16) -> Option<Disposition> {
        match cause {
            1 | 22 | 28 => Some(Disposition::InvalidNumber),
            17 => Some(Disposition::Busy),
            18..=20 => Some(Disposition::NoAnswer),
            21 => Some(Disposition::Declined),
            _ => None,
        }
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Reads the Q.850 cause out of the value of a `Reason` header such as `Q.850;cause=17;text="User busy"`.
pub fn q850_cause(reason: &str) -> Option<u16> {
    reason.split(',').find_map(|value| {
        let mut parts = value.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("Q.850") {
            return None;
        }
        parts.find_map(|part| {
            let (name, cause) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("cause").then(|| cause.trim().parse().ok()).flatten()
        })
    })
}

/// What an administrator reads about a call: never a number, a digit that was typed, or a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    parts: Vec<String>,
}

impl Detail {
    /// Starts with a text of our own.
    pub fn new(text: impl Into<String>) -> Detail {
        Detail { parts: vec![text.into()] }
    }

    /// Adds a text of our own.
    pub fn and(mut self, text: impl Into<String>) -> Detail {
        self.parts.push(text.into());
        self
    }

    /// Adds a text of our own if there is one.
    pub fn and_if(self, text: Option<String>) -> Detail {
        match text {
            Some(text) => self.and(text),
            None => self,
        }
    }

    /// Adds a SIP status and the phrase that came with it.
    pub fn status(self, status: u16, phrase: &str) -> Detail {
        let phrase = peer_text(phrase);
        let separator = if phrase.is_empty() { "" } else { " " };
        self.and(format!("{status}{separator}{phrase}"))
    }

    /// Adds a header of the peer, if it was there.
    pub fn header(self, name: &str, value: Option<&str>) -> Detail {
        self.and_if(value.map(|value| format!("{name} {}", peer_text(value))))
    }

    /// Adds what was tried before, which is less important.
    pub fn before_that(mut self, earlier: Detail) -> Detail {
        let mut earlier = earlier.parts.into_iter();
        if let Some(first) = earlier.next() {
            self.parts.push(format!("before that: {first}"));
            self.parts.extend(earlier);
        }
        self
    }

    /// Adds how long something took.
    pub fn after(self, what: &str, duration: Duration) -> Detail {
        self.and(format!("{what} {} ms", duration.as_millis()))
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                text.push_str("; ");
            }
            text.push_str(part);
        }
        for character in text.chars().take(limits::MAX_DETAIL) {
            formatter.write_char(character)?;
        }
        Ok(())
    }
}

/// Makes a text of a peer fit for a detail: printable, short, and without anything that could be a number or
/// an address of a person, since carriers like to quote those.
pub fn peer_text(text: &str) -> String {
    /// Longest run of digits that a status, a cause or a port needs.
    const HARMLESS_DIGITS: usize = 5;
    let mut clean = String::new();
    let mut digits = String::new();
    for character in text.chars().take(limits::MAX_PEER_TEXT).chain(['\0']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        // Separators inside a number keep the run alive: "+1 415 555-0123".
        if matches!(character, ' ' | '-' | '.' | '(' | ')') && !digits.is_empty() {
            digits.push(character);
            continue;
        }
        if digits.chars().filter(char::is_ascii_digit).count() > HARMLESS_DIGITS {
            clean.push('…');
        } else {
            clean.push_str(&digits);
        }
        digits.clear();
        match character {
            '\0' => {}
            '@' => clean.push('…'),
            character if character.is_control() => clean.push(' '),
            character => clean.push(character),
        }
    }
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        use Disposition::*;
        let table = [
            (300, Rejected),
            (302, Rejected),
            (400, Rejected),
            (401, TrunkAuth),
            (402, TrunkForbidden),
            (403, TrunkForbidden),
            (404, InvalidNumber),
            (405, Rejected),
            (407, TrunkAuth),
            (408, NoAnswer),
            (410, InvalidNumber),
            (415, MediaNegotiation),
            (433, Rejected),
            (480, NoAnswer),
            (484, InvalidNumber),
            (485, InvalidNumber),
            (486, Busy),
            (487, NoAnswer),
            (488, MediaNegotiation),
            (499, Rejected),
            (500, ProviderError),
            (502, ProviderError),
            (503, Unreachable),
            (504, ProviderError),
            (599, ProviderError),
            (600, Busy),
            (603, Declined),
            (604, InvalidNumber),
            (606, MediaNegotiation),
            (607, Declined),
            (608, Declined),
            (699, Rejected),
            (700, ProviderError),
            (0, ProviderError),
        ];
        for (status, disposition) in table {
            assert_eq!(Disposition::of_status(status), disposition, "{status}");
        }
    }

    #[test]
    fn a_q850_cause_refines_only_catch_all_statuses() {
        use Disposition::*;
        let table = [
            (480, Some(17), Busy),
            (480, Some(18), NoAnswer),
            (480, Some(21), Declined),
            (480, Some(16), NoAnswer),
            (500, Some(1), InvalidNumber),
            (503, Some(34), Unreachable),
            (503, Some(17), Busy),
            (403, Some(17), TrunkForbidden),
            (486, Some(19), Busy),
            (404, None, InvalidNumber),
        ];
        for (status, cause, disposition) in table {
            assert_eq!(Disposition::of_final(status, cause), disposition, "{status} {cause:?}");
        }
    }

    #[test]
    fn reason_headers() {
        assert_eq!(q850_cause("Q.850;cause=17;text=\"User busy\""), Some(17));
        assert_eq!(q850_cause("SIP;cause=486, q.850 ; Cause = 21"), Some(21));
        assert_eq!(q850_cause("SIP;cause=486"), None);
        assert_eq!(q850_cause("Q.850;text=\"x\""), None);
        assert_eq!(q850_cause("Q.850;cause=banana"), None);
    }

    #[test]
    fn words_are_distinct_snake_case() {
        let mut words: Vec<_> = Disposition::ALL.iter().map(|disposition| disposition.as_str()).collect();
        assert!(words.iter().all(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Disposition::ALL.len());
    }

    #[test]
    fn numbers_and_addresses_of_peers_are_masked() {
        assert_eq!(peer_text("No route to +1 (415) 555-0123 today"), "No route to +…today");
        assert_eq!(peer_text("14155550123"), "…");
        assert_eq!(peer_text("User busy"), "User busy");
        assert_eq!(peer_text("Q.850;cause=17;text=\"x\""), "Q.850;cause=17;text=\"x\"");
        assert_eq!(peer_text("ask alice@example.org\r\nX: y"), "ask alice…example.org  X: y");
        assert!(peer_text(&"x".repeat(5000)).len() <= limits::MAX_PEER_TEXT);
    }

    #[test]
    fn details_read_well_and_are_bounded() {
        let detail = Detail::default()
            .status(486, "Busy Here")
            .header("reason", Some("Q.850;cause=17"))
            .and_if(None)
            .after("after", Duration::from_millis(1234));
        assert_eq!(detail.to_string(), "486 Busy Here; reason Q.850;cause=17; after 1234 ms");
        assert_eq!(Detail::new("x".repeat(1000)).to_string().len(), limits::MAX_DETAIL);
    }
}
