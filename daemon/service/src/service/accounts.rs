//! Accounts, for administrators: put on file, change, list, remove, and hand out codes and passes.

use std::collections::BTreeMap;
use std::time::Duration;

use readmit_recovery::account::Account;
use readmit_recovery::command::Purpose;
use readmit_recovery::event::{Event, Staff};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::{AccountId, DeliveryId};
use readmit_recovery::recovery_code;
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use readmit_store::limits::MAX_PAGE;
use readmit_store::{AccountFilter, AccountRecord, CaseFilter, CommitError, Entry, OutboxItem, Page, Write};
use serde_json::{Map, Value};

use super::authentication::forget_wrong_passwords;
use super::devices::no_account;
use super::limits::{LONGEST_PASS, LONGEST_SENT_PASS};
use super::payload::Payload;
use super::{AccountProperties, Fault, Officer, Service, now, parse_account, seed};

impl Service {
    /// Puts an account on file.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] names the property; [`Fault::WrongState`] if the account is there.
    pub async fn add_account(
        &self,
        id: &str,
        properties: &AccountProperties,
        actor: &str,
    ) -> Result<(), Fault> {
        let id = parse_account(id)?;
        let mut account = new_account(&id, now());
        properties.apply_to(&mut account, now())?;
        let writes = vec![Write::InsertAccount(account), account_entry("account_added", &id)];
        let committed = self.store.commit(self.change(actor, writes)).await;
        self.likeness.forget();
        committed.map(|_| ()).map_err(|error| match error {
            CommitError::Exists => Fault::WrongState(format!(
                "there is an account `{id}` already: change it with `readmit account set {id}`"
            )),
            other => other.into(),
        })
    }

    /// Changes what is on file about an account.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] names the property; [`Fault::NotFound`]; [`Fault::NotAuthorized`] for one's own.
    pub async fn set_account(
        &self,
        id: &str,
        properties: &AccountProperties,
        by: &Officer,
    ) -> Result<(), Fault> {
        // One at a time: what somebody else has changed since it was read must not be undone.
        let _alone = self.changing_accounts.lock().await;
        let old = self.account(id).await?.account;
        self.not_own(&old.id, by).await?;
        let mut account = old.clone();
        properties.apply_to(&mut account, now())?;
        let changed = changed(&old, &account);
        let mut writes = vec![detailed("account_changed", &account.id, "changed", changed.join(" "))];
        writes.extend(changes(account, &changed));
        let committed = self.store.commit(self.change(&by.actor, writes)).await;
        self.likeness.forget();
        committed.map(|_| ()).map_err(|error| no_account(error, &old.id))
    }

    /// Everything on file about an account.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub async fn account(&self, id: &str) -> Result<AccountRecord, Fault> {
        let id = parse_account(id)?;
        let record = self.store.account(&id, now()).await?;
        record.ok_or_else(|| {
            Fault::NotFound(format!("there is no account `{id}`: `readmit account list` names them"))
        })
    }

    /// The accounts that fit.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn accounts(&self, filter: AccountFilter, page: Page) -> Result<Vec<Account>, Fault> {
        Ok(self.store.accounts(filter, page).await?)
    }

    /// Removes an account. Its cases and its journal stay; those that are open are denied, since nobody may get into
    /// an account that is none any more.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub async fn remove_account(&self, id: &str, by: &Officer) -> Result<(), Fault> {
        let id = parse_account(id)?;
        self.not_own(&id, by).await?;
        if self.store.account(&id, now()).await?.is_none() {
            return Err(no_account(CommitError::NotFound, &id));
        }
        // Before, so that a crash leaves no case behind; after, for those that were opened meanwhile.
        self.deny_open_cases(&id, &by.actor).await?;
        let writes = vec![Write::RemoveAccount(id.clone()), account_entry("account_removed", &id)];
        let committed = self.store.commit(self.change(&by.actor, writes)).await;
        self.likeness.forget();
        committed.map_err(|error| no_account(error, &id))?;
        self.deny_open_cases(&id, &by.actor).await
    }

    async fn deny_open_cases(&self, account: &AccountId, actor: &str) -> Result<(), Fault> {
        let filter =
            CaseFilter { account: Some(account.clone()), closed: Some(false), ..CaseFilter::default() };
        loop {
            let open = self.store.cases(filter.clone(), Page::default()).await?;
            for case in &open {
                let by = Staff { name: actor.to_owned(), account: None };
                let because = "the account is removed".to_owned();
                match self.apply(&case.id, actor, Event::DenialDecided { by, because }, Vec::new()).await {
                    // It ended by itself in between.
                    Ok(_) | Err(Fault::WrongState(_)) => {}
                    Err(fault) => return Err(fault),
                }
            }
            if open.len() < MAX_PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Issues a new set of recovery codes; the old ones are void. They are shown this once.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub async fn issue_recovery_codes(&self, id: &str, by: &Officer) -> Result<Vec<Secret>, Fault> {
        let account = parse_account(id)?;
        self.not_own(&account, by).await?;
        let codes = recovery_code::new_set(&seed()?);
        let hashes = codes.iter().filter_map(recovery_code::hash).collect();
        let replace = Write::ReplaceRecoveryCodes { account: account.clone(), hashes };
        let forgotten = Write::ClearFailures { account: account.clone(), factor: Factor::RecoveryCode };
        let writes = vec![replace, forgotten, account_entry("recovery_codes_issued", &account)];
        let committed = self.store.commit(self.change(&by.actor, writes)).await;
        committed.map_err(|error| no_account(error, &account))?;
        Ok(codes)
    }

    /// Issues an access pass that counts once.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::InvalidArgument`] for an endless life.
    pub async fn issue_pass(&self, id: &str, seconds: u32, by: &Officer) -> Result<Secret, Fault> {
        let account = parse_account(id)?;
        self.not_own(&account, by).await?;
        let pass = NewPass::new(&account, Duration::from_secs(seconds.into()), LONGEST_PASS)?;
        let entry = detailed("pass_issued", &account, "expires_at", pass.expires_at.rfc3339());
        let writes = pass.writes.into_iter().chain([entry]).collect();
        let committed = self.store.commit(self.change(&by.actor, writes)).await;
        committed.map_err(|error| no_account(error, &account))?;
        Ok(pass.pass)
    }

    /// Sends an access pass that counts once to the first verified address on file, and says where to, masked: whoever
    /// has it sent never sees it.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Refused`] without an address, [`Fault::InvalidArgument`] for a life longer than
    /// what is sent by mail may have, [`Fault::NotAuthorized`] for one's own account.
    pub async fn send_pass(&self, id: &str, seconds: u32, by: &Officer) -> Result<String, Fault> {
        let account = self.account(id).await?.account;
        self.not_own(&account.id, by).await?;
        let to = account.emails.iter().find(|email| email.verified_at.is_some()).ok_or_else(|| {
            Fault::Refused(format!(
                "no verified e-mail address is on file for `{}`: an administrator can put one there, or issue a pass \
                 and hand it over",
                account.id
            ))
        })?;
        let pass = NewPass::new(&account.id, Duration::from_secs(seconds.into()), LONGEST_SENT_PASS)?;
        let minutes = u64::from(seconds).div_ceil(60).to_string();
        let payload = Payload::Message {
            to: to.address.as_str().to_owned(),
            purpose: Purpose::Pass.as_str().to_owned(),
            locale: account.locale.clone().unwrap_or_else(|| "en".to_owned()),
            fields: [("code", pass.pass.expose()), ("minutes", &minutes)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        let item = OutboxItem {
            id: DeliveryId::from_random(seed()?.id("pass delivery")),
            case: None,
            channel: "email".to_owned(),
            at_most_once: payload.is_at_most_once(),
            not_before: now(),
            deadline: pass.expires_at,
            payload: payload.to_bytes()?,
        };
        let entry = detailed("pass_sent", &account.id, "expires_at", pass.expires_at.rfc3339());
        let writes = pass.writes.into_iter().chain([Write::Enqueue(item), entry]).collect();
        let committed = self.store.commit(self.change(&by.actor, writes)).await;
        committed.map_err(|error| no_account(error, &account.id))?;
        self.outbox.notify_one();
        Ok(to.address.masked())
    }

    /// Sets an account's password.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::InvalidArgument`] if it is too short.
    pub async fn set_password(&self, id: &str, password: Secret, by: &Officer) -> Result<(), Fault> {
        let account = parse_account(id)?;
        self.not_own(&account, by).await?;
        let hash = self.passwords.hash(password).await?;
        let writes = vec![
            Write::SetPassword { account: account.clone(), hash },
            Write::ClearFailures { account: account.clone(), factor: Factor::Password },
            forget_wrong_passwords(&account),
            account_entry("password_set", &account),
        ];
        let committed = self.store.commit(self.change(&by.actor, writes)).await;
        committed.map(|_| ()).map_err(|error| no_account(error, &account))
    }
}

/// A fresh pass, and what puts it on file.
struct NewPass {
    pass: Secret,
    expires_at: Timestamp,
    writes: [Write; 2],
}

impl NewPass {
    fn new(account: &AccountId, life: Duration, longest: Duration) -> Result<Self, Fault> {
        if life.is_zero() || life > longest {
            let hours = longest.as_secs() / 3600;
            return Err(Fault::invalid(match hours / 24 {
                days if days > 1 => format!("a pass lives from 1 second to {days} days"),
                _ => format!("a pass that is sent lives from 1 second to {hours} hours"),
            }));
        }
        let pass = recovery_code::new_code(&seed()?, "pass");
        let hash = recovery_code::hash(&pass).ok_or_else(Fault::internal)?;
        let expires_at = now().plus(life);
        let issue = Write::IssuePass { account: account.clone(), hash, expires_at };
        let forgotten = Write::ClearFailures { account: account.clone(), factor: Factor::Pass };
        Ok(Self { pass, expires_at, writes: [issue, forgotten] })
    }
}

/// An account about which nothing is said yet.
pub(super) fn new_account(id: &AccountId, at: Timestamp) -> Account {
    Account {
        id: id.clone(),
        realm: "default".to_owned(),
        kind: "owner".to_owned(),
        created_at: at,
        emails: Vec::new(),
        phones: Vec::new(),
        contacts: Vec::new(),
        groups: Vec::new(),
        attributes: BTreeMap::new(),
        locale: None,
    }
}

/// The writes that put a changed account on file.
pub(super) fn changes(account: Account, changed: &[&'static str]) -> Vec<Write> {
    // Whoever failed with the old address has failed with nothing of the new one.
    let forget = [("emails", Factor::Email), ("phones", Factor::Voice), ("contacts", Factor::Contact)];
    let forget = forget.into_iter().filter(|(name, _)| changed.contains(name));
    let mut writes: Vec<Write> =
        forget.map(|(_, factor)| Write::ClearFailures { account: account.id.clone(), factor }).collect();
    writes.push(Write::UpdateAccount(account));
    writes
}

fn account_entry(kind: &str, account: &AccountId) -> Write {
    let detail: Map<String, Value> = Map::new();
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: Some(account.clone()), detail })
}

fn detailed(kind: &str, account: &AccountId, name: &str, value: String) -> Write {
    let detail = Map::from_iter([(name.to_owned(), Value::String(value))]);
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: Some(account.clone()), detail })
}

/// What has changed, by name only: addresses do not go into the journal.
pub(super) fn changed(old: &Account, new: &Account) -> Vec<&'static str> {
    let parts = [
        ("realm", old.realm != new.realm),
        ("kind", old.kind != new.kind),
        ("emails", old.emails != new.emails),
        ("phones", old.phones != new.phones),
        ("contacts", old.contacts != new.contacts),
        ("groups", old.groups != new.groups),
        ("attributes", old.attributes != new.attributes),
        ("locale", old.locale != new.locale),
    ];
    parts.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}
