//! The writes that a change is made of.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use readmit_recovery::account::{Account, Device, DeviceStatus};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::{AccountId, CaseId, DeliveryId, DeviceId, PolicyVersion};
use readmit_recovery::secret::{Secret, SecretHash};
use readmit_recovery::time::Timestamp;

use crate::activation::Found;
use crate::case::CaseRow;
use crate::decision::DecisionRow;
use crate::error::CommitError;
use crate::journal::{Entry, canonical};
use crate::limits::{
    MAX_BODY_BYTES, MAX_NEW_DIFFERENCES, MAX_POLICY_BYTES, MAX_RECOVERY_CODES, MAX_WORD_BYTES,
};
use crate::outbox::OutboxItem;
use crate::shadow::{DifferenceRow, ShadowTally};
use crate::spend::Spend;
use crate::token::TokenPurpose;

/// One write. Its precondition is checked inside the transaction; an unmet one undoes the whole change.
///
/// `Debug` shows only which write it is: what is written holds addresses.
#[derive(Clone)]
pub enum Write {
    /// Puts a new case on file, at revision 1. `Exists` if the id is taken.
    InsertCase(CaseRow),
    /// Replaces a case, but for its account and time of opening. `NotFound`, or `Stale` unless the stored
    /// revision is this one; the new one is one higher.
    UpdateCase {
        /// The case as it shall be.
        row: CaseRow,
        /// The revision that it was made from.
        revision: u64,
    },
    /// Puts an account on file. `Exists` if the id is taken.
    InsertAccount(Account),
    /// Replaces what is on file about an account. `NotFound`.
    UpdateAccount(Account),
    /// Removes an account with its devices, password, recovery codes, passes and failures. Its cases and its
    /// journal stay. `NotFound`.
    RemoveAccount(AccountId),
    /// Sets an account's password. `NotFound`.
    SetPassword {
        /// The account.
        account: AccountId,
        /// The hash as a PHC string.
        hash: Secret,
    },
    /// Binds a device to an account. `NotFound` without the account, `Exists` if the device's id is taken.
    AddDevice {
        /// The device.
        device: Device,
        /// Its secret, sealed on disk.
        secret: Secret,
        /// How many time steps its clock is ahead.
        drift: i64,
        /// The last time step whose code was accepted.
        last_step: u64,
    },
    /// Sets whether sign-in asks for a device. `NotFound`.
    DeviceStatus {
        /// The device.
        id: DeviceId,
        /// What it shall be.
        status: DeviceStatus,
    },
    /// Deletes a device and its secret. `NotFound`.
    DeleteDevice(DeviceId),
    /// Puts a device's drift right. `NotFound`; `Spent(TotpStep)` if `last_step` lies before the stored one.
    /// The same step is taken, so that it can follow [`Spend::TotpStep`], which is what refuses a replay.
    SetDrift {
        /// The device.
        id: DeviceId,
        /// How many time steps its clock is ahead.
        drift: i64,
        /// The last time step whose code was accepted.
        last_step: u64,
    },
    /// Gives an account new recovery codes; the old ones are void. `NotFound` without the account, `Exists`
    /// if a code is there twice.
    ReplaceRecoveryCodes {
        /// The account.
        account: AccountId,
        /// The hashes of the codes.
        hashes: Vec<SecretHash>,
    },
    /// Gives an account an access pass. `NotFound` without the account, `Exists` for the same pass again.
    IssuePass {
        /// The account.
        account: AccountId,
        /// The hash of the pass.
        hash: SecretHash,
        /// From when on it is void.
        expires_at: Timestamp,
    },
    /// Remembers a token that a message carries. `NotFound` without the case, `Exists` if it is there.
    AddToken {
        /// The hash of the token.
        hash: SecretHash,
        /// What it does.
        purpose: TokenPurpose,
        /// In which case.
        case: CaseId,
        /// Which challenge of the case it belongs to.
        challenge: u32,
        /// From when on it is void.
        expires_at: Timestamp,
    },
    /// Uses up something that works once. `Spent` if it was used, has expired or never was.
    Spend(Spend),
    /// Counts against a limit that outlives restarts. `RateLimited` if it would pass it; see
    /// [`crate::quota`]. Undone with the change: what must count even if the rest fails is a change of its
    /// own.
    Charge {
        /// What is limited.
        scope: &'static str,
        /// Whom it is counted for: an account, a number, an address. Only a keyed hash of it is stored.
        subject: String,
        /// The time in which at most `max` are taken.
        window: Duration,
        /// How much it counts.
        amount: u32,
        /// How much in all.
        max: u32,
    },
    /// Forgets what was charged against a limit for a subject, if anything was.
    Forget {
        /// What is limited.
        scope: &'static str,
        /// Whom it was counted for.
        subject: String,
    },
    /// Counts a failure of a factor. The account need not exist: unknown ones are counted alike.
    CountFailure {
        /// The account.
        account: AccountId,
        /// The factor.
        factor: Factor,
    },
    /// Ends the row of consecutive failures of a factor. Those of the last 24 hours stay counted.
    ClearFailures {
        /// The account.
        account: AccountId,
        /// The factor.
        factor: Factor,
    },
    /// Queues a delivery. `Exists` if this id was ever queued.
    Enqueue(OutboxItem),
    /// Takes a queued delivery in hand and counts the attempt. `NotFound`, or `Stale` if it is not queued.
    TakeDelivery {
        /// The delivery.
        id: DeliveryId,
    },
    /// Puts a taken delivery back. `NotFound`, or `Stale` if it is not taken.
    RequeueDelivery {
        /// The delivery.
        id: DeliveryId,
        /// From when on it may be taken again.
        not_before: Timestamp,
    },
    /// Ends a queued or taken delivery: its payload is erased, its id kept. `NotFound`, or `Stale` if it has
    /// ended.
    FinishDelivery {
        /// The delivery.
        id: DeliveryId,
    },
    /// Ends a delivery that nobody has taken. `NotFound`, or `Stale` if it is not queued.
    CancelDelivery {
        /// The delivery.
        id: DeliveryId,
    },
    /// Appends to the journal.
    Journal(Entry),
    /// Appends to the decision log.
    Decision(DecisionRow),
    /// Keeps the sources of a policy version. Once kept they never change; the same version again is nothing.
    Policy {
        /// The version.
        version: PolicyVersion,
        /// Each file's text by its path.
        files: BTreeMap<String, String>,
    },
    /// Puts a candidate set beside the one in force. The one before it is forgotten with its differences.
    StartShadow {
        /// Its version.
        version: PolicyVersion,
        /// Each file's text by its path.
        files: BTreeMap<String, String>,
    },
    /// No longer asks the candidate set; what it differed in stays. `NotFound` if none is asked.
    StopShadow,
    /// Adds to the counts of a candidate set, and keeps differences: the newest
    /// [`crate::limits::MAX_DIFFERENCES`] of them. `Stale` if another candidate has taken its place.
    CountShadow {
        /// The candidate's version.
        version: PolicyVersion,
        /// What is added.
        tally: ShadowTally,
        /// The differences, at most [`crate::limits::MAX_NEW_DIFFERENCES`].
        differences: Vec<DifferenceRow>,
    },
    /// Brings a policy version into force, with the approvals that it has, and ends all waiting for approval.
    /// `NotFound` unless its sources are kept.
    ActivatePolicy {
        /// The version.
        version: PolicyVersion,
        /// What is found where the policies are.
        found: Found,
        /// How many tests of its own it passed.
        tests: u32,
    },
    /// Remembers with the version in force what is found now where the policies are. `NotFound` if none ever was.
    PoliciesFound(Found),
    /// Lets a policy version wait for approval, in place of the one that waited, whose approvals are void.
    ProposePolicy {
        /// The version.
        version: PolicyVersion,
        /// Each file's text by its path.
        files: BTreeMap<String, String>,
        /// What is found where the policies are.
        found: Found,
        /// How many tests of its own it passed.
        tests: u32,
        /// Whether it is a version that was in force before.
        restores: bool,
    },
    /// Adds the approval of whoever makes the change. `NotFound` unless this version waits, `Exists` if they have
    /// approved it already.
    ApprovePolicy {
        /// The version.
        version: PolicyVersion,
    },
    /// Ends all waiting for approval. `NotFound` if nothing waits.
    WithdrawPolicy,
    /// Stops a channel: nothing is to be delivered on it. `Exists` if it is stopped.
    Pause {
        /// The channel.
        channel: String,
        /// Why, in words.
        because: String,
    },
    /// Lets a channel go on. `NotFound` if it is not stopped.
    Resume {
        /// The channel.
        channel: String,
    },
}

impl Write {
    /// Refuses a write that is larger than [`crate::limits`] allows.
    pub(crate) fn check(&self) -> Result<(), CommitError> {
        match self {
            Self::InsertCase(row) | Self::UpdateCase { row, .. } => {
                within(row.state.len().max(row.reason.len()), MAX_WORD_BYTES, "the state of the case")?;
                within(row.body.len(), MAX_BODY_BYTES, "the case")
            }
            Self::InsertAccount(account) | Self::UpdateAccount(account) => {
                within(account.realm.len().max(account.kind.len()), MAX_WORD_BYTES, "the realm or kind")?;
                let attributes = account.attributes.iter().map(|(key, value)| key.len() + value.len());
                let groups = account.groups.iter().map(String::len);
                within(attributes.chain(groups).sum(), MAX_BODY_BYTES, "the account")
            }
            Self::SetPassword { hash, .. } => {
                within(hash.expose().len(), MAX_WORD_BYTES, "the password's hash")
            }
            Self::AddDevice { device, secret, .. } => {
                let longest = device.label.len().max(secret.expose().len());
                within(longest, MAX_WORD_BYTES, "the device's label or secret")
            }
            Self::ReplaceRecoveryCodes { hashes, .. } => {
                within(hashes.len(), MAX_RECOVERY_CODES, "the list of recovery codes")
            }
            Self::Charge { subject, .. } | Self::Forget { subject, .. } => {
                within(subject.len(), MAX_WORD_BYTES, "the subject")
            }
            Self::Pause { channel, because } => {
                within(channel.len().max(because.len()), MAX_WORD_BYTES, "the channel or why it is paused")
            }
            Self::Enqueue(item) => {
                within(item.channel.len(), MAX_WORD_BYTES, "the channel")?;
                within(item.payload.len(), MAX_BODY_BYTES, "the delivery")
            }
            Self::Journal(entry) => {
                within(entry.kind.len(), MAX_WORD_BYTES, "the kind of the journal entry")?;
                within(canonical(&entry.detail).len(), MAX_BODY_BYTES, "the journal entry")
            }
            Self::Decision(row) => {
                within(row.hook.len(), MAX_WORD_BYTES, "the hook")?;
                within(row.input.len().max(row.verdict.len()), MAX_BODY_BYTES, "the decision")
            }
            Self::Policy { files, .. }
            | Self::StartShadow { files, .. }
            | Self::ProposePolicy { files, .. } => {
                let bytes = files.iter().map(|(path, text)| path.len() + text.len()).sum();
                within(bytes, MAX_POLICY_BYTES, "the policy")
            }
            Self::CountShadow { differences, .. } => {
                within(differences.len(), MAX_NEW_DIFFERENCES, "the list of differences")?;
                differences.iter().try_for_each(|row| {
                    within(row.hook.len().max(row.change.len()), MAX_WORD_BYTES, "the difference")?;
                    let texts = [&row.input, &row.verdict, &row.shadow];
                    within(
                        texts.map(String::len).into_iter().max().unwrap_or(0),
                        MAX_BODY_BYTES,
                        "the difference",
                    )
                })
            }
            Self::RemoveAccount(_)
            | Self::DeviceStatus { .. }
            | Self::DeleteDevice(_)
            | Self::SetDrift { .. }
            | Self::IssuePass { .. }
            | Self::AddToken { .. }
            | Self::Spend(_)
            | Self::CountFailure { .. }
            | Self::ClearFailures { .. }
            | Self::TakeDelivery { .. }
            | Self::RequeueDelivery { .. }
            | Self::FinishDelivery { .. }
            | Self::CancelDelivery { .. }
            | Self::StopShadow
            | Self::ActivatePolicy { .. }
            | Self::PoliciesFound(_)
            | Self::ApprovePolicy { .. }
            | Self::WithdrawPolicy
            | Self::Resume { .. } => Ok(()),
        }
    }

    /// Which write it is, in words.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InsertCase(_) => "insert a case",
            Self::UpdateCase { .. } => "update a case",
            Self::InsertAccount(_) => "insert an account",
            Self::UpdateAccount(_) => "update an account",
            Self::RemoveAccount(_) => "remove an account",
            Self::SetPassword { .. } => "set a password",
            Self::AddDevice { .. } => "add a device",
            Self::DeviceStatus { .. } => "set a device's status",
            Self::DeleteDevice(_) => "delete a device",
            Self::SetDrift { .. } => "set a device's drift",
            Self::ReplaceRecoveryCodes { .. } => "replace recovery codes",
            Self::IssuePass { .. } => "issue a pass",
            Self::AddToken { .. } => "add a token",
            Self::Spend(_) => "spend",
            Self::Charge { .. } => "charge",
            Self::Forget { .. } => "forget what was charged",
            Self::CountFailure { .. } => "count a failure",
            Self::ClearFailures { .. } => "clear failures",
            Self::Enqueue(_) => "enqueue a delivery",
            Self::TakeDelivery { .. } => "take a delivery",
            Self::RequeueDelivery { .. } => "requeue a delivery",
            Self::FinishDelivery { .. } => "finish a delivery",
            Self::CancelDelivery { .. } => "cancel a delivery",
            Self::Journal(_) => "journal",
            Self::Decision(_) => "log a decision",
            Self::Policy { .. } => "keep a policy",
            Self::StartShadow { .. } => "start a shadow",
            Self::StopShadow => "stop the shadow",
            Self::CountShadow { .. } => "count for the shadow",
            Self::ActivatePolicy { .. } => "activate a policy",
            Self::PoliciesFound(_) => "remember which policies were found",
            Self::ProposePolicy { .. } => "propose a policy",
            Self::ApprovePolicy { .. } => "approve a policy",
            Self::WithdrawPolicy => "withdraw a policy",
            Self::Pause { .. } => "pause a channel",
            Self::Resume { .. } => "resume a channel",
        }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Refuses what is larger than it may be.
pub(crate) fn within(size: usize, limit: usize, what: &'static str) -> Result<(), CommitError> {
    if size > limit { Err(CommitError::TooLarge(what)) } else { Ok(()) }
}
