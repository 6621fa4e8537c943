//! What works once: recovery codes, passes and tokens. Each is used up by one statement, so two callers cannot
//! both have it.

use readmit_recovery::id::{AccountId, CaseId};
use readmit_recovery::secret::SecretHash;
use readmit_recovery::time::Timestamp;

use super::column::{time, to_count, to_time};
use super::pool::Reader;
use super::session::Session;
use crate::error::{CommitError, StoreError, What};
use crate::spend::Spend;
use crate::token::{TokenPurpose, TokenRow};

impl Session<'_> {
    pub(super) fn replace_recovery_codes(
        &self,
        account: &AccountId,
        hashes: &[SecretHash],
    ) -> Result<(), CommitError> {
        self.account_is_there(account)?;
        self.execute("DELETE FROM recovery_codes WHERE account = ?1", [account.as_str()])?;
        for hash in hashes {
            self.insert(
                "INSERT INTO recovery_codes (account, hash) VALUES (?1, ?2)",
                (account.as_str(), hash.as_bytes()),
            )?;
        }
        Ok(())
    }

    pub(super) fn issue_pass(
        &self,
        account: &AccountId,
        hash: &SecretHash,
        expires_at: Timestamp,
    ) -> Result<(), CommitError> {
        self.account_is_there(account)?;
        self.insert(
            "INSERT INTO passes (account, hash, expires_at) VALUES (?1, ?2, ?3)",
            (account.as_str(), hash.as_bytes(), time(expires_at)),
        )
    }

    pub(super) fn add_token(
        &self,
        hash: &SecretHash,
        purpose: TokenPurpose,
        case: &CaseId,
        challenge: u32,
        expires_at: Timestamp,
    ) -> Result<(), CommitError> {
        if !self.case_is_there(case)? {
            return Err(CommitError::NotFound);
        }
        self.insert(
            "INSERT INTO tokens (hash, purpose, case_id, challenge, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            (hash.as_bytes(), purpose.as_str(), case.as_str(), challenge, time(expires_at)),
        )
    }

    pub(super) fn spend(&self, spend: &Spend) -> Result<(), CommitError> {
        let (what, changed) = match spend {
            Spend::TotpStep { device, step } => return self.spend_step(device, *step),
            Spend::RecoveryCode { account, hash } => (
                What::RecoveryCode,
                self.execute(
                    "UPDATE recovery_codes SET spent_at = ?3
                     WHERE account = ?1 AND hash = ?2 AND spent_at IS NULL",
                    (account.as_str(), hash.as_bytes(), time(self.at)),
                )?,
            ),
            Spend::Pass { account, hash } => (
                What::Pass,
                self.execute(
                    "UPDATE passes SET spent_at = ?3
                     WHERE account = ?1 AND hash = ?2 AND spent_at IS NULL AND expires_at > ?3",
                    (account.as_str(), hash.as_bytes(), time(self.at)),
                )?,
            ),
            Spend::Token { hash } => (
                What::Token,
                self.execute(
                    "UPDATE tokens SET spent_at = ?2 WHERE hash = ?1 AND spent_at IS NULL AND expires_at > ?2",
                    (hash.as_bytes(), time(self.at)),
                )?,
            ),
        };
        if changed > 0 { Ok(()) } else { Err(CommitError::Spent(what)) }
    }
}

impl Reader<'_> {
    pub(super) fn token(&self, hash: &SecretHash) -> Result<Option<TokenRow>, StoreError> {
        self.statement(
            "SELECT purpose, case_id, challenge, expires_at, spent_at IS NOT NULL FROM tokens WHERE hash = ?1",
        )?
        .query_and_then([hash.as_bytes()], |row| {
            let malformed = |column| StoreError::Malformed { table: "tokens", column };
            Ok(TokenRow {
                purpose: row.get::<_, String>(0)?.parse().map_err(|_| malformed("purpose"))?,
                case: row.get::<_, String>(1)?.try_into().map_err(|_| malformed("case_id"))?,
                challenge: to_count(row, 2)?,
                expires_at: to_time(row, 3)?,
                spent: row.get(4)?,
            })
        })?
        .next()
        .transpose()
    }
}
