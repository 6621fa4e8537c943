//! Many accounts at once: put on file from a list, and given out as one.
//!
//! A list comes in pieces. Each piece is one change of the store, so none is half done; and a piece that is handed in
//! again changes nothing, so that a list which was interrupted is finished by handing it in once more.

use std::collections::HashSet;

use readmit_recovery::account::Account;
use readmit_recovery::id::AccountId;
use readmit_store::{AccountFilter, CommitError, Entry, Page, Write};
use serde_json::{Map, Value};

use super::accounts::{changed, changes, new_account};
use super::limits::IMPORT_ROWS;
use super::{AccountProperties, Fault, Officer, Service, now, parse_account};

/// One account of a list.
pub struct ImportRow {
    /// Its id, as it was written.
    pub id: String,
    /// What is said about it, or why that cannot be read.
    pub properties: Result<AccountProperties, Fault>,
}

/// How a list is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Only say what would happen.
    pub dry_run: bool,
    /// What happens where an account is there and differs.
    pub on_conflict: Conflict,
}

/// What happens where an account is on file and differs from the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflict {
    /// What is on file stays.
    Skip,
    /// What the list says is put in its place.
    Update,
    /// The row is refused.
    #[default]
    Fail,
}

/// What became, or would become, of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is on file now.
    Added,
    /// These parts of it were changed.
    Changed(Vec<&'static str>),
    /// It is as the list says already.
    Unchanged,
    /// It is on file otherwise, in these parts, and stays so.
    Skipped(Vec<&'static str>),
    /// It cannot be, and this is why.
    Refused(String),
}

impl Service {
    /// Puts a piece of a list on file, all of it or nothing; rows that are refused are left out and say why.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] for too many rows, [`Fault::WrongState`] if others changed the same accounts meanwhile.
    pub async fn import_accounts(
        &self,
        rows: Vec<ImportRow>,
        options: ImportOptions,
        by: &Officer,
    ) -> Result<Vec<Imported>, Fault> {
        if rows.len() > IMPORT_ROWS {
            return Err(Fault::invalid(format!("rows: more than {IMPORT_ROWS} at once")));
        }
        // What somebody else changes between the look and the change must not be undone.
        let _alone = self.changing_accounts.lock().await;
        let mut seen = HashSet::new();
        let (mut results, mut writes) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            results.push(match self.import_row(row, options, by, &mut seen, &mut writes).await {
                Ok(imported) => imported,
                Err(Fault::InvalidArgument(why) | Fault::NotAuthorized(why)) => Imported::Refused(why),
                Err(fault) => return Err(fault),
            });
        }
        if options.dry_run || writes.is_empty() {
            return Ok(results);
        }
        let committed = self.store.commit(self.change(&by.actor, writes)).await;
        self.likeness.forget();
        committed.map(|_| results).map_err(|error| match error {
            CommitError::Exists | CommitError::NotFound => Fault::WrongState(
                "others added or removed one of these accounts meanwhile: import the list again".to_owned(),
            ),
            other => other.into(),
        })
    }

    async fn import_row(
        &self,
        row: ImportRow,
        options: ImportOptions,
        by: &Officer,
        seen: &mut HashSet<AccountId>,
        writes: &mut Vec<Write>,
    ) -> Result<Imported, Fault> {
        let id = parse_account(&row.id)?;
        let properties = row.properties?;
        if !seen.insert(id.clone()) {
            return Err(Fault::invalid("id: it is in the list twice"));
        }
        let at = now();
        let Some(record) = self.store.account(&id, at).await? else {
            let mut account = new_account(&id, at);
            properties.apply_to(&mut account, at)?;
            writes.extend([Write::InsertAccount(account), entry("account_added", &id, None)]);
            return Ok(Imported::Added);
        };
        let old = record.account;
        let mut account = old.clone();
        properties.apply_to(&mut account, at)?;
        let parts = changed(&old, &account);
        if parts.is_empty() {
            return Ok(Imported::Unchanged);
        }
        match options.on_conflict {
            Conflict::Skip => Ok(Imported::Skipped(parts)),
            Conflict::Fail => Ok(Imported::Refused(format!(
                "it is on file already and differs: {} (--on-conflict update changes it, skip leaves it)",
                parts.join(", ")
            ))),
            Conflict::Update => {
                self.not_own(&id, by).await?;
                writes.push(entry("account_changed", &id, Some(parts.join(" "))));
                writes.extend(changes(account, &parts));
                Ok(Imported::Changed(parts))
            }
        }
    }

    /// The accounts behind one on, for a list. That they were given out is on file before they are.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] for what is no id.
    pub async fn export_accounts(&self, after: &str, limit: u32, actor: &str) -> Result<Vec<Account>, Fault> {
        let after = if after.is_empty() { None } else { Some(parse_account(after)?) };
        let filter = AccountFilter { after, ..AccountFilter::default() };
        let accounts = self.store.accounts(filter, Page::new(0, limit)).await?;
        if !accounts.is_empty() {
            let detail = Map::from_iter([("accounts".to_owned(), Value::from(accounts.len()))]);
            let kind = "accounts_exported".to_owned();
            let entry = Entry { kind, case: None, account: None, detail };
            self.commit(actor, vec![Write::Journal(entry)]).await?;
        }
        Ok(accounts)
    }
}

/// What has changed is named and never shown: addresses do not go into the journal.
fn entry(kind: &str, account: &AccountId, changed: Option<String>) -> Write {
    let by = ("by".to_owned(), Value::String("import".to_owned()));
    let changed = changed.map(|parts| ("changed".to_owned(), Value::String(parts)));
    let detail = std::iter::once(by).chain(changed).collect();
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: Some(account.clone()), detail })
}
