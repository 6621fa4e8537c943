//! The one door into the core: which event means what in which state.

use super::refusal::Refusal;
use super::{Addresses, Case, ChallengeStatus, Standing, State};
use crate::account::Reason;
use crate::command::{Command, Record};
use crate::event::{Event, Reply, Resolution};
use crate::factor::Factor;
use crate::facts::{Facts, Hook};
use crate::id::{AccountId, CaseId, DeliveryId, DeviceId, PolicyVersion};
use crate::plan::Atom;
use crate::rules::Rules;
use crate::secret::{Secret, SecretHash, Seed};
use crate::time::Timestamp;
use crate::verdict::{DeviceFate, Policy};

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
            recovered_at: None,
            enrolled: None,
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
    pub(super) fn new(case: Case, moment: Moment<'a>) -> Self {
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
            (
                S::Proving | S::Held { .. } | S::Recovered { .. } | S::Escalated { .. },
                E::SupportRequested { form },
            ) => Ok(self.support_requested(&form)),
            (S::Proving | S::Held { .. } | S::Recovered { .. } | S::Escalated { .. }, E::VetoReceived) => {
                Ok(self.vetoed())
            }
            (S::Completed { .. }, E::VetoReceived) => Ok(self.vetoed_too_late()),
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
                E::DenialDecided { .. } | E::SupportRequested { .. },
            )
            | (S::Denied { .. } | S::Vetoed | S::Cancelled | S::Expired, E::VetoReceived)
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
            && outcome.device == DeviceFate::Deactivate
            && let Some(device) = self.case.device.clone()
        {
            self.command(Command::ReactivateDevice(device));
        }
        self.call_off_deliveries();
        self.case.enrollment = None;
        self.case.state = state;
    }

    /// Ends every challenge and calls off what is under way.
    pub(super) fn call_off_deliveries(&mut self) {
        self.call_off(|_| true);
    }

    /// Ends the challenges of the factors that are not to be worked on any more, and calls off what is under way.
    pub(super) fn call_off_closed(&mut self) {
        let open = self.case.open_atoms();
        self.call_off(|factor| !open.contains(&Atom::Factor(factor.clone())));
    }

    fn call_off(&mut self, is_closed: impl Fn(&Factor) -> bool) {
        let closed = self.case.tracks.iter_mut().filter(|(factor, _)| is_closed(factor));
        for challenge in closed.filter_map(|(_, track)| track.challenge.as_mut()) {
            let under_way = challenge.status == ChallengeStatus::Delivering;
            challenge.end();
            self.commands
                .extend(challenge.delivery.clone().filter(|_| under_way).map(Command::CancelDelivery));
        }
    }
}
