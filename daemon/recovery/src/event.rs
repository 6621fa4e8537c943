//! What can happen to a case, and what the core answers to whoever made it happen.

use crate::disposition::Disposition;
use crate::factor::Factor;
use crate::id::{AccountId, DeliveryId, TicketId};
use crate::secret::{Secret, SecretHash};
use crate::support::SupportForm;

/// Something that happened to a case.
#[derive(Clone, Debug)]
pub enum Event {
    /// The person asked for a factor's challenge, or for its resend.
    ChallengeRequested {
        /// The factor.
        factor: Factor,
    },
    /// The person gave a proof.
    ProofSubmitted {
        /// The factor it is for.
        factor: Factor,
        /// The proof.
        proof: Proof,
    },
    /// Somebody opened an e-mailed link and clicked.
    LinkOpened {
        /// The number of the challenge that the link belongs to.
        challenge: u32,
        /// The browser it was opened in.
        browser: Option<SecretHash>,
    },
    /// A plugin told how far a delivery is.
    DeliveryProgressed {
        /// Which delivery.
        delivery: DeliveryId,
        /// How far.
        phase: Phase,
    },
    /// Keys were pressed on the phone.
    DigitsEntered {
        /// In which call.
        delivery: DeliveryId,
        /// Which keys.
        digits: Secret,
    },
    /// A delivery ended.
    DeliveryEnded {
        /// Which.
        delivery: DeliveryId,
        /// How.
        disposition: Disposition,
        /// The provider's words, for administrators.
        detail: String,
    },
    /// Staff vouched for the person.
    Approved {
        /// Who.
        by: Staff,
        /// Why.
        because: String,
    },
    /// Staff refused.
    DenialDecided {
        /// Who.
        by: Staff,
        /// Why.
        because: String,
    },
    /// Staff resolved an escalated case.
    Resolved {
        /// Who.
        by: Staff,
        /// Why.
        because: String,
        /// How.
        resolution: Resolution,
    },
    /// The person asked for support.
    SupportRequested {
        /// What they wrote.
        form: SupportForm,
    },
    /// The owner said "this was not me".
    VetoReceived,
    /// The person gave up.
    CancelRequested,
    /// The front end took the one sign-in.
    SignInClaimed,
    /// The new password is set.
    PasswordChanged,
    /// The person began to enroll a new device.
    EnrollmentBegan {
        /// What they call it.
        label: String,
    },
    /// The person typed two codes of the new device.
    EnrollmentConfirmed {
        /// The first.
        first: Secret,
        /// The one after it.
        second: Secret,
    },
    /// Time passed; deadlines may have come.
    TimePassed,
}

/// What a person offers as a proof.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A code that the case itself knows.
    Code(Secret),
    /// Something that only the store can compare, and did.
    Compared(Comparison),
}

/// What comparing a proof with the store gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is right.
    Right,
    /// It is wrong.
    Wrong,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The call is being placed.
    Calling,
    /// The phone rings.
    Ringing,
    /// Somebody answered.
    Answered,
    /// The person is asked for the digits.
    Prompting,
    /// The digits were wrong, the person is asked again.
    WrongDigits,
}

impl Phase {
    /// The word for it on the bus and in the plugin protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calling => "calling",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Prompting => "prompting",
            Self::WrongDigits => "wrong_digits",
        }
    }
}

impl std::str::FromStr for Phase {
    type Err = UnknownPhase;

    fn from_str(word: &str) -> Result<Self, UnknownPhase> {
        [Self::Calling, Self::Ringing, Self::Answered, Self::Prompting, Self::WrongDigits]
            .into_iter()
            .find(|phase| phase.as_str() == word)
            .ok_or(UnknownPhase)
    }
}

/// The text names no phase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown phase")]
pub struct UnknownPhase;

/// A member of staff who acts on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// Who, as the journal names them: `uid:1000`, see [`crate::person`].
    pub name: String,
    /// Their own account, where they have one.
    pub account: Option<AccountId>,
}

/// How staff resolve an escalated case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The person gets an access pass and goes on by proving it.
    Pass,
    /// The device is reset now.
    Reset,
    /// No.
    Deny,
}

/// What the core answers to an event, beside the new case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done,
    /// Whether the proof was right.
    Proof {
        /// Right or wrong.
        comparison: Comparison,
        /// Tries left for this challenge or call.
        tries_left: u32,
    },
    /// The link was opened in another browser than the one that opened the case: type this code there.
    CodeToType {
        /// The code.
        code: Secret,
    },
    /// The ticket.
    Ticket(TicketId),
    /// The one sign-in.
    SignIn {
        /// A new set of recovery codes, where one of the old set was used.
        recovery_codes: Vec<Secret>,
    },
    /// A new device's secret in base32.
    Enrollment {
        /// The secret.
        secret: Secret,
    },
}
