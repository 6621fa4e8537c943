//! Every number that bounds something in the store.

use std::time::Duration;

/// Writes in one change.
pub const MAX_WRITES: usize = 512;
/// Bytes of one body, payload, decision input or journal detail.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Bytes of all files of one policy version.
pub const MAX_POLICY_BYTES: usize = 8 * 1024 * 1024;
/// Differences of a candidate set that are kept; the oldest go first.
pub const MAX_DIFFERENCES: i64 = 10_000;
/// Differences in one write.
pub const MAX_NEW_DIFFERENCES: usize = 256;
/// Recovery codes of one account.
pub const MAX_RECOVERY_CODES: usize = 64;
/// Bytes of a short text: a state, an actor, a channel, a subject.
pub const MAX_WORD_BYTES: usize = 1024;
/// Rows that one read returns, whatever the caller asks for.
pub const MAX_PAGE: u32 = 1000;

/// Changes that wait for the writer; the next caller waits for room.
pub const QUEUE: usize = 1024;
/// Changes in one group commit.
pub const GROUP: usize = 256;
/// Read-only connections that are kept open. More readers at once open more, and close them again.
pub const IDLE_READERS: usize = 4;
/// Page cache of the writer, in KiB.
pub const WRITER_CACHE_KIB: i64 = 4096;
/// Page cache of each reader, in KiB.
pub const READER_CACHE_KIB: i64 = 1024;
/// Prepared statements kept by the writer: a few more than there are in the code.
pub const STATEMENTS: usize = 128;
/// How long a statement waits for a lock of another process, such as a backup.
pub const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Pages of the write-ahead log after which SQLite folds it into the database.
pub const CHECKPOINT_PAGES: i64 = 4000;
/// Bytes of the write-ahead log that are kept on disk after it was folded in.
pub const WAL_KEPT_BYTES: i64 = 32 * 1024 * 1024;

/// Parts that a quota's window is cut into: how finely charges leave it.
pub const QUOTA_PARTS: u64 = 8;
/// Time between two sweeps of rows that no longer count.
pub const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Rows of each kind that one sweep takes, so that no commit waits long for it.
pub const SWEEP_ROWS: u32 = 500;
/// How long an expired token or pass is kept, so that its holder can be told what happened to it.
pub const EXPIRED_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long the id of a finished delivery is kept, so that it cannot be queued again.
pub const DELIVERED_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// The window of `opened_24h` and `failed_24h`.
pub const DAY: Duration = Duration::from_secs(24 * 3600);
/// The window of `recovered_90d`.
pub const NINETY_DAYS: Duration = Duration::from_secs(90 * 24 * 3600);

/// Keys in a keyring.
pub const MAX_KEYS: usize = 64;
/// Bytes of a keyring file.
pub const MAX_KEYRING_BYTES: u64 = 16 * 1024;
/// Times that an earlier state was put back, as a check of the journal lists them.
pub const MAX_RESTORES_TOLD: usize = 64;

/// Bytes of an anchor.
pub const MAX_ANCHOR_BYTES: u64 = 4 * 1024;
/// Bytes of the manifest at the end of a backup.
pub const MAX_MANIFEST_BYTES: u32 = 64 * 1024;
/// Bytes of a database that are copied at once.
pub const COPIED_AT_ONCE: usize = 256 * 1024;
/// Copies from before a new schema that are kept; the oldest go first.
pub const SCHEMA_COPIES: usize = 2;
/// Bytes that must stay free beside a copy of the database.
pub const FREE_BESIDE_COPY: u64 = 16 * 1024 * 1024;
/// Entries, decisions, cases or differences that one pruning removes, so that no commit waits long for it.
pub const PRUNE_ROWS: u32 = 500;
/// Accounts that are named of those a restore would set back.
pub const LOST_ACCOUNTS_TOLD: usize = 50;
