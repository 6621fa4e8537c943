//! The policy as a walk asks it: each answer may part the group.

use std::collections::BTreeSet;

use readmit_recovery::disposition::Disposition;
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{Failure, Hook, Question};
use readmit_recovery::verdict::Verdict;

use super::domain::Domain;
use super::group::Group;
use super::looks::Looks;
use super::memo::Memo;
use super::moves::Move;
use super::walk::Ground;
use crate::fact::Fact;
use crate::workbench::{Action, Journey};

/// The group that is walked, and those that were parted from it.
pub(super) struct Fork {
    pub group: Group,
    pub siblings: Vec<Group>,
    pub looks: Looks,
    /// Whether something is looked at that was thought not to matter.
    pub is_news: bool,
}

impl Fork {
    /// These facts have been looked at.
    pub fn look(&mut self, facts: &BTreeSet<Fact>, domain: &Domain) {
        self.group.look(facts, domain, &mut self.siblings);
        self.is_news |= self.looks.add(facts);
    }

    /// Answers a question; that of the opening is answered already.
    pub fn decide(&mut self, ground: &Ground<'_>, memo: &mut Memo, question: &Question) -> Verdict {
        if question.hook == Hook::Open {
            return (*self.group.verdict).clone();
        }
        let Some(class) = self.group.first() else {
            return Verdict::Unable { cause: "there is no such case".to_owned() };
        };
        let (verdict, facts) = memo.decide(ground.set, class, question);
        self.look(&facts, ground.domain);
        verdict
    }

    /// Whether a factor that fails like this gets the same answer, but for its words, as in one that is known.
    pub fn is_known_failure(
        &mut self,
        ground: &Ground<'_>,
        memo: &mut Memo,
        one: &Move,
        journey: &Journey,
        known: &mut Failures,
    ) -> bool {
        let [Action::Fail(factor, disposition)] = one.actions.as_slice() else { return false };
        if self.looks.now || self.looks.failures {
            return false;
        }
        let mut question = match known.question.take() {
            Some(question) if question.failure.as_ref().is_some_and(|failure| failure.factor == *factor) => {
                question
            }
            Some(_) | None => failing(journey, factor, *disposition),
        };
        // What failed before is not looked at, so it may be left out.
        if let Some(failure) = &mut question.failure {
            failure.disposition = *disposition;
        }
        let verdict = match self.decide(ground, memo, &question) {
            Verdict::Escalate { to, .. } => Verdict::Escalate { to, because: String::new() },
            Verdict::Deny { .. } => Verdict::Deny { because: String::new() },
            other => other,
        };
        known.question = Some(question);
        let takes_tries = matches!(disposition, Disposition::WrongCode | Disposition::WrongDigits);
        let failed = (factor.clone(), takes_tries, verdict);
        let is_known = known.answers.contains(&failed);
        if !is_known {
            known.answers.push(failed);
        }
        is_known
    }
}

/// How factors fail in one state, and what the policy says to it.
#[derive(Default)]
pub(super) struct Failures {
    answers: Vec<(Factor, bool, Verdict)>,
    /// The last question, to be asked again with another disposition.
    question: Option<Question>,
}

/// The question that is asked when a factor fails next.
fn failing(journey: &Journey, factor: &Factor, disposition: Disposition) -> Question {
    let case = &journey.case;
    let count = case.tracks.get(factor).map_or(0, |track| track.failed) + 1;
    Question {
        hook: Hook::Failed,
        case: case.id.handle(),
        reason: case.reason,
        facts: case.facts.clone(),
        proven: case.proven.clone(),
        failures: Vec::new(),
        factor: None,
        failure: Some(Failure { factor: factor.clone(), disposition, count, at: journey.now }),
        now: journey.now,
    }
}
