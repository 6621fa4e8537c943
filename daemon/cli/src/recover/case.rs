//! The case as `Recovery1.Show` tells it, typed. What this version does not know is kept out of the way, so
//! that an older command line still works with a newer daemon.

use readmit_recovery::disposition::Disposition;
use readmit_recovery::factor::Factor;
use serde::Deserialize;

/// A case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Case {
    /// Where it stands.
    pub state: State,
    /// Whose it is.
    pub account: String,
    /// When it ends by itself, Unix seconds.
    pub expires_at: u64,
    /// The factors of its plan, in order.
    pub steps: Vec<Step>,
    /// What is left to do once it is proven: `sign_in`, `change_password`, `enroll`.
    pub tasks: Vec<String>,
    /// What it does to the account.
    pub outcome: Outcome,
    /// When the hold ends, Unix seconds.
    pub held_until: Option<u64>,
    /// Who helps.
    pub support: Support,
    /// What happened and what to do next, in the daemon's words.
    pub message: String,
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Factors are being proven.
    Proving,
    /// Everything is proven; a cool-down runs.
    Held,
    /// The person may sign in once; tasks are left.
    Recovered,
    /// Nothing is left to do.
    Completed,
    /// Support or an administrator has it.
    Escalated,
    /// It was refused.
    Denied,
    /// Somebody on file said "this was not me".
    Vetoed,
    /// The person gave it up.
    Cancelled,
    /// Its time is over.
    Expired,
    /// A state that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A factor of the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Its name.
    pub factor: String,
    /// Where it stands.
    pub state: StepState,
    /// The masked address.
    pub hint: String,
    /// The six digits, while a call is under way.
    pub code: String,
    /// Tries before the challenge ends.
    pub tries_left: Option<u32>,
    /// When it may be sent again, Unix seconds; 0 is now.
    pub resend_after: u64,
    /// How the last delivery or challenge ended.
    pub disposition: String,
    /// The cause and the next step, in the daemon's words.
    pub message: String,
    /// How far a call is: `calling`, `ringing`, `answered`, `prompting`, `wrong_digits`.
    pub phase: String,
    /// The address that messages come from.
    pub sender: String,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Steps before it are not proven yet.
    Waiting,
    /// It can be proven now.
    Open,
    /// Its challenge is under way.
    Sent,
    /// It is proven.
    Proven,
    /// It was failed.
    Failed,
    /// A state that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What a proven case does to the account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// `deactivate` or `keep`.
    pub device: String,
    /// Whether the password must be changed.
    pub force_password_change: bool,
    /// Whether every other session ends.
    pub revoke_sessions: bool,
    /// Seconds within which a new device must be enrolled.
    pub enroll_within: u64,
}

/// Who helps with an escalated case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Support {
    /// `support` or `administrator`.
    pub to: String,
    /// The ticket, once the form was sent.
    pub ticket: String,
    /// What they say.
    pub message: String,
    /// How to reach them.
    pub contact: String,
}

impl Case {
    /// The step that is worked on: the one the person chose, else one under way, else the first that is open,
    /// else one that failed.
    #[must_use]
    pub fn current(&self, chosen: Option<&str>) -> Option<&Step> {
        let find = |state| self.steps.iter().find(|step| step.state == state);
        let chosen = chosen.and_then(|factor| self.steps.iter().find(|step| step.factor == factor));
        chosen
            .filter(|step| step.is_at_hand())
            .or_else(|| find(StepState::Sent))
            .or_else(|| find(StepState::Open))
            .or_else(|| find(StepState::Failed))
    }

    /// Whether this task is left.
    #[must_use]
    pub fn has_task(&self, task: &str) -> bool {
        self.tasks.iter().any(|left| left == task)
    }
}

impl Step {
    /// Whether the person can do something about it now.
    #[must_use]
    pub const fn is_at_hand(&self) -> bool {
        matches!(self.state, StepState::Open | StepState::Sent | StepState::Failed)
    }

    /// Whether something is sent or dialled to prove it.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.factor.parse::<Factor>().is_ok_and(|factor| factor.channel().is_some())
    }

    /// Whether the phone is being called.
    #[must_use]
    pub fn is_calling(&self) -> bool {
        self.state == StepState::Sent && self.factor == "voice"
    }

    /// Why it did not work the last time, and what to do; nothing if it did.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        let known = self.disposition.parse::<Disposition>();
        let is_cause = match known {
            Ok(disposition) => !disposition.is_success(),
            Err(_) => !self.disposition.is_empty() || self.state == StepState::Failed,
        };
        if !is_cause || self.state == StepState::Proven {
            return None;
        }
        Some(match known {
            _ if !self.message.is_empty() => self.message.clone(),
            Ok(disposition) => disposition.message().to_owned(),
            Err(_) => "This did not work. Try again, or contact support.".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_newer_daemon_s_words_do_no_harm() {
        let case: Case = serde_json::from_value(json!({
            "state": "floating", "novelty": 1,
            "steps": [{"factor": "retina", "state": "blinking", "disposition": "dazzled", "odd": true}],
        }))
        .unwrap();
        assert_eq!(case.state, State::Unknown);
        assert_eq!(case.steps[0].state, StepState::Unknown);
        assert!(case.steps[0].cause().is_some_and(|cause| cause.contains("contact support")));
        assert!(case.current(None).is_none());
    }

    #[test]
    fn the_current_step_is_the_one_under_way_unless_another_was_chosen() {
        let case: Case = serde_json::from_value(json!({"steps": [
            {"factor": "password", "state": "proven"}, {"factor": "totp", "state": "failed"},
            {"factor": "voice", "state": "open"}, {"factor": "email", "state": "sent"},
        ]}))
        .unwrap();
        let current = |chosen| case.current(chosen).map(|step| step.factor.as_str());
        assert_eq!(current(None), Some("email"));
        assert_eq!(current(Some("voice")), Some("voice"));
        assert_eq!(current(Some("totp")), Some("totp"));
        assert_eq!(current(Some("password")), Some("email"));
    }

    #[test]
    fn the_cause_is_told_only_of_what_did_not_work() {
        let step = |disposition: &str, message: &str| Step {
            state: StepState::Open,
            disposition: disposition.to_owned(),
            message: message.to_owned(),
            ..Step::default()
        };
        assert_eq!(step("", "").cause(), None);
        assert_eq!(step("sent", "On its way.").cause(), None);
        assert_eq!(step("busy", "").cause().as_deref(), Some(Disposition::Busy.message()));
        assert_eq!(step("busy", "In our words.").cause().as_deref(), Some("In our words."));
        assert!(Step { state: StepState::Proven, ..step("busy", "") }.cause().is_none());
    }
}
