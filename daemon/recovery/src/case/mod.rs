//! The case: one recovery, from opening to its end.
//!
//! A [`Case`] is plain data; only [`Case::open`] and [`Case::apply`] make a new one from an old one, and
//! [`Case::ended_by_restore`] where the store itself was put back.

mod addresses;
mod apply;
mod deciding;
mod ending;
mod messages;
mod people;
mod proving;
mod refusal;
mod restoring;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use addresses::Addresses;
pub use apply::{Moment, Opening, Transition};
pub use messages::client_in_words;
pub use refusal::Refusal;
pub use restoring::EndedByRestore;
pub use view::{StepState, StepView, View};

use crate::account::Reason;
use crate::disposition::Disposition;
use crate::event::Phase;
use crate::factor::Factor;
use crate::facts::{Facts, Failure};
use crate::id::{AccountId, CaseId, DeliveryId, DeviceId, PolicyVersion};
use crate::limits::{FAILURES_PER_CASE, SENDS_PER_CASE, TRIES_PER_CASE, TRIES_PER_CHALLENGE};
use crate::plan::{Atom, Plan};
use crate::secret::{Secret, SecretHash, sealed};
use crate::support::Ticket;
use crate::time::Timestamp;
use crate::verdict::Outcome;

/// One recovery. Serialized only into bytes that the store seals: it holds live codes and whole addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Who wants back in.
    pub account: AccountId,
    /// Whether there is such an account.
    pub standing: Standing,
    /// Why.
    pub reason: Reason,
    /// The version of the policies that decides this case, to its end.
    pub policy: PolicyVersion,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it expires if nothing happens.
    pub expires_at: Timestamp,
    /// What the policy is told.
    pub facts: Facts,
    /// The addresses that count in this case, fixed when it opened.
    pub addresses: Addresses,
    /// The device that is to be replaced or put right.
    pub device: Option<DeviceId>,
    /// The browser that opened the case.
    pub browser: Option<SecretHash>,
    /// Where it stands.
    pub state: State,
    /// What must be proven; none before a policy has said so.
    pub plan: Option<Plan>,
    /// What happened to each factor.
    pub tracks: BTreeMap<Factor, Track>,
    /// What is proven, in order.
    pub proven: Vec<Factor>,
    /// Who approved, in order.
    pub approvals: Vec<String>,
    /// What failed, in order.
    pub failures: Vec<Failure>,
    /// The request to support, once there is one.
    pub ticket: Option<Ticket>,
    /// The device being enrolled.
    pub enrollment: Option<Enrollment>,
    /// Challenges so far, over all factors.
    pub challenges: u32,
    /// Enrollments begun so far.
    pub enrollments: u32,
    /// When the account became the person's again.
    #[serde(default)]
    pub recovered_at: Option<Timestamp>,
    /// The label of the device that was enrolled in the end.
    #[serde(default)]
    pub enrolled: Option<String>,
}

/// Whether there is such an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// There is.
    Known,
    /// There is none: the case looks like any other, and no proof is ever right.
    Decoy,
}

/// Where a case stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// The person is proving factors.
    Proving,
    /// All is proven, and the owner has time to say no.
    Held {
        /// Until then.
        until: Timestamp,
        /// What happens then.
        outcome: Outcome,
    },
    /// The account is the person's again; tasks are left.
    Recovered {
        /// What happened to the account.
        outcome: Outcome,
        /// What is left to do.
        tasks: BTreeSet<Task>,
    },
    /// Everything is done.
    Completed {
        /// What happened to the account.
        outcome: Outcome,
    },
    /// People decide.
    Escalated {
        /// Who.
        to: String,
        /// Why, for them.
        because: String,
    },
    /// Refused.
    Denied {
        /// Why, for staff.
        because: String,
    },
    /// The owner said "this was not me".
    Vetoed,
    /// The person gave up.
    Cancelled,
    /// Time ran out.
    Expired,
}

impl State {
    /// The word for it on the bus, in SQL and in the journal.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Proving => "proving",
            Self::Held { .. } => "held",
            Self::Recovered { .. } => "recovered",
            Self::Completed { .. } => "completed",
            Self::Escalated { .. } => "escalated",
            Self::Denied { .. } => "denied",
            Self::Vetoed => "vetoed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing can happen any more.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Proving | Self::Held { .. } | Self::Recovered { .. } | Self::Escalated { .. } => false,
            Self::Completed { .. } | Self::Denied { .. } | Self::Vetoed | Self::Cancelled | Self::Expired => {
                true
            }
        }
    }

    /// What happens, or happened, to the account.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Held { outcome, .. } | Self::Recovered { outcome, .. } | Self::Completed { outcome } => {
                Some(outcome)
            }
            Self::Proving
            | Self::Escalated { .. }
            | Self::Denied { .. }
            | Self::Vetoed
            | Self::Cancelled
            | Self::Expired => None,
        }
    }
}

/// What a recovered person still has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Sign in, once.
    SignIn,
    /// Choose a new password.
    ChangePassword,
    /// Enroll a new device.
    Enroll,
}

impl Task {
    /// The word for it on the bus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::ChangePassword => "change_password",
            Self::Enroll => "enroll",
        }
    }
}

/// What happened to one factor in a case. Its counters only ever grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// The last challenge.
    pub challenge: Option<Challenge>,
    /// Wrong tries over all challenges.
    pub wrong: u32,
    /// Deliveries over all challenges.
    pub sends: u32,
    /// Failed deliveries and lost challenges.
    pub failed: u32,
    /// No new delivery before this.
    pub start_after: Timestamp,
    /// Which of the numbers on file is called.
    #[serde(default)]
    pub number: u32,
    /// How the last delivery or challenge ended.
    pub disposition: Option<Disposition>,
}

impl Track {
    /// Whether no try is left: the factor cannot be proven any more in this case.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        self.wrong >= TRIES_PER_CASE
    }

    /// Whether no further challenge may begin in this case.
    #[must_use]
    pub const fn is_exhausted(&self) -> bool {
        self.is_spent() || self.sends >= SENDS_PER_CASE || self.failed >= FAILURES_PER_CASE
    }

    /// Whether the factor can still be proven in this case.
    #[must_use]
    pub fn is_possible(&self, now: Timestamp) -> bool {
        let live = self.challenge.as_ref().is_some_and(|challenge| challenge.is_live(now));
        !self.is_exhausted() || live && !self.is_spent()
    }
}

/// One attempt at one factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Its number within the case.
    pub number: u32,
    /// The code that proves it; none where only the store can compare.
    #[serde(with = "optional_code")]
    pub code: Option<Secret>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Wrong tries.
    pub wrong: u32,
    /// Wrong tries in the call that is under way.
    pub wrong_in_call: u32,
    /// The last delivery.
    pub delivery: Option<DeliveryId>,
    /// How far that delivery is.
    pub phase: Option<Phase>,
    /// How it stands.
    pub status: ChallengeStatus,
}

/// How a challenge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeStatus {
    /// Its delivery is under way.
    Delivering,
    /// It can be answered.
    Live,
    /// It is over.
    Over,
}

impl Challenge {
    /// Whether an answer may still be right.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status != ChallengeStatus::Over && now < self.expires_at && self.wrong < TRIES_PER_CHALLENGE
    }

    /// Makes sure that no answer is right any more.
    pub(super) fn end(&mut self) {
        self.status = ChallengeStatus::Over;
        self.code = None;
    }
}

/// A device being enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// What the person calls it.
    pub label: String,
    /// Its id, if it comes to be.
    pub device: DeviceId,
    /// Its secret in base32.
    #[serde(with = "sealed")]
    pub secret: Secret,
    /// Wrong pairs of codes.
    pub wrong: u32,
}

impl Case {
    /// Whether this atom of the plan is proven.
    #[must_use]
    pub fn holds(&self, atom: &Atom) -> bool {
        match atom {
            Atom::Factor(Factor::Approval) => !self.approvals.is_empty(),
            Atom::Factor(factor) => self.proven.contains(factor),
            Atom::Approvals(number) => self.approvals.len() >= usize::from(*number),
        }
    }

    /// The atoms that may be worked on now.
    #[must_use]
    pub fn open_atoms(&self) -> BTreeSet<Atom> {
        self.plan.as_ref().map(|plan| plan.open(&|atom| self.holds(atom))).unwrap_or_default()
    }

    /// Whether this factor may be worked on now.
    #[must_use]
    pub fn is_open(&self, factor: &Factor) -> bool {
        self.state == State::Proving && self.open_atoms().contains(&Atom::Factor(factor.clone()))
    }

    /// When something happens to the case by itself.
    #[must_use]
    pub const fn next_deadline(&self) -> Option<Timestamp> {
        match &self.state {
            State::Held { until, .. } => Some(*until),
            State::Proving | State::Recovered { .. } | State::Escalated { .. } => Some(self.expires_at),
            State::Completed { .. }
            | State::Denied { .. }
            | State::Vetoed
            | State::Cancelled
            | State::Expired => None,
        }
    }
}

mod optional_code {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Secret;

    pub fn serialize<S: Serializer>(code: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        code.as_ref().map(Secret::expose).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
    }
}
