//! What the organization's configuration says to the core, beside its policy.

use std::time::Duration;

use crate::address::EmailAddress;
use crate::assurance::Level;

/// The settings that the core obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The floor under every policy.
    pub assurance: Level,
    /// How long a case may be proved, from its opening.
    pub open_for: Duration,
    /// How long people have for an escalated case.
    pub escalated_for: Duration,
    /// How long a recovered case waits for its tasks where the outcome gives no time to enroll.
    pub recovered_for: Duration,
    /// How long a code or link sent by e-mail is good (at most 24 hours, NIST SP 800-63B-4 §4.2.1.2).
    pub email_code_for: Duration,
    /// How long a code that a recovery contact hands over is good (at most 48 hours, NIST SP 800-63B-4 §4.2.1.3).
    pub contact_code_for: Duration,
    /// How long a code is good on any other channel (at most 10 minutes, NIST SP 800-63B-4 §4.2.1.2).
    pub code_for: Duration,
    /// Where tickets go; none means that they only wait in the list of escalated cases.
    pub support: Option<EmailAddress>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            assurance: Level::Aal2,
            open_for: Duration::from_secs(24 * 3600),
            escalated_for: Duration::from_secs(14 * 24 * 3600),
            recovered_for: Duration::from_secs(7 * 24 * 3600),
            email_code_for: Duration::from_secs(15 * 60),
            contact_code_for: Duration::from_secs(24 * 3600),
            code_for: Duration::from_secs(10 * 60),
            support: None,
        }
    }
}
