//! How a case stands, read from what the daemon shows: which steps are done, which are to be done now, what comes.

use crate::desk::views::{CaseView, StepView};

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Proving,
    Held,
    /// The person is in; other pages finish it.
    Recovered,
    Completed,
    Escalated,
    Denied,
    Vetoed,
    Cancelled,
    Expired,
    /// A word of a newer daemon.
    Unknown,
}

impl State {
    /// Every state that has words of its own here.
    #[cfg(test)]
    pub(super) const TOLD: [Self; 7] = [
        Self::Held,
        Self::Escalated,
        Self::Denied,
        Self::Vetoed,
        Self::Cancelled,
        Self::Expired,
        Self::Unknown,
    ];

    pub(super) fn of(case: &CaseView) -> Self {
        match case.state.as_deref() {
            Some("proving") => Self::Proving,
            Some("held") => Self::Held,
            Some("recovered") => Self::Recovered,
            Some("completed") => Self::Completed,
            Some("escalated") => Self::Escalated,
            Some("denied") => Self::Denied,
            Some("vetoed") => Self::Vetoed,
            Some("cancelled") => Self::Cancelled,
            Some("expired") => Self::Expired,
            Some(_) | None => Self::Unknown,
        }
    }

    /// The end of the texts' keys.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Proving => "proving",
            Self::Held => "held",
            Self::Recovered => "recovered",
            Self::Completed => "completed",
            Self::Escalated => "escalated",
            Self::Denied => "denied",
            Self::Vetoed => "vetoed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing of the case changes any more.
    pub(super) const fn is_over(self) -> bool {
        match self {
            Self::Completed | Self::Denied | Self::Vetoed | Self::Cancelled | Self::Expired => true,
            Self::Proving | Self::Held | Self::Recovered | Self::Escalated | Self::Unknown => false,
        }
    }

    /// Whether the person can still hand the case to support.
    pub(super) const fn takes_support(self) -> bool {
        match self {
            Self::Proving | Self::Held | Self::Recovered | Self::Escalated => true,
            Self::Completed
            | Self::Denied
            | Self::Vetoed
            | Self::Cancelled
            | Self::Expired
            | Self::Unknown => false,
        }
    }
}

/// One step of the case, and how it stands.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) factor: &'a str,
    pub(super) stand: Stand,
    pub(super) view: &'a StepView,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Done.
    Proven,
    /// It can be started or answered.
    Open,
    /// A message is sent, or a call is under way.
    Sent,
    /// It did not work; why is in the disposition.
    Failed,
    /// Other steps come first.
    Later,
}

impl Stand {
    /// Every stand in which a step is unfolded.
    #[cfg(test)]
    pub(super) const AT_HAND: [Self; 3] = [Self::Open, Self::Sent, Self::Failed];

    const fn is_at_hand(self) -> bool {
        matches!(self, Self::Open | Self::Sent | Self::Failed)
    }
}

impl<'a> Step<'a> {
    pub(super) fn of(view: &'a StepView) -> Self {
        let stand = match view.state.as_deref() {
            Some("proven") => Stand::Proven,
            Some("open") => Stand::Open,
            Some("sent") => Stand::Sent,
            Some("failed") => Stand::Failed,
            Some(_) | None => Stand::Later,
        };
        Self { factor: view.factor.as_deref().unwrap_or_default(), stand, view }
    }

    /// Whether the telephone rings, or is about to.
    pub(super) fn is_calling(&self) -> bool {
        self.factor == "voice" && self.stand == Stand::Sent
    }

    /// Whether it can still be proven.
    pub(super) fn is_possible(&self) -> bool {
        self.view.possible.unwrap_or(true)
    }

    /// Why it did not work.
    pub(super) fn why(&self) -> Option<&'a str> {
        (self.stand == Stand::Failed).then(|| self.view.disposition.as_deref().unwrap_or_default())
    }
}

/// The steps of a case, in the policy's order: done, now, later. What is not needed any more is left out.
pub(super) struct Steps<'a> {
    pub(super) done: Vec<Step<'a>>,
    /// More than one: any of them.
    pub(super) now: Vec<Step<'a>>,
    pub(super) later: Vec<Step<'a>>,
    /// Which step, of how many, where the shortest way is gone.
    pub(super) number: usize,
    pub(super) total: usize,
}

impl<'a> Steps<'a> {
    pub(super) fn of(case: &'a CaseView) -> Self {
        let needed = |step: &&StepView| step.needed.unwrap_or(true);
        let steps: Vec<Step<'a>> = case.steps.iter().flatten().filter(needed).map(Step::of).collect();
        let those = |fits: fn(Stand) -> bool| -> Vec<Step<'a>> {
            steps.iter().filter(|step| fits(step.stand)).copied().collect()
        };
        let done = those(|stand| stand == Stand::Proven);
        let now = those(Stand::is_at_hand);
        let later = those(|stand| stand == Stand::Later);
        let left = case.steps_left.and_then(|left| usize::try_from(left).ok());
        let total = done.len() + left.unwrap_or(now.len().min(1) + later.len());
        Self { number: (done.len() + 1).min(total.max(1)), total, done, now, later }
    }

    /// The step that is unfolded: the only one, the one whose call is under way, the one that was chosen, or the one
    /// that was begun. None where there is a choice to be made.
    pub(super) fn unfolded(&self, chosen: Option<&str>) -> Option<Step<'a>> {
        let find = |fits: &dyn Fn(&Step<'_>) -> bool| self.now.iter().find(|step| fits(step)).copied();
        match self.now.as_slice() {
            [only] => Some(*only),
            _ => find(&|step| step.is_calling())
                .or_else(|| find(&|step| Some(step.factor) == chosen))
                .or_else(|| find(&|step| step.stand == Stand::Sent)),
        }
    }

    /// The other ways, beside the one that is unfolded.
    pub(super) fn others(&self, unfolded: Option<Step<'_>>) -> impl Iterator<Item = Step<'a>> {
        let unfolded = unfolded.map(|step| step.factor.to_owned());
        self.now.iter().filter(move |step| Some(step.factor) != unfolded.as_deref()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(steps: &[(&str, &str)], left: u32) -> CaseView {
        let steps = steps.iter().map(|(factor, state)| StepView {
            factor: Some((*factor).to_owned()),
            state: Some((*state).to_owned()),
            ..StepView::default()
        });
        CaseView { steps: Some(steps.collect()), steps_left: Some(left), ..CaseView::default() }
    }

    fn names(steps: &[Step<'_>]) -> String {
        steps.iter().map(|step| step.factor).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn steps_are_done_now_and_later_in_the_policy_s_order() {
        let case = case(&[("password", "proven"), ("email", "sent"), ("voice", "waiting")], 2);
        let steps = Steps::of(&case);
        assert_eq!(
            (names(&steps.done), names(&steps.now), names(&steps.later)),
            ("password".into(), "email".into(), "voice".into())
        );
        assert_eq!((steps.number, steps.total), (2, 3));
        assert_eq!(steps.unfolded(None).map(|step| step.factor), Some("email"));
        assert_eq!(steps.others(steps.unfolded(None)).count(), 0);
    }

    #[test]
    fn several_open_steps_are_a_choice_until_one_is_chosen_or_begun() {
        let fresh = case(&[("email", "open"), ("voice", "open"), ("recovery_code", "open")], 2);
        let steps = Steps::of(&fresh);
        assert_eq!((steps.number, steps.total), (1, 2));
        assert!(steps.unfolded(None).is_none() && steps.unfolded(Some("password")).is_none());
        assert_eq!(steps.unfolded(Some("voice")).map(|step| step.factor), Some("voice"));
        assert_eq!(steps.others(steps.unfolded(Some("voice"))).count(), 2);

        let begun = case(&[("email", "sent"), ("voice", "failed")], 1);
        assert_eq!(Steps::of(&begun).unfolded(None).map(|step| step.factor), Some("email"));
        assert_eq!(Steps::of(&begun).unfolded(Some("voice")).map(|step| step.factor), Some("voice"));
        let calling = case(&[("email", "sent"), ("voice", "sent")], 1);
        assert_eq!(Steps::of(&calling).unfolded(Some("email")).map(|step| step.factor), Some("voice"));
    }

    #[test]
    fn an_alternative_that_was_not_taken_is_left_out() {
        let mut case = case(&[("email", "proven"), ("recovery_code", "waiting"), ("voice", "open")], 1);
        case.steps.as_mut().unwrap()[1].needed = Some(false);
        let steps = Steps::of(&case);
        assert_eq!((names(&steps.later), steps.number, steps.total), (String::new(), 2, 2));
    }

    #[test]
    fn a_newer_daemon_s_words_do_no_harm() {
        let case = case(&[("retina", "blinking")], 1);
        assert_eq!(State::of(&case), State::Unknown);
        assert_eq!(names(&Steps::of(&case).later), "retina");
        assert!(Steps::of(&case).unfolded(None).is_none());
    }
}
