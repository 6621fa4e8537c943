//! After an earlier state was put back: what may have been used up since does not count again.

use readmit_recovery::limits::TOTP_SKEW_STEPS;
use readmit_recovery::totp::STEP_SECONDS;
use serde_json::Value;

use super::column::{number, time};
use super::journal::RESTORED;
use super::session::Session;
use crate::error::CommitError;
use crate::journal::Head;
use crate::upkeep::By;

/// What a restore has made void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voided {
    /// Recovery codes: which of them were used since the backup, nobody knows.
    pub recovery_codes: u64,
    /// Access passes.
    pub passes: u64,
    /// Links in messages.
    pub links: u64,
    /// Deliveries that waited: they may have been made, and a call is never placed twice.
    pub deliveries: u64,
}

impl Session<'_> {
    /// Makes void what works once, refuses every one-time password up to now, and notes the restore.
    pub(super) fn void_replayable(
        &mut self,
        by: &By,
        back_to: &Head,
        replaced: &Head,
        cases_ended: u64,
    ) -> Result<Voided, CommitError> {
        let at = time(by.at);
        let void = |sql: &str| Ok::<_, CommitError>(self.execute(sql, [at])? as u64);
        let voided = Voided {
            recovery_codes: void("UPDATE recovery_codes SET spent_at = ?1 WHERE spent_at IS NULL")?,
            passes: void("UPDATE passes SET spent_at = ?1 WHERE spent_at IS NULL")?,
            links: void("UPDATE tokens SET spent_at = ?1 WHERE spent_at IS NULL")?,
            deliveries: void(
                "UPDATE outbox SET state = 'done', ended_at = ?1, payload = NULL WHERE state <> 'done'",
            )?,
        };
        // The latest step that a sign-in may have accepted until now.
        let step = number(by.at.unix() / STEP_SECONDS + TOTP_SKEW_STEPS);
        self.execute("UPDATE devices SET last_step = max(last_step, ?1 + drift)", [step])?;
        // An approval may have been taken back since.
        self.execute("DELETE FROM pending_approvals", [])?;
        self.execute("DELETE FROM pending_policy", [])?;
        let hash = |head: &Head| Value::from(hex::encode(head.hash));
        let detail = [
            ("back_to_seq", back_to.seq.into()),
            ("back_to_hash", hash(back_to)),
            ("replaced_seq", replaced.seq.into()),
            ("replaced_hash", hash(replaced)),
            ("cases_ended", cases_ended.into()),
            ("recovery_codes_voided", voided.recovery_codes.into()),
            ("passes_voided", voided.passes.into()),
            ("links_voided", voided.links.into()),
            ("deliveries_ended", voided.deliveries.into()),
        ];
        self.note(by, RESTORED, detail)?;
        Ok(voided)
    }
}
