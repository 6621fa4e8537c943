//! The courses that one case can take, walked through the real core: every way to satisfy its plan, and every factor
//! failing until something else happens.

use std::collections::BTreeSet;
use std::time::Duration;

use readmit_recovery::case::State;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::id::PolicyVersion;
use readmit_recovery::plan::{Atom, Plan};
use readmit_recovery::rules::Rules;
use readmit_recovery::verdict::{Outcome, Verdict};

use super::action::Action;
use super::journey::{Journey, Stuck};
use super::start::Start;
use crate::limits::{MAX_STEPS_OF_A_WAY, MAX_WAYS_WALKED};

/// One answer, with what the walk wants to know of it.
pub(super) struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the policy looked at how a factor failed.
    pub by_disposition: bool,
}

/// The courses that one case can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Course {
    /// Where the opening led, if not to a plan.
    pub ended: Option<End>,
    /// The plan.
    pub plan: Option<Plan>,
    /// What follows when factors fail.
    pub failures: Vec<Failing>,
    /// The ways to satisfy the plan.
    pub ways: Vec<Way>,
}

/// What follows when one factor fails again and again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Failing {
    pub factor: Factor,
    pub disposition: Disposition,
    /// The verdicts on the first failure, the second and so on.
    pub verdicts: Vec<Failed>,
}

/// What follows one failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failed {
    Again(Duration),
    People(String),
    Denied,
}

/// One way to satisfy the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// What is proven, by the first plan.
    pub set: BTreeSet<Atom>,
    /// What is asked for in the end, where more was asked for on the way.
    pub plan: Option<Plan>,
    /// Where it leads.
    pub end: End,
}

/// Where a case ends up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    People {
        to: String,
        because: String,
    },
    Denied {
        because: String,
    },
    Recovered(Outcome),
    /// Something cannot be proven at all, as there is nothing on file for it.
    Stuck(Atom),
}

/// Walks every course of the case that opens like `start`; each factor fails up to `failures` times.
pub(super) fn walk(
    start: &Start,
    version: &PolicyVersion,
    rules: &Rules,
    failures: u32,
    ask: &mut dyn FnMut(&Question) -> Answer,
) -> Course {
    let mut walk = Walk { rules, failures, ask };
    let mut policy = |question: &Question| (walk.ask)(question).verdict;
    let (journey, _) = Journey::open(start, version, rules, &mut policy);
    let plan = journey.case.plan.clone().filter(|_| journey.case.state == State::Proving);
    let Some(plan) = plan else {
        return Course { ended: end_of(&journey), plan: None, failures: Vec::new(), ways: Vec::new() };
    };
    let mut course = Course { ended: None, plan: Some(plan.clone()), failures: Vec::new(), ways: Vec::new() };
    for set in plan.minimal_sets().into_iter().take(MAX_WAYS_WALKED) {
        walk.way(journey.clone(), &plan, set, &mut course);
    }
    course
}

struct Walk<'a> {
    rules: &'a Rules,
    failures: u32,
    ask: &'a mut dyn FnMut(&Question) -> Answer,
}

/// What the policy said to one action.
#[derive(Default)]
struct Said {
    failed: Option<Verdict>,
    by_disposition: bool,
}

impl Walk<'_> {
    /// Proves one set of factors, in the order of the plan, and lets each of them fail before.
    fn way(&mut self, mut journey: Journey, plan: &Plan, set: BTreeSet<Atom>, course: &mut Course) {
        let first: Vec<Atom> = plan.atoms();
        for _ in 0..MAX_STEPS_OF_A_WAY {
            let open = journey.case.open_atoms();
            let asked = journey.case.plan.as_ref().map(Plan::atoms).unwrap_or_default();
            // What is asked for on the way is proven too.
            let wanted =
                |atom: &&Atom| open.contains(*atom) && (set.contains(*atom) || !first.contains(*atom));
            let Some(atom) = asked.iter().find(wanted) else { break };
            if let Atom::Factor(factor) = atom
                && !course.failures.iter().any(|failing| failing.factor == *factor)
            {
                self.failing(&journey, factor, course);
            }
            if self.prove(&mut journey, atom).is_err() {
                course.ways.push(Way { set, plan: None, end: End::Stuck(atom.clone()) });
                return;
            }
            if journey.case.state != State::Proving {
                break;
            }
        }
        if let Some(end) = end_of(&journey) {
            let plan = journey.case.plan.filter(|now| now != plan);
            course.ways.push(Way { set, plan, end });
        }
    }

    fn prove(&mut self, journey: &mut Journey, atom: &Atom) -> Result<(), Stuck> {
        let number = match atom {
            Atom::Approvals(number) => usize::from(*number),
            Atom::Factor(Factor::Approval) => 1,
            Atom::Factor(factor) => return self.act(journey, &Action::Prove(factor.clone())).map(drop),
        };
        while journey.case.state == State::Proving && journey.case.approvals.len() < number {
            let name = format!("colleague-{}", journey.case.approvals.len() + 1);
            self.act(journey, &Action::Approve(name))?;
        }
        Ok(())
    }

    fn failing(&mut self, journey: &Journey, factor: &Factor, course: &mut Course) {
        if *factor == Factor::Approval {
            return;
        }
        let usual = match factor {
            Factor::Voice => Disposition::NoAnswer,
            factor if factor.channel().is_some() => Disposition::Unreachable,
            _ => Disposition::WrongCode,
        };
        let (verdicts, by_disposition) = self.fail(journey, factor, usual, self.failures);
        course.failures.push(Failing { factor: factor.clone(), disposition: usual, verdicts });
        if !by_disposition || factor.channel().is_none() {
            return;
        }
        for other in Disposition::ALL.iter().copied().filter(|other| *other != usual && fits(*other, factor))
        {
            let (verdicts, _) = self.fail(journey, factor, other, 1);
            course.failures.push(Failing { factor: factor.clone(), disposition: other, verdicts });
        }
    }

    /// Lets a factor fail up to so many times, waiting in between.
    fn fail(
        &mut self,
        journey: &Journey,
        factor: &Factor,
        disposition: Disposition,
        times: u32,
    ) -> (Vec<Failed>, bool) {
        let mut journey = journey.clone();
        let (mut verdicts, mut by_disposition) = (Vec::new(), false);
        let action = Action::Fail(factor.clone(), disposition);
        for _ in 0..times {
            let said = match self.act(&mut journey, &action) {
                Err(Stuck::TooSoon { seconds }) => {
                    let waited = self.act(&mut journey, &Action::Wait(Duration::from_secs(seconds)));
                    if waited.is_err() || journey.case.state != State::Proving {
                        break;
                    }
                    self.act(&mut journey, &action)
                }
                said => said,
            };
            let Ok(said) = said else { break };
            by_disposition |= said.by_disposition;
            match (said.failed, &journey.case.state) {
                (_, State::Escalated { to, .. }) => verdicts.push(Failed::People(to.clone())),
                (_, State::Denied { .. }) => verdicts.push(Failed::Denied),
                (Some(Verdict::Retry { after, .. }), _) => {
                    verdicts.push(Failed::Again(after));
                    continue;
                }
                _ => {}
            }
            break;
        }
        (verdicts, by_disposition)
    }

    fn act(&mut self, journey: &mut Journey, action: &Action) -> Result<Said, Stuck> {
        let mut said = Said::default();
        let ask = &mut self.ask;
        let mut policy = |question: &Question| {
            let answer = ask(question);
            if question.hook == Hook::Failed {
                said.failed = Some(answer.verdict.clone());
                said.by_disposition |= answer.by_disposition;
            }
            answer.verdict
        };
        journey.act(action, self.rules, &mut policy).map(drop)?;
        Ok(said)
    }
}

/// Whether a factor can fail like this.
fn fits(disposition: Disposition, factor: &Factor) -> bool {
    use Disposition as D;
    match disposition {
        D::Sent | D::Entered | D::Reported => false,
        D::WrongCode => *factor != Factor::Voice,
        D::Busy
        | D::NoAnswer
        | D::Declined
        | D::NoInput
        | D::WrongDigits
        | D::HungUp
        | D::TrunkAuth
        | D::TrunkForbidden
        | D::MediaNegotiation
        | D::DtmfUnsupported
        | D::MaxDuration => *factor == Factor::Voice,
        D::InvalidNumber => factor.channel() != Some("email"),
        D::InvalidAddress => *factor != Factor::Voice,
        D::Rejected
        | D::Unreachable
        | D::Blocked
        | D::ProviderError
        | D::Cancelled
        | D::Interrupted
        | D::Expired => true,
    }
}

fn end_of(journey: &Journey) -> Option<End> {
    match &journey.case.state {
        State::Escalated { to, because } => Some(End::People { to: to.clone(), because: because.clone() }),
        State::Denied { because } => Some(End::Denied { because: because.clone() }),
        state => state.outcome().cloned().map(End::Recovered),
    }
}
