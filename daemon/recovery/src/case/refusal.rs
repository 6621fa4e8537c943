//! Why an event is not taken, in words that say what to do instead.

use thiserror::Error;

use crate::factor::Factor;
use crate::time::Timestamp;

/// Why an event is not taken. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The event does not fit the case's state.
    #[error("this cannot be done while the recovery is {0}")]
    WrongState(&'static str),
    /// The plan does not ask for the factor.
    #[error("this recovery does not ask for {0}")]
    NotAsked(Factor),
    /// Other factors come first.
    #[error("{0} comes later: finish the step before it first")]
    NotYet(Factor),
    /// The factor is proven.
    #[error("{0} is proven already")]
    AlreadyProven(Factor),
    /// The factor has no message or call to start.
    #[error("{0} needs no message: give the proof itself")]
    NothingToSend(Factor),
    /// No challenge waits for an answer.
    #[error("ask for a code first")]
    NotStarted,
    /// The challenge is over.
    #[error("this code is no longer good: ask for a new one")]
    ChallengeOver,
    /// The digits are typed on the phone, the approval is given by staff.
    #[error("{0} cannot be typed here")]
    NotTypedHere(Factor),
    /// The proof has another form than the factor's.
    #[error("this is not the kind of proof that {0} takes")]
    WrongKind(Factor),
    /// Too soon after the last time.
    #[error("wait before trying again")]
    TooSoon {
        /// Until then.
        until: Timestamp,
    },
    /// A call is under way.
    #[error("a call is under way: answer it, or wait until it has ended")]
    UnderWay,
    /// No more tries of this factor in this case.
    #[error("{0} was tried too often in this recovery: use another way, or contact support")]
    Spent(Factor),
    /// The delivery is none of the case's current ones.
    #[error("this delivery is not under way")]
    UnknownDelivery,
    /// Staff may not act on their own account.
    #[error("nobody decides about their own account: ask a colleague")]
    OwnCase,
    /// The same person has approved already.
    #[error("you have approved this recovery already: the next approval takes another person")]
    SamePerson,
    /// A reason is missing or too long.
    #[error("give a reason, up to 4,000 characters")]
    NoReason,
    /// There is no e-mail address on file to send a pass to.
    #[error(
        "there is no e-mail address on file to send a pass to: correct the account first, or reset the device"
    )]
    NoAddress,
    /// There is no such account.
    #[error("there is no such account: deny the case")]
    NoAccount,
    /// The task is not asked for, or done.
    #[error("this is not left to do")]
    NoSuchTask,
    /// Too many enrollments were begun.
    #[error("too many enrollments were begun in this recovery: contact support")]
    TooManyEnrollments,
    /// The label is empty or too long.
    #[error("give the device a name, up to 200 characters")]
    BadLabel,
}
