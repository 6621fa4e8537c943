//! What can happen next in a case.

use std::collections::BTreeSet;

use readmit_recovery::case::{Case, State, Task};
use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::Resolution;
use readmit_recovery::factor::Factor;
use readmit_recovery::plan::{Atom, Plan};

use super::domain::Domain;
use super::group::Group;
use super::key::elapsed;
use super::looks::Looks;
use crate::fact::Fact;
use crate::workbench::{Action, Journey, Start};

/// Members of staff, as many as may have to approve.
const STAFF: [&str; 5] = ["anna", "ben", "carla", "david", "eva"];

/// One thing that can happen next.
#[derive(Clone, Debug)]
pub(super) struct Move {
    /// What is done, in order.
    pub actions: Vec<Action>,
    /// Whether somebody who wants back in does it, or it comes by itself: a dead end is where no such move leads
    /// anywhere.
    pub is_natural: bool,
    /// Whether it asks the policy nothing and ends the proving: once for each set of proofs is enough.
    pub is_aside: bool,
    /// Whether it is done again and again, until the factor cannot be tried any more.
    pub repeats: bool,
}

impl Move {
    fn natural(actions: Vec<Action>) -> Self {
        Self { actions, is_natural: true, is_aside: false, repeats: false }
    }

    fn other(action: Action) -> Self {
        Self { actions: vec![action], is_natural: false, is_aside: false, repeats: false }
    }

    fn aside(action: Action) -> Self {
        Self { is_aside: true, ..Self::other(action) }
    }
}

/// What else tells which moves there are.
pub(super) struct Terrain<'a> {
    pub start: &'a Start,
    pub group: &'a Group,
    pub domain: &'a Domain,
    pub looks: Looks,
    /// How often a factor may fail before one failure more makes no difference.
    pub cap: u32,
}

/// The facts that say whether an account can prove what a plan asks for.
pub(super) fn abilities(plan: &Plan) -> BTreeSet<Fact> {
    plan.atoms().iter().filter_map(ability).collect()
}

fn ability(atom: &Atom) -> Option<Fact> {
    match atom {
        Atom::Factor(Factor::Password) => Some(Fact::HasPassword),
        Atom::Factor(Factor::Email) => Some(Fact::Email),
        Atom::Factor(Factor::Voice | Factor::Channel(_)) => Some(Fact::Phone),
        Atom::Factor(Factor::RecoveryCode) => Some(Fact::HasRecoveryCodes),
        Atom::Factor(Factor::Totp) => Some(Fact::HasOtherDevices),
        Atom::Factor(Factor::Resync) => Some(Fact::Device),
        Atom::Factor(Factor::Contact) => Some(Fact::HasContacts),
        Atom::Factor(Factor::Approval | Factor::Pass) | Atom::Approvals(_) => None,
    }
}

/// What an account would need to prove this, if it has it not.
pub(super) fn lacks(start: &Start, atom: &Atom) -> Option<&'static str> {
    let account = &start.facts.account;
    let (has, what) = match ability(atom)? {
        Fact::HasPassword => (account.has.password, "password"),
        Fact::Email => (account.email.is_some(), "e-mail address"),
        Fact::Phone => (account.phone.is_some(), "phone number"),
        Fact::HasRecoveryCodes => (account.has.recovery_codes, "recovery code"),
        Fact::HasOtherDevices => (account.has.other_devices, "other device"),
        Fact::Device => (start.facts.device.is_some(), "device"),
        _ => (account.has.contacts, "recovery contact"),
    };
    (!has).then_some(what)
}

/// Everything that can happen next.
pub(super) fn moves(journey: &Journey, terrain: &Terrain<'_>) -> Vec<Move> {
    let case = &journey.case;
    let mut moves = Vec::new();
    match &case.state {
        State::Proving => {
            for atom in case.open_atoms() {
                match atom {
                    Atom::Factor(Factor::Approval) | Atom::Approvals(_) => moves.extend(approval(case)),
                    Atom::Factor(factor) => factor_moves(journey, &factor, terrain, &mut moves),
                }
            }
            moves.extend(next_age(journey, terrain).map(Move::other));
            moves.push(Move::aside(Action::AskSupport));
            moves.push(Move::aside(Action::Deny(STAFF[0].to_owned())));
        }
        State::Held { until, .. } => {
            moves.push(Move::natural(vec![Action::Wait(until.since(journey.now))]));
            moves.push(Move::aside(Action::Deny(STAFF[0].to_owned())));
        }
        State::Escalated { .. } => {
            let resolutions = [Resolution::Pass, Resolution::Reset, Resolution::Deny];
            moves.extend(resolutions.map(|resolution| Move::natural(vec![Action::Resolve(resolution)])));
        }
        State::Recovered { tasks, .. } => {
            let next = tasks.iter().next().map(|task| match task {
                Task::SignIn => Action::SignIn,
                Task::ChangePassword => Action::ChangePassword,
                Task::Enroll => Action::Enroll,
            });
            moves.extend(next.map(|action| Move::natural(vec![action])));
        }
        State::Completed { .. }
        | State::Denied { .. }
        | State::Vetoed
        | State::Cancelled
        | State::Expired => {
            return moves;
        }
    }
    if !matches!(case.state, State::Held { .. }) {
        moves.push(Move::aside(Action::Wait(case.expires_at.since(journey.now))));
    }
    if !matches!(case.state, State::Recovered { .. }) {
        moves.push(Move::aside(Action::Cancel));
    }
    moves.push(Move::aside(Action::Veto));
    moves
}

fn approval(case: &Case) -> Option<Move> {
    let next = STAFF.iter().find(|name| !case.approvals.iter().any(|given| given == *name))?;
    Some(Move::natural(vec![Action::Approve((*next).to_owned())]))
}

fn factor_moves(journey: &Journey, factor: &Factor, terrain: &Terrain<'_>, moves: &mut Vec<Move>) {
    let track = journey.case.tracks.get(factor);
    if track.is_some_and(|track| !track.is_possible(journey.now)) {
        return;
    }
    let is_message = factor.channel().is_some() && *factor != Factor::Voice;
    let to_the_end = track.is_some_and(|track| track.failed >= terrain.cap);
    if lacks(terrain.start, &Atom::Factor(factor.clone())).is_some() {
        // Asking for a message to nowhere fails at once; who has no password has nothing to type.
        let action = match factor.channel() {
            Some(_) => Move::natural(vec![Action::Send(factor.clone())]),
            None => Move::other(Action::Fail(factor.clone(), Disposition::WrongCode)),
        };
        moves.push(Move { repeats: to_the_end, ..action });
        return;
    }
    let has_failed = track.and_then(|track| track.disposition).is_some_and(|how| how.is_failure());
    let mut actions = Vec::new();
    if is_message && has_failed {
        actions.push(Action::Send(factor.clone()));
    }
    actions.push(Action::Prove(factor.clone()));
    moves.push(Move::natural(actions));
    let last = last_failed(&journey.case, journey);
    if !terrain.looks.failures && last.is_some_and(|last| last != factor) {
        return;
    }
    let repeats = to_the_end || !terrain.looks.failures && last.is_none() && has_spent(journey);
    for disposition in dispositions(factor, terrain.looks.disposition && !repeats) {
        let action = Move::other(Action::Fail(factor.clone(), disposition));
        moves.push(Move { repeats, ..action });
    }
}

/// The factor that has failed last and can still be proven. Where the policy does not look at what failed before, one
/// factor's failures cannot matter to another's, so only those of the last one are counted, and no other factor fails
/// while they are: its failures are counted on their own.
pub(super) fn last_failed<'a>(case: &'a Case, journey: &Journey) -> Option<&'a Factor> {
    let counts = |factor: &&Factor| {
        let asked =
            case.plan.as_ref().is_some_and(|plan| plan.atoms().contains(&Atom::Factor((*factor).clone())));
        let is_possible = case.tracks.get(*factor).is_some_and(|track| track.is_possible(journey.now));
        asked && is_possible && !case.proven.contains(factor)
    };
    case.failures.iter().rev().map(|failure| &failure.factor).find(counts)
}

/// Whether a factor that is asked for cannot be tried any more. From there on, other factors are only tried until
/// they cannot be either: how they fail step by step is seen where nothing is spent.
fn has_spent(journey: &Journey) -> bool {
    let case = &journey.case;
    let is_spent = |atom: &Atom| match atom {
        Atom::Factor(factor) if !case.holds(atom) => {
            case.tracks.get(factor).is_some_and(|track| !track.is_possible(journey.now))
        }
        Atom::Factor(_) | Atom::Approvals(_) => false,
    };
    case.plan.as_ref().is_some_and(|plan| plan.atoms().iter().any(is_spent))
}

/// How a factor can fail: where nobody tells them apart, only one of those that leave tries, and one that takes them.
fn dispositions(factor: &Factor, all: bool) -> Vec<Disposition> {
    use Disposition as D;
    let is_call = |disposition: &D| {
        matches!(
            disposition,
            D::Busy | D::NoAnswer | D::Declined | D::NoInput | D::WrongDigits | D::HungUp | D::MaxDuration
        ) || matches!(
            disposition,
            D::TrunkAuth | D::TrunkForbidden | D::MediaNegotiation | D::DtmfUnsupported
        )
    };
    let first = match factor {
        Factor::Voice => D::NoAnswer,
        factor if factor.channel().is_none() => D::WrongCode,
        _ => D::Rejected,
    };
    let can_be = |disposition: &D| match factor {
        _ if !disposition.is_failure() => false,
        Factor::Voice => !matches!(disposition, D::WrongCode | D::InvalidAddress),
        factor if factor.channel().is_none() => *disposition == D::WrongCode,
        Factor::Email | Factor::Contact => !is_call(disposition) && *disposition != D::InvalidNumber,
        _ => !is_call(disposition),
    };
    let spends = |disposition: D| matches!(disposition, D::WrongCode | D::WrongDigits);
    let others = D::ALL
        .iter()
        .copied()
        .filter(|disposition| (all || spends(*disposition)) && *disposition != first && can_be(disposition));
    [first].into_iter().chain(others).collect()
}

/// The wait until the next time on file is as old as the policy asks, where it asks for ages.
fn next_age(journey: &Journey, terrain: &Terrain<'_>) -> Option<Action> {
    if !terrain.looks.now {
        return None;
    }
    let left = journey.case.expires_at.since(journey.now).as_secs();
    let ages = elapsed(terrain.group, journey).flat_map(|age| {
        terrain.domain.durations().flat_map(move |duration| {
            [duration, duration.saturating_add(1)].into_iter().filter_map(move |mark| mark.checked_sub(age))
        })
    });
    let next = ages.filter(|wait| *wait > 0 && *wait < left).min()?;
    Some(Action::Wait(std::time::Duration::from_secs(next)))
}
