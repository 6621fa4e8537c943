//! What a policy answers, as the core understands it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::facts::Question;
use crate::plan::Plan;

/// Whoever decides: the Lua policy of the case's version, or a table in a test.
///
/// The core asks while it applies an event; the answer must depend on nothing but the question.
pub trait Policy {
    /// Answers one question. A policy that cannot answer says so with [`Verdict::Unable`].
    fn decide(&mut self, question: &Question) -> Verdict;
}

impl<F: FnMut(&Question) -> Verdict> Policy for F {
    fn decide(&mut self, question: &Question) -> Verdict {
        self(question)
    }
}

/// What a policy answered. What fits which hook is written in [`Verdict::fits`].
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// These factors must be proven; from `proved`, these too.
    Prove {
        /// The plan.
        plan: Plan,
    },
    /// People must decide.
    Escalate {
        /// Who: `support`, `administrator`, or any word of the organization's.
        to: String,
        /// Why, for the journal and for staff.
        because: String,
    },
    /// No.
    Deny {
        /// Why, for the journal and for staff.
        because: String,
    },
    /// The factor may be tried again.
    Retry {
        /// After this wait.
        after: Duration,
        /// Whether the next call goes to the next number on file, and after the last one to the first.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        next_number: bool,
    },
    /// The account is recovered, and this happens to it.
    Outcome(Outcome),
    /// Nothing to add (only from `proved`).
    Nothing,
    /// No valid verdict came: an error, an exhausted budget, a malformed answer. The case goes to support.
    Unable {
        /// What went wrong, with file and line, for the journal and for administrators.
        cause: String,
    },
}

impl Verdict {
    /// Whether a policy may answer this to `hook`.
    #[must_use]
    pub const fn fits(&self, hook: crate::facts::Hook) -> bool {
        use crate::facts::Hook;
        match (self, hook) {
            (Self::Escalate { .. } | Self::Deny { .. } | Self::Unable { .. }, _)
            | (Self::Prove { .. }, Hook::Open | Hook::Proved)
            | (Self::Nothing, Hook::Proved)
            | (Self::Retry { .. }, Hook::Failed)
            | (Self::Outcome(_), Hook::Recovered) => true,
            (Self::Prove { .. }, Hook::Failed | Hook::Recovered)
            | (Self::Nothing, Hook::Open | Hook::Failed | Hook::Recovered)
            | (Self::Retry { .. }, Hook::Open | Hook::Proved | Hook::Recovered)
            | (Self::Outcome(_), Hook::Open | Hook::Proved | Hook::Failed) => false,
        }
    }
}

/// What a proven case does to the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What becomes of the device.
    pub device: DeviceFate,
    /// Whether the password must be changed before the recovery is complete.
    pub force_password_change: bool,
    /// Whether every session of the account is to end.
    pub revoke_sessions: bool,
    /// The cool-down before the outcome takes effect, in which the owner can veto.
    pub hold: Option<Duration>,
    /// How long the person has to enroll a new device; none means that no new device is asked for.
    pub enroll_within: Option<Duration>,
}

/// What becomes of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceFate {
    /// Sign-in no longer asks for it.
    Deactivate,
    /// It stays (in repair, or put right).
    Keep,
}
