//! What can happen in a made-up case.

use std::fmt;
use std::time::Duration;

use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::Resolution;
use readmit_recovery::factor::Factor;

use super::start::{quoted, span};

/// One thing that happens in a case, as a test says it. It prints as the line of a test that does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The person proves a factor: what has to be sent first is sent.
    Prove(Factor),
    /// The person is wrong once.
    Mistake(Factor),
    /// A factor fails: a delivery ends like this, or the challenge is lost to wrong tries (`wrong_code`).
    Fail(Factor, Disposition),
    /// The person has a message sent, or is called, and nothing more happens yet.
    Send(Factor),
    /// Time passes.
    Wait(Duration),
    /// A member of staff vouches for the person.
    Approve(String),
    /// A member of staff refuses.
    Deny(String),
    /// Support resolves an escalated case.
    Resolve(Resolution),
    /// The person asks for support.
    AskSupport,
    /// The owner says "this was not me".
    Veto,
    /// The person gives up.
    Cancel,
    /// The person uses the one sign-in.
    SignIn,
    /// The person chooses a new password.
    ChangePassword,
    /// The person enrolls a new device.
    Enroll,
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prove(factor) => write!(formatter, "case:prove({})", quoted(factor.as_str())),
            Self::Mistake(factor) => write!(formatter, "case:mistake({})", quoted(factor.as_str())),
            Self::Fail(factor, disposition) => {
                let (factor, disposition) = (quoted(factor.as_str()), quoted(disposition.as_str()));
                write!(formatter, "case:fail({factor}, {disposition})")
            }
            Self::Send(factor) => write!(formatter, "case:send({})", quoted(factor.as_str())),
            Self::Wait(duration) => write!(formatter, "case:wait({})", span(*duration)),
            Self::Approve(by) => write!(formatter, "case:approve({})", quoted(by)),
            Self::Deny(by) => write!(formatter, "case:deny({})", quoted(by)),
            Self::Resolve(resolution) => {
                let word = match resolution {
                    Resolution::Pass => "pass",
                    Resolution::Reset => "reset",
                    Resolution::Deny => "deny",
                };
                write!(formatter, "case:resolve({})", quoted(word))
            }
            Self::AskSupport => formatter.write_str("case:ask_support()"),
            Self::Veto => formatter.write_str("case:veto()"),
            Self::Cancel => formatter.write_str("case:cancel()"),
            Self::SignIn => formatter.write_str("case:sign_in()"),
            Self::ChangePassword => formatter.write_str("case:change_password()"),
            Self::Enroll => formatter.write_str("case:enroll()"),
        }
    }
}
