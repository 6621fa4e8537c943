//! Every number that bounds something in the service.

use std::time::Duration;

/// How often an event is applied again when others changed the case meanwhile.
pub const APPLY_TRIES: u32 = 16;
/// Signals that wait for a slow listener before it misses some.
pub const SIGNALS: usize = 4096;
/// Password hashes computed at once: each takes 19 MiB and a core.
pub const HASHES_AT_ONCE: usize = 2;
/// Password checks that wait for a turn; the next is told to come back.
pub const HASHES_WAITING: usize = 128;
/// Bytes in a password (NIST SP 800-63B-4 §3.1.1.2 asks to allow at least 64 characters).
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Characters in a password (same place: at least 8 beside another factor, 15 alone).
pub const MIN_PASSWORD_CHARS: usize = 15;
/// Bytes in a proof.
pub const MAX_PROOF_BYTES: usize = 1024;
/// Proofs in one submission.
pub const MAX_PROOFS: usize = 2;
/// Bytes in a value of the context that a front end gives.
pub const MAX_CONTEXT_BYTES: usize = 1024;
/// Bytes in the client's network address.
pub const MAX_ADDRESS_BYTES: usize = 256;
/// Bytes in a word of an account: kind, realm, group, attribute.
pub const MAX_WORD_BYTES: usize = 256;
/// Addresses, groups or attributes of an account.
pub const MAX_ITEMS: usize = 64;
/// Messages handed to plugins at once.
pub const MESSAGES_AT_ONCE: usize = 256;
/// The last digits in which the numbers of one block differ.
pub const BLOCK_DIGITS: usize = 4;
/// The time in which calls may cost so much.
pub const SPEND_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Calls handed to plugins at once.
pub const CALLS_AT_ONCE: usize = 512;
/// Pretended deliveries at once: each is but a timer.
pub const PRETENCES_AT_ONCE: usize = 4096;
/// How long a token for another login is good: long enough for a slow page, too short to be worth keeping.
pub const SIGN_IN_TOKEN_LIFE: Duration = Duration::from_secs(300);
/// Bytes in the nonce of such a token.
pub const MAX_NONCE_BYTES: usize = 256;
/// Deadlines looked at in one round: many, so that a few that cannot be kept hide no other.
pub const BATCH: u32 = 1000;
/// Deliveries looked at in one round: many, so that a kind that waits for its turn hides no other.
pub const DELIVERY_BATCH: u32 = 1000;
/// How often the end of a delivery is recorded again when the store does not take it.
pub const RECORD_TRIES: u32 = 8;
/// The first wait before that; it doubles.
pub const RECORD_WAIT: Duration = Duration::from_secs(1);
/// How often a message that a plugin was lost over is handed over again while a person waits for it.
pub const LOST_MESSAGE_TRIES: u32 = 3;
/// Locks that put the events of one case in a row; cases share them.
pub const CASE_LOCKS: usize = 1024;
/// Earlier recoveries of an unknown account that are looked at.
pub const UNKNOWN_CASES: u32 = 256;
/// Accounts that are looked at to know how many have recovery contacts.
pub const LIKENESS_SAMPLE: u32 = 256;
/// How long that is taken to be so, where no account is changed through this daemon.
pub const LIKENESS_FOR: Duration = Duration::from_secs(60);
/// How long wrong passwords at sign-in count towards the block, if no right one comes between.
pub const SIGN_IN_FAILURES: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long wrong proofs of an unknown account count towards the block that a known one would have.
pub const UNKNOWN_FAILURES: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long a message may take at a plugin before it is tried again later.
pub const MESSAGE_ATTEMPT: Duration = Duration::from_secs(60);
/// The first wait before a message is tried again; it doubles.
pub const FIRST_RETRY: Duration = Duration::from_secs(30);
/// The longest wait before a message is tried again.
pub const LONGEST_RETRY: Duration = Duration::from_secs(3600);
/// How often the clock is looked at when nothing is due: it may be set, or the machine sleep.
pub const CLOCK_LOOK: Duration = Duration::from_secs(1);
/// The longest life of a pass that an administrator issues.
pub const LONGEST_PASS: Duration = Duration::from_secs(30 * 24 * 3600);
/// Characters of why policies were refused, in the journal.
pub const MAX_CAUSE_CHARS: usize = 4000;
/// Failing tests that a refusal of policies names.
pub const MAX_TESTS_TOLD: usize = 20;
/// Characters of why each of them fails.
pub const MAX_TEST_CHARS: usize = 400;
/// The longest life of a pass that is sent by e-mail (NIST SP 800-63B-4 §4.2.1.2).
pub const LONGEST_SENT_PASS: Duration = Duration::from_secs(24 * 3600);
/// Digits that a version of the policies is named by, at least.
pub const MIN_VERSION_DIGITS: usize = 6;
/// Bytes in the reason that an administrator gives.
pub const MAX_REASON_BYTES: usize = 4000;
/// How often it is looked whether the journal's head is to be exported: the most often that it is.
pub const HEAD_LOOK: Duration = Duration::from_secs(5);
/// Entries after which it is exported at the next look.
pub const HEAD_ENTRIES: u64 = 256;
/// How long an entry waits for the next export at most.
pub const HEAD_EVERY: Duration = Duration::from_secs(60);
/// How often what is older than the rules of retention keep is removed.
pub const RETENTION_EVERY: Duration = Duration::from_secs(3600);
/// How often it is looked whether the journal's end and the anchor are what they were, and whether all of it is due.
pub const CHECK_LOOK: Duration = Duration::from_secs(5);
/// How often all of the journal is checked.
pub const CHECK_EVERY: Duration = Duration::from_secs(3600);
/// Entries that are checked in one go.
pub const CHECK_ROWS: u32 = 1000;
/// The pause before the next of them: a journal of a million entries takes some minutes.
pub const CHECK_PAUSE: Duration = Duration::from_millis(100);
/// Rows that are looked at in one go when everything is sealed again.
pub const RESEAL_ROWS: u32 = 200;
/// The pause before the next of them, in which others have the store for themselves.
pub const RESEAL_PAUSE: Duration = Duration::from_millis(5);
/// The first wait before keeping up the store is tried again; it doubles.
pub const UPKEEP_RETRY: Duration = Duration::from_secs(5);
/// The longest.
pub const UPKEEP_LONGEST_RETRY: Duration = Duration::from_secs(600);
/// How long verifiers are told of a key that signs no more.
pub const SIGN_IN_KEY_KEPT: Duration = Duration::from_secs(24 * 3600);
/// Rows of the journal returned at once.
pub const MAX_ROWS: u32 = 1000;
/// How soon a pretended call rings, like a real one.
pub const FIRST_RING: Duration = Duration::from_secs(2);
/// Phases of a call that wait to be told; the oldest are dropped.
pub const PHASES_WAITING: usize = 16;
/// Bytes of the texts that one answer lists; the caller asks for the rest.
pub const MAX_LIST_BYTES: usize = 8 * 1024 * 1024;
/// Decisions that wait for a candidate; the next are dropped, and counted.
pub const SHADOW_QUEUE: usize = 1024;
/// Bytes of them.
pub const SHADOW_QUEUE_BYTES: usize = 16 * 1024 * 1024;
/// Decisions that a candidate is asked about in one go.
pub const SHADOW_BATCH: usize = 64;
/// How often a candidate's counts are put on file where it does not differ.
pub const SHADOW_FLUSH: Duration = Duration::from_secs(1);
/// Accounts whose readiness one call looks at.
pub const READINESS_PAGE: u32 = 200;
/// Accounts that are looked at in one go, before others have their turn.
pub const READINESS_TOGETHER: usize = 20;
/// Values of facts that are tried to explain why a factor is not asked.
pub const COUNTERFACTUALS: usize = 256;
/// Lines that are shown around one that was run.
pub const EXCERPT_AROUND: u32 = 1;
/// Lines of a policy that are shown.
pub const EXCERPT_LINES: usize = 200;
/// Characters of each.
pub const EXCERPT_CHARS: usize = 200;
/// Alerts that are kept for whoever looks later.
pub const ALERTS_KEPT: usize = 20;
/// How long the same alert again is no news for the journal.
pub const ALERT_AGAIN: Duration = Duration::from_secs(600);
/// How long a delivery may wait before somebody should look.
pub const SLOW_QUEUE: Duration = Duration::from_secs(300);
/// Bytes left on the disk of the store below which somebody should look.
pub const LOW_DISK_BYTES: u64 = 256 * 1024 * 1024;
/// The part of that disk, one in so many, below which somebody should look.
pub const LOW_DISK_PART: u64 = 50;
/// Accounts of a list that are taken at once: with five writes each, one change of the store.
pub const IMPORT_ROWS: usize = 100;
/// Digits of the code that a person at the desk types in a test call.
pub const TEST_CODE_DIGITS: u8 = 6;
/// How often it may be wrong.
pub const TEST_CODE_TRIES: u8 = 3;
/// How long a test call may take: shorter than the patience of the command line that waits for it.
pub const TEST_CALL: Duration = Duration::from_secs(100);
/// How long a test message may take.
pub const TEST_MESSAGE: Duration = Duration::from_secs(60);
