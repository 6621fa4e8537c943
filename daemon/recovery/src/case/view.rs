//! What a person sees of a case: nothing that an attacker could use, and always a way on.

use std::collections::BTreeSet;

use super::{Case, Challenge, ChallengeStatus, State, Task};
use crate::account::Form;
use crate::disposition::Disposition;
use crate::event::Phase;
use crate::factor::Factor;
use crate::id::TicketId;
use crate::limits::{TRIES_PER_CALL, TRIES_PER_CASE, TRIES_PER_CHALLENGE};
use crate::plan::{Atom, Plan};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::verdict::{DeviceFate, Outcome};

/// A case as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The state's word.
    pub state: &'static str,
    /// What happened and what to do next.
    pub message: &'static str,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The steps, in the plan's order.
    pub steps: Vec<StepView>,
    /// The least number of steps that are left to prove.
    pub steps_left: usize,
    /// What happens, or happened, to the account.
    pub outcome: Option<Outcome>,
    /// What is left to do.
    pub tasks: BTreeSet<Task>,
    /// The end of the hold.
    pub held_until: Option<Timestamp>,
    /// Who has the case, once people have it.
    pub escalated_to: Option<String>,
    /// The request to support.
    pub ticket: Option<TicketId>,
}

/// One step as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// What is to be proven.
    pub factor: Factor,
    /// How it stands.
    pub state: StepState,
    /// The masked address.
    pub hint: Option<String>,
    /// The digits to type on the phone, while a call is under way.
    pub code: Option<Secret>,
    /// Tries left.
    pub tries_left: u32,
    /// When it may be started (again); zero means now.
    pub resend_after: Timestamp,
    /// When the challenge ends by itself.
    pub expires_at: Option<Timestamp>,
    /// How the last delivery or challenge ended.
    pub disposition: Option<Disposition>,
    /// How far the call is.
    pub phase: Option<Phase>,
    /// Whether it can still be proven: false once it was tried as often as a case allows.
    pub possible: bool,
    /// Whether it is part of the way: proven, open or to come; false for an alternative that was not taken.
    pub needed: bool,
    /// What happened and what to do next.
    pub message: &'static str,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Other steps come first.
    Waiting,
    /// It can be started or answered.
    Open,
    /// A message or call is under way.
    Sent,
    /// It is done.
    Proven,
    /// It went wrong; the message says what to do.
    Failed,
}

impl StepState {
    /// The word for it on the bus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Sent => "sent",
            Self::Proven => "proven",
            Self::Failed => "failed",
        }
    }
}

impl Case {
    /// The case as the person sees it now.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> View {
        let steps = self.asked_atoms().iter().map(|atom| self.step_of(atom, now)).collect();
        let (tasks, held_until, escalated_to) = match &self.state {
            State::Recovered { tasks, .. } => (tasks.clone(), None, None),
            State::Held { until, .. } => (BTreeSet::new(), Some(*until), None),
            State::Escalated { to, .. } => (BTreeSet::new(), None, Some(to.clone())),
            State::Proving
            | State::Completed { .. }
            | State::Denied { .. }
            | State::Vetoed
            | State::Cancelled
            | State::Expired => (BTreeSet::new(), None, None),
        };
        View {
            state: self.state.as_str(),
            message: self.message(),
            expires_at: self.next_deadline().unwrap_or(self.expires_at),
            steps,
            steps_left: self.plan.as_ref().map_or(0, |plan| plan.steps_left(&|atom| self.holds(atom))),
            outcome: self.state.outcome().cloned(),
            tasks,
            held_until,
            escalated_to,
            ticket: self.ticket.as_ref().map(|ticket| ticket.id.clone()),
        }
    }

    /// One step as the person sees it now; none where the plan does not ask for the factor.
    #[must_use]
    pub fn step(&self, factor: &Factor, now: Timestamp) -> Option<StepView> {
        self.asked_atoms().iter().map(|atom| self.step_of(atom, now)).find(|step| step.factor == *factor)
    }

    /// The plan's atoms, approvals only once: the next of them, or the last where all are given.
    fn asked_atoms(&self) -> Vec<Atom> {
        let mut atoms = self.plan.as_ref().map(Plan::atoms).unwrap_or_default();
        let asks = |atom: &&Atom| matches!(atom, Atom::Approvals(_) | Atom::Factor(Factor::Approval));
        let mut approvals = atoms.iter().filter(asks);
        let next = approvals.clone().find(|atom| !self.holds(atom)).or(approvals.next_back()).cloned();
        atoms.retain(|atom| !asks(&atom) || Some(atom) == next.as_ref());
        atoms
    }

    fn step_of(&self, atom: &Atom, now: Timestamp) -> StepView {
        let factor = match atom {
            Atom::Factor(factor) => factor.clone(),
            Atom::Approvals(_) => Factor::Approval,
        };
        let track = self.tracks.get(&factor).cloned().unwrap_or_default();
        let live = track.challenge.as_ref().filter(|challenge| challenge.is_live(now));
        let open = self.state == State::Proving && self.open_atoms().contains(atom);
        let calls = factor == Factor::Voice;
        let expired = open
            && factor.channel().is_some()
            && track.disposition.is_none_or(Disposition::is_success)
            && track.challenge.as_ref().is_some_and(|challenge| challenge.expires_at <= now);
        let disposition = if expired { Some(Disposition::Expired) } else { track.disposition };
        let state = match (self.holds(atom), open, live) {
            (true, _, _) => StepState::Proven,
            (false, false, _) if track.failed == 0 => StepState::Waiting,
            (false, false, _) => StepState::Failed,
            _ if !track.is_possible(now) || disposition.is_some_and(|how| !how.is_success()) => {
                StepState::Failed
            }
            (false, true, Some(_)) if factor.channel().is_some() => StepState::Sent,
            (false, true, _) => StepState::Open,
        };
        let under_way = |challenge: &&Challenge| calls && challenge.status == ChallengeStatus::Delivering;
        StepView {
            state,
            hint: self.addresses.of(&factor, track.sends.saturating_sub(1), track.number).map(|address| {
                match address {
                    crate::address::Address::Email(email) => email.masked(),
                    crate::address::Address::Phone(phone) => phone.masked(),
                }
            }),
            code: live
                .filter(under_way)
                .filter(|_| state == StepState::Sent)
                .and_then(|challenge| challenge.code.clone()),
            tries_left: tries_left(&track, live, calls),
            resend_after: if track.start_after > now { track.start_after } else { Timestamp::default() },
            expires_at: live.filter(|_| factor.channel().is_some()).map(|challenge| challenge.expires_at),
            disposition,
            phase: live.and_then(|challenge| challenge.phase),
            possible: track.is_possible(now),
            needed: state == StepState::Proven || self.comes(atom),
            message: if state == StepState::Proven {
                "Done."
            } else if open {
                open_message(&factor, state, disposition, track.is_possible(now))
            } else {
                self.closed_message(atom, disposition)
            },
            factor,
        }
    }

    /// What is to be said of a step that cannot be worked on now. What to do next is another step's, or the
    /// case's own message.
    fn closed_message(&self, atom: &Atom, disposition: Option<Disposition>) -> &'static str {
        if self.state != State::Proving {
            return disposition.map_or("There is nothing to do here now.", Disposition::cause);
        }
        if self.comes(atom) { "This comes after the step before it." } else { "This is not needed any more." }
    }

    /// Whether an atom is open or may come to be.
    fn comes(&self, atom: &Atom) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.leads_to(atom, &|atom| self.holds(atom)))
    }

    /// Whether an entry in an app is left over, which would only confuse (J11).
    fn leaves_an_app(&self, outcome: &Outcome) -> bool {
        let is_virtual = self.facts.device.as_ref().is_some_and(|device| device.form == Form::Virtual);
        is_virtual && outcome.device == DeviceFate::Deactivate
    }

    fn message(&self) -> &'static str {
        match &self.state {
            State::Proving => {
                "Go through the steps one by one. If a step does not work, try again, or contact support."
            }
            State::Held { .. } => {
                "Everything is proven. For your safety there is a waiting time before the recovery takes effect; come back when it is over. The owner of the account has been told and can stop it."
            }
            State::Recovered { outcome, .. } if self.leaves_an_app(outcome) => {
                "You have recovered your account. Sign in now, and finish what is left to do. Remove this account from the app on the old device, if you still have it."
            }
            State::Recovered { .. } => {
                "You have recovered your account. Sign in now, and finish what is left to do."
            }
            State::Completed { .. } => "The recovery is complete. Sign in as usual.",
            State::Escalated { .. } => {
                "This recovery needs a person to decide. Contact them as shown; you can also send them a message with the support form."
            }
            State::Denied { .. } => {
                "This recovery was refused. If you think that this is wrong, contact support."
            }
            State::Vetoed => {
                "The owner of the account has stopped this recovery. If that was you, you need do nothing else; if the account is yours and you did not stop it, contact support."
            }
            State::Cancelled => "This recovery was cancelled. You can start over.",
            State::Expired => "The time for this recovery is over. Start over, or contact support.",
        }
    }
}

fn tries_left(track: &super::Track, live: Option<&Challenge>, calls: bool) -> u32 {
    let in_case = TRIES_PER_CASE.saturating_sub(track.wrong);
    let per_challenge = if calls { TRIES_PER_CALL } else { TRIES_PER_CHALLENGE };
    let wrong = live.map_or(0, |challenge| if calls { challenge.wrong_in_call } else { challenge.wrong });
    in_case.min(per_challenge.saturating_sub(wrong))
}

/// What to do about a step that is open.
fn open_message(
    factor: &Factor,
    state: StepState,
    disposition: Option<Disposition>,
    possible: bool,
) -> &'static str {
    if !possible {
        return "This was tried too often in this recovery. Use another way, or contact support.";
    }
    match (state, disposition) {
        (StepState::Failed, Some(Disposition::WrongCode)) if factor.channel().is_none() => {
            "This was wrong too often. Look at it again, and then try once more, or contact support."
        }
        (StepState::Failed, Some(disposition)) => disposition.message(),
        (StepState::Sent, _) => match factor {
            Factor::Voice => {
                "Your phone will ring. Answer it and type the six digits shown here on its keypad."
            }
            Factor::Email => {
                "Open the message, and follow its link or type its code here. If it does not arrive, look in the spam folder."
            }
            Factor::Contact => {
                "Ask your recovery contact for the code, in person or by voice, and type it here. If it did not reach them, have them look in the spam folder."
            }
            _ => "Open the message, and type its code here. If it does not arrive, have it sent again.",
        },
        _ => match factor {
            Factor::Password => "Type your password.",
            Factor::Email => {
                "We send a message to your e-mail address on file. Have it sent, then look for it."
            }
            Factor::Voice => "We call your phone on file. Have it at hand, then let us call.",
            Factor::RecoveryCode => "Type one of the recovery codes that you saved.",
            Factor::Totp => "Type the code that your other device shows.",
            Factor::Resync => {
                "Type the code that the device shows, wait for the next one, and type that too."
            }
            Factor::Approval => {
                "A member of staff has to approve this recovery. Ask them, and have them check who you are."
            }
            Factor::Pass => "Type the access pass that support gave you.",
            Factor::Contact => {
                "We send a code to your recovery contact on file. Have it sent, then ask them for it."
            }
            Factor::Channel(_) => "We send a code to your address on file. Have it sent, then type it here.",
        },
    }
}
