//! The one door into the core: which event means what in which state.

use thiserror::Error;

use super::{Addresses, Case, Challenge, ChallengeStatus, Standing, State};
use crate::account::Reason;
use crate::command::{Command, Record};
use crate::event::{Event, Reply, Resolution};
use crate::factor::Factor;
use crate::facts::{Facts, Hook};
use crate::id::{AccountId, CaseId, DeliveryId, DeviceId, PolicyVersion};
use crate::rules::Rules;
use crate::secret::{Secret, SecretHash, Seed};
use crate::time::Timestamp;
use crate::verdict::Policy;

/// Everything that an event needs from outside: the time, the randomness, the settings, the policy.
pub struct Moment<'a> {
    /// The time.
    pub now: Timestamp,
    /// Random bits for this one event.
    pub seed: Seed,
    /// The organization's settings.
    pub rules: &'a Rules,
    /// The policy of the case's version.
    pub policy: &'a mut dyn Policy,
}

/// What a case opens with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its id, random.
    pub id: CaseId,
    /// Who wants back in.
    pub account: AccountId,
    /// Whether there is such an account.
    pub standing: Standing,
    /// Why.
    pub reason: Reason,
    /// The policies that decide.
    pub policy: PolicyVersion,
    /// What they are told.
    pub facts: Facts,
    /// The addresses that count.
    pub addresses: Addresses,
    /// The device that is to be replaced or put right.
    pub device: Option<DeviceId>,
    /// The browser that opens the case.
    pub browser: Option<SecretHash>,
}

/// A case after an event, and what follows from it.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The new case.
    pub case: Case,
    /// What the service must do.
    pub commands: Vec<Command>,
    /// What the journal must say.
    pub records: Vec<Record>,
    /// What to answer.
    pub reply: Reply,
}

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

impl Case {
    /// Opens a case and asks the policy what must be proven.
    pub fn open(opening: Opening, moment: Moment<'_>) -> Transition {
        let case = Self {
            id: opening.id,
            account: opening.account,
            standing: opening.standing,
            reason: opening.reason,
            policy: opening.policy,
            opened_at: moment.now,
            expires_at: moment.now.plus(moment.rules.open_for),
            facts: opening.facts,
            addresses: opening.addresses,
            device: opening.device,
            browser: opening.browser,
            state: State::Proving,
            plan: None,
            tracks: std::collections::BTreeMap::new(),
            proven: Vec::new(),
            approvals: Vec::new(),
            failures: Vec::new(),
            ticket: None,
            enrollment: None,
            challenges: 0,
            enrollments: 0,
        };
        let mut turn = Turn::new(case, moment);
        let client = turn.client_in_words();
        turn.record(
            "case_opened",
            vec![
                ("reason", turn.case.reason.as_str().to_owned()),
                (
                    "standing",
                    if turn.case.standing == Standing::Decoy { "decoy" } else { "known" }.to_owned(),
                ),
                ("client", client),
                ("policy", turn.case.policy.as_str().to_owned()),
            ],
        );
        let verdict = turn.ask(Hook::Open, None, None);
        turn.plan_by(verdict);
        turn.finish(Reply::Done)
    }

    /// Applies one event. Deadlines that have come are kept first.
    ///
    /// # Errors
    /// [`Refusal`]: the event does not fit, and nothing has changed.
    pub fn apply(&self, event: Event, moment: Moment<'_>) -> Result<Transition, Refusal> {
        let mut turn = Turn::new(self.clone(), moment);
        turn.keep_deadline();
        let reply = turn.take(event)?;
        Ok(turn.finish(reply))
    }
}

/// One event being applied.
pub(super) struct Turn<'a> {
    pub(super) case: Case,
    pub(super) moment: Moment<'a>,
    pub(super) commands: Vec<Command>,
    records: Vec<Record>,
    drawn: u32,
}

impl<'a> Turn<'a> {
    fn new(case: Case, moment: Moment<'a>) -> Self {
        Self { case, moment, commands: Vec::new(), records: Vec::new(), drawn: 0 }
    }

    fn finish(self, reply: Reply) -> Transition {
        Transition { case: self.case, commands: self.commands, records: self.records, reply }
    }

    pub(super) fn record(&mut self, kind: &'static str, detail: Vec<(&'static str, String)>) {
        self.records.push(Record { kind, detail });
    }

    pub(super) fn command(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// A label that this event has not used yet.
    fn label(&mut self, what: &str) -> String {
        self.drawn += 1;
        format!("{what} {}", self.drawn)
    }

    pub(super) fn new_delivery(&mut self) -> DeliveryId {
        let label = self.label("delivery");
        DeliveryId::from_random(self.moment.seed.id(&label))
    }

    pub(super) fn new_token(&mut self) -> Secret {
        let label = self.label("token");
        self.moment.seed.token(&label)
    }

    /// The whole table: every event in every state.
    fn take(&mut self, event: Event) -> Result<Reply, Refusal> {
        use Event as E;
        use State as S;
        let state = self.case.state.clone();
        match (&state, event) {
            (S::Proving, E::ChallengeRequested { factor }) => self.challenge_requested(factor),
            (S::Proving, E::ProofSubmitted { factor, proof }) => self.proof_submitted(&factor, proof),
            (S::Proving, E::LinkOpened { challenge, browser }) => self.link_opened(challenge, browser),
            (S::Proving, E::DeliveryProgressed { delivery, phase }) => {
                self.delivery_progressed(&delivery, phase)
            }
            (S::Proving, E::DigitsEntered { delivery, digits }) => self.digits_entered(&delivery, &digits),
            (_, E::DeliveryEnded { delivery, disposition, detail }) => {
                self.delivery_ended(&delivery, disposition, detail);
                Ok(Reply::Done)
            }
            (S::Proving, E::Approved { by, because }) => self.approved(by, because),
            (
                S::Proving | S::Held { .. } | S::Recovered { .. } | S::Escalated { .. },
                E::DenialDecided { by, because },
            ) => self.denial_decided(&by, because),
            (S::Escalated { .. }, E::Resolved { by, because, resolution }) => match resolution {
                Resolution::Pass => self.resolved_by_pass(&by, because),
                Resolution::Reset => self.resolved_by_reset(&by, because),
                Resolution::Deny => self.denial_decided(&by, because),
            },
            (S::Proving | S::Escalated { .. }, E::SupportRequested { form }) => {
                Ok(self.support_requested(&form))
            }
            (S::Proving | S::Held { .. } | S::Recovered { .. } | S::Escalated { .. }, E::VetoReceived) => {
                Ok(self.vetoed())
            }
            (S::Proving | S::Held { .. } | S::Escalated { .. }, E::CancelRequested) => Ok(self.cancelled()),
            (S::Recovered { .. }, E::SignInClaimed) => self.sign_in_claimed(),
            (S::Recovered { .. }, E::PasswordChanged) => self.password_changed(),
            (S::Recovered { .. }, E::EnrollmentBegan { label }) => self.enrollment_began(label),
            (S::Recovered { .. }, E::EnrollmentConfirmed { first, second }) => {
                self.enrollment_confirmed(&first, &second)
            }
            // Deadlines were kept before the event was looked at.
            (_, E::TimePassed) => Ok(Reply::Done),

            (
                S::Held { .. }
                | S::Recovered { .. }
                | S::Completed { .. }
                | S::Escalated { .. }
                | S::Denied { .. }
                | S::Vetoed
                | S::Cancelled
                | S::Expired,
                E::ChallengeRequested { .. }
                | E::ProofSubmitted { .. }
                | E::LinkOpened { .. }
                | E::DeliveryProgressed { .. }
                | E::DigitsEntered { .. }
                | E::Approved { .. },
            )
            | (
                S::Completed { .. } | S::Denied { .. } | S::Vetoed | S::Cancelled | S::Expired,
                E::DenialDecided { .. } | E::VetoReceived,
            )
            | (
                S::Proving
                | S::Held { .. }
                | S::Recovered { .. }
                | S::Completed { .. }
                | S::Denied { .. }
                | S::Vetoed
                | S::Cancelled
                | S::Expired,
                E::Resolved { .. },
            )
            | (
                S::Held { .. }
                | S::Recovered { .. }
                | S::Completed { .. }
                | S::Denied { .. }
                | S::Vetoed
                | S::Cancelled
                | S::Expired,
                E::SupportRequested { .. },
            )
            | (
                S::Recovered { .. }
                | S::Completed { .. }
                | S::Denied { .. }
                | S::Vetoed
                | S::Cancelled
                | S::Expired,
                E::CancelRequested,
            )
            | (
                S::Proving
                | S::Held { .. }
                | S::Completed { .. }
                | S::Escalated { .. }
                | S::Denied { .. }
                | S::Vetoed
                | S::Cancelled
                | S::Expired,
                E::SignInClaimed
                | E::PasswordChanged
                | E::EnrollmentBegan { .. }
                | E::EnrollmentConfirmed { .. },
            ) => Err(Refusal::WrongState(state.as_str())),
        }
    }

    /// Keeps a deadline that has come, whatever the event is.
    fn keep_deadline(&mut self) {
        if self.case.next_deadline().is_none_or(|deadline| self.moment.now < deadline) {
            return;
        }
        match self.case.state.clone() {
            State::Held { outcome, .. } => self.recover(outcome),
            State::Proving | State::Escalated { .. } | State::Recovered { .. } => {
                self.record("expired", vec![("while", self.case.state.as_str().to_owned())]);
                self.end(State::Expired);
            }
            State::Completed { .. }
            | State::Denied { .. }
            | State::Vetoed
            | State::Cancelled
            | State::Expired => {}
        }
    }

    /// Ends the case without success: calls off what is under way and gives the device back its place.
    pub(super) fn end(&mut self, state: State) {
        if let State::Recovered { outcome, .. } = &self.case.state
            && outcome.device == crate::verdict::DeviceFate::Deactivate
            && let Some(device) = self.case.device.clone()
        {
            self.command(Command::ReactivateDevice(device));
        }
        self.call_off_deliveries();
        self.case.enrollment = None;
        self.case.state = state;
    }

    /// Calls off every delivery of a challenge that is under way.
    pub(super) fn call_off_deliveries(&mut self) {
        let under_way = |challenge: &Challenge| challenge.status == ChallengeStatus::Delivering;
        let challenges = self.case.tracks.values_mut().filter_map(|track| track.challenge.as_mut());
        let mut called_off = Vec::new();
        for challenge in challenges {
            if under_way(challenge) {
                called_off.extend(challenge.delivery.clone());
            }
            challenge.status = ChallengeStatus::Over;
            challenge.code = None;
        }
        self.commands.extend(called_off.into_iter().map(Command::CancelDelivery));
    }
}
