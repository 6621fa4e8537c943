//! What a policy means that leaves out an optional hook.

use std::time::Duration;

use readmit_recovery::account::Reason;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::facts::{Failure, Hook, Question};
use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};

use crate::fact::Fact;

/// The wait before a failed factor is tried again.
pub const RETRY_AFTER: Duration = Duration::from_secs(60);
/// At this failure of the same factor the case goes to support.
pub const FAILURES_TO_SUPPORT: u32 = 3;
/// The time in which a new device is to be enrolled.
pub const ENROLL_WITHIN: Duration = Duration::from_secs(7 * 24 * 3600);

/// The answer to a hook that the policy does not have; none for `open`, which every policy must have.
pub(crate) fn answer(question: &Question) -> Option<Verdict> {
    match question.hook {
        Hook::Open => None,
        Hook::Proved => Some(Verdict::Nothing),
        Hook::Failed => Some(failed(question.failure.as_ref())),
        Hook::Recovered => Some(Verdict::Outcome(recovered(question.reason))),
    }
}

/// What of the case the answer to a hook that is left out depends on.
pub(crate) const fn looks_at(hook: Hook) -> &'static [Fact] {
    match hook {
        Hook::Open | Hook::Proved => &[],
        Hook::Failed => &[Fact::FailureFactor, Fact::FailureDisposition, Fact::FailureCount],
        Hook::Recovered => &[Fact::Reason],
    }
}

/// Again after a minute, twice; then, or where trying again cannot help, support.
fn failed(failure: Option<&Failure>) -> Verdict {
    let support = |because| Verdict::Escalate { to: "support".to_owned(), because };
    match failure {
        None => support("a factor failed".to_owned()),
        Some(failure) if failure.count < FAILURES_TO_SUPPORT && is_passing(failure.disposition) => {
            Verdict::Retry { after: RETRY_AFTER, next_number: false }
        }
        Some(failure) => support(format!(
            "{} failed {} times, at last: {}",
            failure.factor,
            failure.count,
            failure.disposition.as_str()
        )),
    }
}

/// Whether the same delivery may succeed a minute later.
const fn is_passing(disposition: Disposition) -> bool {
    !matches!(disposition, Disposition::InvalidNumber | Disposition::InvalidAddress | Disposition::Blocked)
}

/// The device goes, unless it has just been put right; who lost it to somebody changes the password too.
fn recovered(reason: Reason) -> Outcome {
    let exposed = matches!(reason, Reason::Lost | Reason::Stolen);
    let kept = reason == Reason::OutOfSync;
    Outcome {
        device: if kept { DeviceFate::Keep } else { DeviceFate::Deactivate },
        force_password_change: exposed,
        revoke_sessions: exposed,
        hold: None,
        enroll_within: (!kept).then_some(ENROLL_WITHIN),
    }
}
