//! What it means that one question gets another verdict than before.
//!
//! The measure is what somebody who is not the owner of an account would have to overcome. A verdict is *weaker*
//! where it lets in anybody whom the one before would not have let in, or lets them in sooner, or leaves them more:
//!
//! - A plan is weaker if a set of factors is enough for it that was not enough before ([`Plan::minimal_sets`]), and
//!   stronger if a set that was enough no longer is. Where both hold, as when one factor takes the place of another,
//!   it counts as weaker: which of two factors is better is not for this comparison to say.
//! - Whoever may go on by themselves, where people decided before, finds it weaker; a denial is stronger than people
//!   deciding.
//! - An outcome is weaker with a shorter hold or none, without a forced change of password, with sessions left open,
//!   with the device kept, or with more time to enroll a new one, or none set.
//! - A retry is weaker with a shorter wait.
//!
//! A policy that gives no verdict lets nobody in, for the case goes to support: that is never weaker, but it is
//! *failing*, and listed as such. Where the verdict before was none, what comes instead is held against support.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use readmit_recovery::facts::Hook;
use readmit_recovery::limits::{LONGEST_ENROLLMENT, LONGEST_HOLD, LONGEST_RETRY_WAIT};
use readmit_recovery::plan::{Atom, Plan};
use readmit_recovery::rules::Rules;
use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};

use super::words;
use crate::limits::MAX_WAYS_TOLD;

/// What a change does to the lock on the door. They are in the order in which they are told: what matters most
/// comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Somebody may get in who did not before, or sooner, or to more.
    Weaker,
    /// The policy gives no verdict where it gave one, so that the case goes to support.
    Failing,
    /// Somebody may not get in who did before, or later, or to less.
    Stronger,
    /// Neither: another order, another addressee, other words.
    Other,
    /// No change.
    Same,
}

impl Effect {
    /// Every effect, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Weaker, Self::Failing, Self::Stronger, Self::Other, Self::Same];

    /// The word for it in JSON and on the bus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weaker => "weaker",
            Self::Failing => "failing",
            Self::Stronger => "stronger",
            Self::Other => "other",
            Self::Same => "same",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One thing that is not as it was, in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difference {
    /// What it does.
    pub effect: Effect,
    /// What it is, as the rest of a sentence about a case: `asks for email no longer`.
    pub words: String,
}

/// How a verdict has changed. It prints as its words, the weightiest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    differences: Vec<Difference>,
}

impl Change {
    /// Compares two answers to one question. Both must be such as [`as_followed`] gives back, or plans may be larger
    /// than can be compared in good time.
    #[must_use]
    pub fn between(before: &Verdict, after: &Verdict) -> Self {
        let mut change = Self::default();
        if before != after {
            change.compare(before, after);
            change.differences.sort_by_key(|difference| difference.effect);
        }
        change
    }

    /// The weightiest effect; a verdict that is weaker in one way and stronger in another is weaker.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.differences.first().map_or(Effect::Same, |difference| difference.effect)
    }

    /// Whether nothing has changed.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// Everything that is not as it was, the weightiest first.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    fn tell(&mut self, effect: Effect, words: impl Into<String>) {
        self.differences.push(Difference { effect, words: words.into() });
    }

    fn compare(&mut self, before: &Verdict, after: &Verdict) {
        use Verdict as V;
        match (before, after) {
            (V::Unable { .. }, V::Unable { cause }) => {
                self.tell(Effect::Other, format!("still fails, for another cause: {cause}"));
            }
            (_, V::Unable { cause }) => {
                self.tell(Effect::Failing, format!("fails in the policy: {cause}"));
            }
            (V::Prove { plan: before }, V::Prove { plan: after }) => self.plans(before, after),
            (V::Nothing, V::Prove { plan }) => {
                self.tell(Effect::Stronger, format!("asks for {} too", words::plan(plan)));
            }
            (V::Prove { plan }, V::Nothing) => {
                self.tell(Effect::Weaker, format!("asks for {} no longer", words::plan(plan)));
            }
            (V::Retry { after: before, next_number: was }, V::Retry { after, next_number: is }) => {
                self.retries((*before, *was), (*after, *is));
            }
            (V::Outcome(before), V::Outcome(after)) => self.outcomes(before, after),
            (V::Escalate { to: before, .. }, V::Escalate { to: after, .. }) if before == after => {
                self.tell(Effect::Other, format!("still goes to {after}, for another reason"));
            }
            (V::Escalate { to: before, .. }, V::Escalate { to: after, .. }) => {
                self.tell(Effect::Other, format!("goes to {after} instead of {before}"));
            }
            (V::Deny { .. }, V::Deny { .. }) => {
                self.tell(Effect::Other, "is still denied, for another reason");
            }
            _ => self.kinds(before, after),
        }
    }

    /// Verdicts of different kinds: what counts is who decides.
    fn kinds(&mut self, before: &Verdict, after: &Verdict) {
        let effect = match strictness(after).cmp(&strictness(before)) {
            std::cmp::Ordering::Less => Effect::Weaker,
            std::cmp::Ordering::Equal => Effect::Other,
            std::cmp::Ordering::Greater => Effect::Stronger,
        };
        self.tell(effect, format!("{} instead of {}", does(after), doing(before)));
    }

    fn plans(&mut self, before: &Plan, after: &Plan) {
        let (was, is) = (before.minimal_sets(), after.minimal_sets());
        let suffices = |plan: &Plan, set: &BTreeSet<Atom>| plan.satisfied(&|atom| words::holds(set, atom));
        let gained: Vec<_> = is.iter().filter(|set| !suffices(before, set)).collect();
        let lost: Vec<_> = was.iter().filter(|set| !suffices(after, set)).collect();
        if gained.is_empty() && lost.is_empty() {
            self.tell(Effect::Other, format!("asks for the same in another order: {}", words::plan(after)));
            return;
        }
        if let ([was], [is]) = (was.as_slice(), is.as_slice()) {
            let effect = if gained.is_empty() { Effect::Stronger } else { Effect::Weaker };
            self.tell(effect, exchanged(was, is));
            return;
        }
        let sides =
            [(Effect::Weaker, gained, "enough now"), (Effect::Stronger, lost, "not enough any longer")];
        for (effect, sets, how) in sides {
            for set in sets.iter().take(MAX_WAYS_TOLD) {
                let be = if set.len() == 1 { "alone is" } else { "are" };
                self.tell(effect, format!("{} {be} {how}", words::atoms(set.iter())));
            }
            if let Some(more) = sets.len().checked_sub(MAX_WAYS_TOLD).filter(|more| *more > 0) {
                let be = if more == 1 { "is" } else { "are" };
                self.tell(effect, format!("{} {be} {how}", words::counted(more as u64, "other way")));
            }
        }
    }

    fn retries(&mut self, (before, was_next): (Duration, bool), (after, is_next): (Duration, bool)) {
        match (was_next, is_next) {
            (false, true) => self.tell(Effect::Other, "goes on with the next number on file"),
            (true, false) => self.tell(Effect::Other, "stays with the number that was called"),
            (true, true) | (false, false) => {}
        }
        if before == after {
            return;
        }
        let (was, is) = (before.min(LONGEST_RETRY_WAIT), after.min(LONGEST_RETRY_WAIT));
        let effect = if is < was {
            Effect::Weaker
        } else if is > was {
            Effect::Stronger
        } else {
            Effect::Other
        };
        let (was, is) = (words::span(before), words::span(after));
        self.tell(effect, format!("may be tried again after {is} instead of {was}"));
    }

    fn outcomes(&mut self, before: &Outcome, after: &Outcome) {
        self.holds(before.hold.unwrap_or_default(), after.hold.unwrap_or_default());
        match (before.device, after.device) {
            (DeviceFate::Deactivate, DeviceFate::Keep) => {
                self.tell(Effect::Weaker, "keeps the device instead of deactivating it");
            }
            (DeviceFate::Keep, DeviceFate::Deactivate) => {
                self.tell(Effect::Stronger, "deactivates the device instead of keeping it");
            }
            (DeviceFate::Deactivate, DeviceFate::Deactivate) | (DeviceFate::Keep, DeviceFate::Keep) => {}
        }
        let flags = [
            (before.force_password_change, after.force_password_change, "forces a change of password"),
            (before.revoke_sessions, after.revoke_sessions, "ends every session"),
        ];
        for (was, is, words) in flags {
            match (was, is) {
                (true, false) => self.tell(Effect::Weaker, format!("no longer {words}")),
                (false, true) => self.tell(Effect::Stronger, words),
                (true, true) | (false, false) => {}
            }
        }
        self.enrollments(before.enroll_within, after.enroll_within);
    }

    fn holds(&mut self, was: Duration, is: Duration) {
        let (long_ago, now) = (words::span(was), words::span(is));
        match (was.is_zero(), is.is_zero()) {
            _ if was == is => {}
            (_, true) => self.tell(Effect::Weaker, format!("is no longer held for {long_ago}")),
            (true, false) => self.tell(Effect::Stronger, format!("is held for {now}")),
            (false, false) => {
                let effect = if is < was { Effect::Weaker } else { Effect::Stronger };
                self.tell(effect, format!("is held for {now} instead of {long_ago}"));
            }
        }
    }

    fn enrollments(&mut self, was: Option<Duration>, is: Option<Duration>) {
        match (was, is) {
            (Some(was), Some(is)) if was != is => {
                let effect = if is > was { Effect::Weaker } else { Effect::Stronger };
                let (was, is) = (words::span(was), words::span(is));
                self.tell(effect, format!("asks for a new device within {is} instead of {was}"));
            }
            (Some(was), None) => {
                let was = words::span(was);
                self.tell(Effect::Weaker, format!("asks no longer for a new device (within {was} before)"));
            }
            (None, Some(is)) => {
                self.tell(Effect::Stronger, format!("asks for a new device within {}", words::span(is)));
            }
            (Some(_) | None, _) => {}
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_same() {
            return formatter.write_str("nothing changes");
        }
        for (at, difference) in self.differences.iter().enumerate() {
            write!(formatter, "{}{}", if at == 0 { "" } else { "; " }, difference.words)?;
        }
        Ok(())
    }
}

/// The verdict as the core follows it: a plan that is none or is under the floor, an outcome that is none, and an
/// answer that does not fit the hook are no verdict at all.
pub fn as_followed(verdict: Verdict, hook: Hook, rules: &Rules) -> Verdict {
    let fault = match &verdict {
        verdict if !verdict.fits(hook) => {
            Some(format!("the verdict does not fit the hook `{}`", hook.as_str()))
        }
        Verdict::Prove { plan } => {
            let floor = rules.assurance;
            // What `proved` asks for is added to a plan that has passed already.
            let checked = plan.check().map_err(|error| error.to_string());
            let passed = checked.and_then(|()| match hook {
                Hook::Open => floor.check(plan).map_err(|error| error.to_string()),
                Hook::Proved | Hook::Failed | Hook::Recovered => Ok(()),
            });
            passed.err()
        }
        Verdict::Outcome(outcome) => fault_of(outcome).map(str::to_owned),
        Verdict::Escalate { .. }
        | Verdict::Deny { .. }
        | Verdict::Retry { .. }
        | Verdict::Nothing
        | Verdict::Unable { .. } => None,
    };
    fault.map_or(verdict, |cause| Verdict::Unable { cause })
}

fn fault_of(outcome: &Outcome) -> Option<&'static str> {
    let is_long = |span: Option<Duration>, longest: Duration| span.is_some_and(|span| span > longest);
    if is_long(outcome.hold, LONGEST_HOLD) {
        return Some("the outcome's hold is longer than 30 days");
    }
    let is_none = outcome.enroll_within.is_some_and(|within| within.is_zero());
    let is_wrong = is_none || is_long(outcome.enroll_within, LONGEST_ENROLLMENT);
    is_wrong.then_some("the outcome's enroll_within is zero or longer than 90 days")
}

/// Who decides: the rules alone, people, or nobody any more.
const fn strictness(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Prove { .. } | Verdict::Retry { .. } | Verdict::Outcome(_) | Verdict::Nothing => 0,
        Verdict::Escalate { .. } | Verdict::Unable { .. } => 1,
        Verdict::Deny { .. } => 2,
    }
}

/// How one set of factors became another.
fn exchanged(was: &BTreeSet<Atom>, is: &BTreeSet<Atom>) -> String {
    let gone: Vec<_> = was.difference(is).collect();
    let new: Vec<_> = is.difference(was).collect();
    match (gone.is_empty(), new.is_empty()) {
        (false, true) => format!("asks for {} no longer", words::atoms(gone)),
        (true, _) => format!("asks for {} too", words::atoms(new)),
        (false, false) => format!("asks for {} instead of {}", words::atoms(new), words::atoms(gone)),
    }
}

/// What a verdict does, as the rest of a sentence about a case.
fn does(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Prove { plan } => format!("asks for {}", words::plan(plan)),
        Verdict::Escalate { to, .. } => format!("goes to {to}"),
        Verdict::Deny { .. } => "is denied".to_owned(),
        Verdict::Retry { after, .. } => format!("may be tried again after {}", words::span(*after)),
        Verdict::Outcome(_) => "recovers the account".to_owned(),
        Verdict::Nothing => "asks for nothing more".to_owned(),
        Verdict::Unable { .. } => "fails in the policy".to_owned(),
    }
}

fn doing(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Prove { plan } => format!("asking for {}", words::plan(plan)),
        Verdict::Escalate { to, .. } => format!("going to {to}"),
        Verdict::Deny { .. } => "being denied".to_owned(),
        Verdict::Retry { after, .. } => format!("being tried again after {}", words::span(*after)),
        Verdict::Outcome(_) => "recovering the account".to_owned(),
        Verdict::Nothing => "asking for nothing more".to_owned(),
        Verdict::Unable { .. } => "failing in the policy".to_owned(),
    }
}
