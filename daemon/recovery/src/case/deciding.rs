//! Deciding: the policy is asked, its verdict is held against the floor, and the case follows.
//!
//! Whatever goes wrong here ends with people, never with somebody inside.

use super::apply::Turn;
use super::{Standing, State};
use crate::command::Command;
use crate::disposition::Disposition;
use crate::factor::Factor;
use crate::facts::{Failure, Hook, Question};
use crate::limits::{LONGEST_ENROLLMENT, LONGEST_HOLD, LONGEST_RETRY_WAIT};
use crate::plan::{Atom, Plan};
use crate::verdict::{Outcome, Verdict};

/// Who gets a case that no policy could decide.
const SUPPORT: &str = "support";

impl Turn<'_> {
    /// Asks the policy one question; an answer that does not fit the hook is none.
    pub(super) fn ask(&mut self, hook: Hook, factor: Option<Factor>, failure: Option<Failure>) -> Verdict {
        let question = Question {
            hook,
            case: self.case.id.handle(),
            reason: self.case.reason,
            facts: self.case.facts.clone(),
            proven: self.case.proven.clone(),
            failures: self.case.failures.clone(),
            factor,
            failure,
            now: self.moment.now,
        };
        let verdict = self.moment.policy.decide(&question);
        if verdict.fits(hook) {
            return verdict;
        }
        Verdict::Unable { cause: format!("the verdict does not fit the hook `{}`", hook.as_str()) }
    }

    /// Follows the verdict of `open`.
    pub(super) fn plan_by(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Prove { plan } => self.set_plan(plan),
            other => self.give_up_by(other),
        }
    }

    /// A factor is proven.
    pub(super) fn proved(&mut self, factor: &Factor) {
        // A call whose digits were right says goodbye by itself; its challenge is over all the same.
        if let Some(challenge) = self.challenge_mut(factor) {
            challenge.end();
        }
        // A plan may ask for approvals in two places; a policy that counts what is proven must see one.
        if !self.case.proven.contains(factor) {
            self.case.proven.push(factor.clone());
        }
        self.record("factor_proven", vec![("factor", factor.to_string())]);
        self.command(Command::ClearFailures(factor.clone()));
        self.ask_for_more(factor);
    }

    /// Asks whether what is proven is enough, and goes on if it is.
    pub(super) fn ask_for_more(&mut self, factor: &Factor) {
        match self.ask(Hook::Proved, Some(factor.clone()), None) {
            Verdict::Nothing => self.advance(),
            Verdict::Prove { plan: more } => {
                let plan =
                    self.case.plan.take().map_or_else(|| more.clone(), |plan| plan.and_then(more.clone()));
                self.set_plan(plan);
                if self.case.state == State::Proving {
                    self.advance();
                }
            }
            other => self.give_up_by(other),
        }
    }

    /// A delivery did not arrive, or a challenge was lost.
    pub(super) fn failed(&mut self, factor: &Factor, disposition: Disposition) {
        let now = self.moment.now;
        let track = self.track(factor);
        track.failed += 1;
        track.disposition = Some(disposition);
        let lost = disposition == Disposition::WrongCode || *factor == Factor::Voice;
        if lost && let Some(challenge) = track.challenge.as_mut() {
            challenge.end();
        }
        let failure = Failure { factor: factor.clone(), disposition, count: track.failed, at: now };
        let possible = track.is_possible(now);
        self.case.failures.push(failure.clone());
        self.record(
            "factor_failed",
            vec![
                ("factor", factor.to_string()),
                ("disposition", disposition.as_str().to_owned()),
                ("count", failure.count.to_string()),
            ],
        );
        match self.ask(Hook::Failed, None, Some(failure)) {
            Verdict::Retry { after, next_number } if possible => {
                let track = self.track(factor);
                track.number += u32::from(next_number);
                track.start_after = track.start_after.max(now.plus(after.min(LONGEST_RETRY_WAIT)));
            }
            Verdict::Retry { .. } if self.can_do_without(factor) => {}
            Verdict::Retry { .. } => {
                self.escalate(
                    SUPPORT.to_owned(),
                    format!("{factor} was tried as often as a recovery allows"),
                );
            }
            other => self.give_up_by(other),
        }
    }

    /// Goes on to the outcome once the plan is satisfied.
    pub(super) fn advance(&mut self) {
        let Some(plan) = self.case.plan.clone() else { return };
        self.call_off_closed();
        // No proof of an unknown account is ever right; this line stands even if another one should let it through.
        let real = self.case.standing == Standing::Known;
        if self.case.state != State::Proving || !real || !plan.satisfied(&|atom| self.case.holds(atom)) {
            return;
        }
        // The plan was held against the floor when it was made; what was proven is held against it again.
        let proven = plan.atoms().into_iter().filter(|atom| self.case.holds(atom)).collect();
        if !self.moment.rules.assurance.admits(&proven) {
            self.unable("what was proven is below the floor".to_owned());
            return;
        }
        match self.ask(Hook::Recovered, None, None) {
            Verdict::Outcome(outcome) => match check_outcome(&outcome) {
                Ok(()) => self.hold_or_recover(outcome),
                Err(cause) => self.unable(cause.to_owned()),
            },
            other => self.give_up_by(other),
        }
    }

    pub(super) fn escalate(&mut self, to: String, because: String) {
        self.call_off_deliveries();
        self.record("escalated", vec![("to", to.clone()), ("because", because.clone())]);
        self.case.expires_at = self.moment.now.plus(self.moment.rules.escalated_for);
        self.case.state = State::Escalated { to, because };
    }

    pub(super) fn deny(&mut self, because: String) {
        self.record("denied", vec![("because", because.clone())]);
        self.end(State::Denied { because });
    }

    fn set_plan(&mut self, plan: Plan) {
        let checked = plan.check().map_err(|error| error.to_string());
        let floor = self.moment.rules.assurance;
        match checked.and_then(|()| floor.check(&plan).map_err(|error| error.to_string())) {
            Ok(()) => {
                let steps: Vec<String> = plan.atoms().iter().map(ToString::to_string).collect();
                self.record("plan_set", vec![("factors", steps.join(" "))]);
                self.case.plan = Some(plan);
            }
            Err(cause) => self.unable(cause),
        }
    }

    /// Follows a verdict that ends the proving.
    fn give_up_by(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Escalate { to, because } => self.escalate(to, because),
            Verdict::Deny { because } => self.deny(because),
            Verdict::Unable { cause } => self.unable(cause),
            Verdict::Prove { .. } | Verdict::Retry { .. } | Verdict::Outcome(_) | Verdict::Nothing => {
                self.unable("the verdict does not fit the hook".to_owned());
            }
        }
    }

    fn unable(&mut self, cause: String) {
        self.policy_failed(cause.clone());
        self.escalate(SUPPORT.to_owned(), cause);
    }

    pub(super) fn policy_failed(&mut self, cause: String) {
        self.record("policy_failed", vec![("cause", cause)]);
        self.command(Command::RaiseAlert("policy_failed"));
    }

    /// Whether the plan can still be satisfied although this factor cannot be proven any more.
    fn can_do_without(&self, factor: &Factor) -> bool {
        let now = self.moment.now;
        let possible = |atom: &Atom| match atom {
            Atom::Factor(other) => {
                let track = self.case.tracks.get(other);
                self.case.holds(atom) || other != factor && track.is_none_or(|track| track.is_possible(now))
            }
            Atom::Approvals(_) => true,
        };
        self.case.plan.as_ref().is_some_and(|plan| plan.satisfied(&possible))
    }
}

pub(super) fn check_outcome(outcome: &Outcome) -> Result<(), &'static str> {
    if outcome.hold.is_some_and(|hold| hold > LONGEST_HOLD) {
        return Err("the outcome's hold is longer than 30 days");
    }
    if outcome.enroll_within.is_some_and(|within| within > LONGEST_ENROLLMENT || within.is_zero()) {
        return Err("the outcome's enroll_within is zero or longer than 90 days");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Reason;
    use crate::case::{Addresses, Case, Moment, Opening};
    use crate::facts::{AccountFacts, Client, Facts, Has, History};
    use crate::id::{AccountId, CaseId, PolicyVersion};
    use crate::rules::Rules;
    use crate::secret::Seed;
    use crate::time::Timestamp;

    fn opening(standing: Standing) -> Opening {
        let id = AccountId::parse("alice").expect("an id");
        let account = AccountFacts {
            id: id.clone(),
            realm: String::new(),
            kind: String::new(),
            groups: Vec::new(),
            attributes: std::collections::BTreeMap::new(),
            created_at: Timestamp::default(),
            email: None,
            phone: None,
            has: Has::default(),
        };
        Opening {
            id: CaseId::from_random([1; 16]),
            account: id,
            standing,
            reason: Reason::Lost,
            policy: PolicyVersion::parse("v1").expect("a version"),
            facts: Facts { account, device: None, client: Client::default(), history: History::default() },
            addresses: Addresses::default(),
            device: None,
            browser: None,
        }
    }

    /// No event proves anything in a decoy; should one ever do, the outcome is still out of reach.
    #[test]
    fn a_decoy_does_not_go_on_even_if_something_were_proven() {
        for (standing, asked) in [(Standing::Known, true), (Standing::Decoy, false)] {
            let (rules, mut recovered) = (Rules::default(), false);
            let mut policy = |question: &Question| {
                recovered |= question.hook == Hook::Recovered;
                Verdict::Prove { plan: Plan::Factor(Factor::Pass) }
            };
            let now = Timestamp::default();
            let moment = Moment { now, seed: Seed::new([0; 32]), rules: &rules, policy: &mut policy };
            let mut case = Case::open(opening(standing), moment).case;
            case.proven.push(Factor::Pass);
            let moment = Moment { now, seed: Seed::new([1; 32]), rules: &rules, policy: &mut policy };
            Turn::new(case, moment).advance();
            assert_eq!(recovered, asked, "{standing:?}");
        }
    }
}
