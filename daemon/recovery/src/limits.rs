//! Every number that bounds something in the core.

use std::time::Duration;

/// Bytes in an id.
pub const MAX_ID_BYTES: usize = 256;
/// Bytes in an e-mail address (RFC 5321 §4.5.3.1.3 less the angle brackets).
pub const MAX_EMAIL_BYTES: usize = 254;
/// Recovery contacts of an account.
pub const MAX_CONTACTS: usize = 5;
/// Bytes in the name of a recovery contact.
pub const MAX_CONTACT_NAME_BYTES: usize = 100;
/// Bytes in the name of a channel.
pub const MAX_CHANNEL_BYTES: usize = 32;
/// Nesting of a plan.
pub const MAX_PLAN_DEPTH: usize = 8;
/// Parts of a plan, groups counted.
pub const MAX_PLAN_NODES: usize = 64;
/// Different factors in a plan.
pub const MAX_PLAN_ATOMS: usize = 12;
/// People whose approval one plan may ask for.
pub const MAX_APPROVALS: u8 = 5;

/// Wrong tries that end a challenge.
pub const TRIES_PER_CHALLENGE: u32 = 5;
/// Wrong tries of one factor in one case, over all its challenges; then the factor has failed for good.
pub const TRIES_PER_CASE: u32 = 15;
/// Wrong tries in one call.
pub const TRIES_PER_CALL: u32 = 3;
/// Deliveries of one factor in one case, resends counted.
pub const SENDS_PER_CASE: u32 = 10;
/// Failures of one factor in one case that a policy is asked about; the next goes to support.
pub const FAILURES_PER_CASE: u32 = 20;
/// Consecutive failures of one factor of an account that disable it (NIST SP 800-63B-4 §3.2.2).
pub const CONSECUTIVE_FAILURES: u32 = 100;
/// Wait before the second delivery of a challenge; it doubles with each further one.
pub const FIRST_RESEND_WAIT: Duration = Duration::from_secs(30);
/// The longest wait between two deliveries of a challenge.
pub const LONGEST_RESEND_WAIT: Duration = Duration::from_secs(600);
/// The longest wait that a policy may put before a retry.
pub const LONGEST_RETRY_WAIT: Duration = Duration::from_secs(24 * 3600);
/// The longest hold that a policy may ask for.
pub const LONGEST_HOLD: Duration = Duration::from_secs(30 * 24 * 3600);
/// The longest time a policy may give to enroll.
pub const LONGEST_ENROLLMENT: Duration = Duration::from_secs(90 * 24 * 3600);
/// The longest life of a code or link sent by e-mail (NIST SP 800-63B-4 §4.2.1.2).
pub const LONGEST_EMAIL_CODE: Duration = Duration::from_secs(24 * 3600);
/// The longest life of a code sent by e-mail to a recovery contact, who needs time to hand it over (NIST SP 800-63B-4
/// §4.2.1.3).
pub const LONGEST_CONTACT_CODE: Duration = Duration::from_secs(48 * 3600);
/// The longest life of a code on any other channel (NIST SP 800-63B-4 §4.2.1.2).
pub const LONGEST_CODE: Duration = Duration::from_secs(600);

/// Steps of 30 s by which a code may be early or late (RFC 6238 §5.2 recommends one).
pub const TOTP_SKEW_STEPS: u64 = 1;
/// Steps within which a code that is not accepted shows that the device drifts.
pub const TOTP_NEAR_STEPS: u64 = 10;
/// Steps around now in which two consecutive codes are looked for: a day.
pub const RESYNC_STEPS: u64 = 2880;

/// Bytes in an answer of the support form, and in a device's label.
pub const MAX_ANSWER_BYTES: usize = 200;
/// Bytes in the message of the support form, and in the reason that staff give.
pub const MAX_MESSAGE_BYTES: usize = 4000;
/// Enrollments that may be begun in one case.
pub const ENROLLMENTS_PER_CASE: u32 = 10;
/// How long a pass sent by support is good (NIST SP 800-63B-4 §4.2.1.2 allows 24 hours by e-mail).
pub const PASS_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How long "this was not me" can be said.
pub const VETO_LIFE: Duration = Duration::from_secs(45 * 24 * 3600);
/// How long a recovery contact can stop the recovery that they were asked about: long enough to notice a deceit.
pub const CONTACT_VETO_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a call may take, from the request to its end.
pub const CALL_LIFE: Duration = Duration::from_secs(240);
/// How long a notice is tried to be sent.
pub const NOTICE_LIFE: Duration = Duration::from_secs(3 * 24 * 3600);
/// How soon a pretended delivery of an unknown account ends: like a quick mail server.
pub const PRETENDED_MAIL: Duration = Duration::from_secs(1);
/// How soon a pretended call ends: like a phone that nobody answers.
pub const PRETENDED_CALL: Duration = Duration::from_secs(30);
/// Characters of a provider's words about a delivery, in the journal.
pub const MAX_DETAIL_CHARS: usize = 400;
/// Characters of what a front end says about the client, in a message.
pub const MAX_CLIENT_CHARS: usize = 120;
