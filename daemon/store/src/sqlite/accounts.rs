//! Accounts: the id, realm and kind in clear, the rest sealed.

use std::collections::BTreeMap;

use readmit_recovery::account::Account;
use readmit_recovery::factor::Factor;
use readmit_recovery::id::AccountId;
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use rusqlite::OptionalExtension;
use zeroize::Zeroizing;

use super::column::{time, to_count, to_time_if_any};
use super::pool::Reader;
use super::session::Session;
use crate::account::{AccountFilter, AccountRecord};
use crate::error::{CommitError, StoreError};
use crate::limits::{DAY, NINETY_DAYS};
use crate::store::Page;

impl Session<'_> {
    pub(super) fn insert_account(&self, account: &Account) -> Result<(), CommitError> {
        self.insert(
            "INSERT INTO accounts (id, realm, kind, created_at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                account.id.as_str(),
                &account.realm,
                &account.kind,
                time(account.created_at),
                self.seal("accounts", account.id.as_str(), &body(account)?)?,
            ),
        )
    }

    pub(super) fn update_account(&self, account: &Account) -> Result<(), CommitError> {
        self.change(
            "UPDATE accounts SET realm = ?2, kind = ?3, created_at = ?4, body = ?5 WHERE id = ?1",
            (
                account.id.as_str(),
                &account.realm,
                &account.kind,
                time(account.created_at),
                self.seal("accounts", account.id.as_str(), &body(account)?)?,
            ),
        )
    }

    pub(super) fn remove_account(&self, id: &AccountId) -> Result<(), CommitError> {
        self.change("DELETE FROM accounts WHERE id = ?1", [id.as_str()])?;
        for sql in [
            "DELETE FROM devices WHERE account = ?1",
            "DELETE FROM recovery_codes WHERE account = ?1",
            "DELETE FROM passes WHERE account = ?1",
            "DELETE FROM failures WHERE account = ?1",
            "DELETE FROM failure_minutes WHERE account = ?1",
        ] {
            self.execute(sql, [id.as_str()])?;
        }
        Ok(())
    }

    pub(super) fn set_password(&self, account: &AccountId, hash: &Secret) -> Result<(), CommitError> {
        let sealed = self.seal("passwords", account.as_str(), hash.expose().as_bytes())?;
        self.change("UPDATE accounts SET password = ?2 WHERE id = ?1", (account.as_str(), sealed))
    }

    /// `NotFound` unless the account is on file.
    pub(super) fn account_is_there(&self, id: &AccountId) -> Result<(), CommitError> {
        let there = self.finds("SELECT 1 FROM accounts WHERE id = ?1", [id.as_str()])?;
        if there { Ok(()) } else { Err(CommitError::NotFound) }
    }
}

impl Reader<'_> {
    /// The record of an account. Every query is made and one body unsealed whether it is there or not.
    pub(super) fn account(
        &self,
        id: &AccountId,
        now: Timestamp,
        decoy: &[u8],
    ) -> Result<Option<AccountRecord>, StoreError> {
        let _snapshot = self.connection.unchecked_transaction()?;
        let found = self
            .statement("SELECT body, password FROM accounts WHERE id = ?1")?
            .query_row([id.as_str()], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
            })
            .optional()?;
        let devices = self.devices(id)?;
        let recovery_codes = self.count(
            "SELECT count(*) FROM recovery_codes WHERE account = ?1 AND spent_at IS NULL",
            [id.as_str()],
        )?;
        let failures = self.failures(id)?;
        let day_ago = now.unix().saturating_sub(DAY.as_secs());
        let failed_24h = self.count(
            "SELECT coalesce(sum(count), 0) FROM failure_minutes WHERE account = ?1 AND minute > ?2",
            (id.as_str(), time(Timestamp::from_unix(day_ago / 60))),
        )?;
        let opened_24h = self.count(
            "SELECT count(*) FROM cases WHERE account = ?1 AND opened_at > ?2",
            (id.as_str(), time(Timestamp::from_unix(day_ago))),
        )?;
        let ninety_days_ago = Timestamp::from_unix(now.unix().saturating_sub(NINETY_DAYS.as_secs()));
        let recovered_90d = self.count(
            "SELECT count(*) FROM cases WHERE account = ?1 AND recovered_at > ?2",
            (id.as_str(), time(ninety_days_ago)),
        )?;
        let last_recovered_at = self
            .statement("SELECT max(recovered_at) FROM cases WHERE account = ?1 AND recovered_at IS NOT NULL")?
            .query_and_then([id.as_str()], |row| to_time_if_any(row, 0))?
            .next()
            .transpose()?
            .flatten();
        let Some((sealed, password)) = found else {
            // The result is of no use, the time it takes is.
            drop(self.unseal_account(DECOY, decoy));
            return Ok(None);
        };
        Ok(Some(AccountRecord {
            account: self.unseal_account(id.as_str(), &sealed)?,
            password: password
                .map(|sealed| self.unseal_text("passwords", id.as_str(), &sealed))
                .transpose()?,
            devices,
            recovery_codes,
            failures,
            opened_24h,
            failed_24h,
            recovered_90d,
            last_recovered_at,
        }))
    }

    pub(super) fn accounts(&self, filter: &AccountFilter, page: Page) -> Result<Vec<Account>, StoreError> {
        let mut statement = self.statement(
            "SELECT id, body FROM accounts
             WHERE (?1 IS NULL OR realm = ?1) AND (?2 IS NULL OR kind = ?2)
               AND (?3 IS NULL OR instr(lower(id), lower(?3)) > 0)
               AND id > ?4
             ORDER BY id LIMIT ?5 OFFSET ?6",
        )?;
        let (limit, offset) = super::pool::bounds(page);
        let mut rows = statement.query((
            filter.realm.as_deref(),
            filter.kind.as_deref(),
            filter.text.as_deref(),
            filter.after.as_ref().map_or("", |after| after.as_str()),
            limit,
            offset,
        ))?;
        let mut accounts = Vec::new();
        while let Some(row) = rows.next()? {
            accounts.push(self.unseal_account(&row.get::<_, String>(0)?, &row.get::<_, Vec<u8>>(1)?)?);
        }
        Ok(accounts)
    }

    fn failures(&self, id: &AccountId) -> Result<BTreeMap<Factor, u32>, StoreError> {
        self.statement("SELECT factor, consecutive FROM failures WHERE account = ?1")?
            .query_and_then([id.as_str()], |row| {
                let factor: String = row.get(0)?;
                let factor = factor.parse().map_err(StoreError::malformed("failures", "factor"))?;
                Ok((factor, to_count(row, 1)?))
            })?
            .collect()
    }

    fn unseal_account(&self, id: &str, sealed: &[u8]) -> Result<Account, StoreError> {
        let plain = self.unseal("accounts", id, sealed)?;
        serde_json::from_slice(&plain).map_err(StoreError::malformed("accounts", "body"))
    }
}

/// The row name of a blob that stands in for an unknown account; no id can be this, as none is empty.
pub(super) const DECOY: &str = "";

/// The body of a typical account, to be unsealed where there is none.
pub(super) fn decoy() -> Vec<u8> {
    // An id, three addresses and a few attributes: what most accounts have.
    br#"{"id":"someone","realm":"default","kind":"owner","created_at":1700000000,
"emails":[{"address":"someone@example.org","verified_at":1700000000,"changed_at":null,"same_mailbox_as_account":false}],
"phones":[{"number":"+14155550123","country":"US","verified_at":1700000000,"changed_at":null,"on_lost_device":false}],
"groups":[],"attributes":{},"locale":"en"}"#
        .to_vec()
}

fn body(account: &Account) -> Result<Zeroizing<Vec<u8>>, CommitError> {
    serde_json::to_vec(account)
        .map(Zeroizing::new)
        .map_err(|error| StoreError::malformed("accounts", "body")(error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoy_is_an_account() {
        let account: Account = serde_json::from_slice(&decoy()).unwrap();
        assert_eq!(account.emails.len() + account.phones.len(), 2);
    }
}
