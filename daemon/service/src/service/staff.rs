//! What staff do with cases: list, read with their whole history, approve, deny, resolve.

use readmit_recovery::case::{Case, View};
use readmit_recovery::event::{Event, Resolution, Staff};
use readmit_recovery::id::{AccountId, CaseHandle, CaseId};
use readmit_recovery::time::Timestamp;
use readmit_store::{CaseFilter, CaseRow, JournalReport, JournalRow, Page};

use super::integrity::JournalFault;
use super::{Fault, Service, now};

/// A member of staff, as the bus knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// How the journal names them.
    pub actor: String,
    /// Their user names: the one they act as, and the one they logged in as.
    pub users: Vec<String>,
}

/// A case with everything that happened in it.
#[derive(Clone, Debug)]
pub struct CaseHistory {
    /// The case.
    pub case: Case,
    /// As the person sees it.
    pub view: View,
    /// Its journal.
    pub entries: Vec<JournalRow>,
    /// Whether it is about the account of whoever asks.
    pub is_own: bool,
}

impl Service {
    /// The cases that fit, the newest first.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn cases(&self, filter: CaseFilter, page: Page) -> Result<Vec<CaseRow>, Fault> {
        Ok(self.store.cases(filter, page).await?)
    }

    /// One case with its history, for this member of staff.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub async fn case_history(&self, case: &str, by: &Officer) -> Result<CaseHistory, Fault> {
        let (id, staff) = self.staff(case, by).await?;
        let is_own = staff.account.is_some();
        let (case, view) = self.show(id.as_str()).await?;
        let entries = self.store.journal_of(&id.handle()).await?;
        Ok(CaseHistory { case, view, entries, is_own })
    }

    /// Vouches for the person.
    ///
    /// # Errors
    /// [`Fault::NotAuthorized`] for one's own case, or the second time.
    pub async fn approve(&self, case: &str, because: &str, by: &Officer) -> Result<(), Fault> {
        let (case, staff) = self.staff(case, by).await?;
        self.act(&case, by, Event::Approved { by: staff, because: because.to_owned() }).await
    }

    /// Refuses the recovery.
    ///
    /// # Errors
    /// [`Fault::NotAuthorized`] for one's own case.
    pub async fn deny(&self, case: &str, because: &str, by: &Officer) -> Result<(), Fault> {
        let (case, staff) = self.staff(case, by).await?;
        self.act(&case, by, Event::DenialDecided { by: staff, because: because.to_owned() }).await
    }

    /// Resolves an escalated case: `pass`, `reset` or `deny`.
    ///
    /// # Errors
    /// [`Fault::NotAuthorized`] for one's own case.
    pub async fn resolve(&self, case: &str, action: &str, because: &str, by: &Officer) -> Result<(), Fault> {
        let resolution = match action {
            "pass" => Resolution::Pass,
            "reset" => Resolution::Reset,
            "deny" => Resolution::Deny,
            _ => return Err(Fault::invalid("unknown action: use pass, reset or deny")),
        };
        let (case, staff) = self.staff(case, by).await?;
        self.act(&case, by, Event::Resolved { by: staff, because: because.to_owned(), resolution }).await
    }

    /// The journal from a time on.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn journal(&self, since: Timestamp, limit: u32) -> Result<Vec<JournalRow>, Fault> {
        Ok(self.store.journal(since, 0, limit.min(super::limits::MAX_ROWS)).await?)
    }

    /// The journal behind an entry.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn journal_behind(&self, after: u64, limit: u32) -> Result<Vec<JournalRow>, Fault> {
        Ok(self.store.journal(Timestamp::default(), after, limit.min(super::limits::MAX_ROWS)).await?)
    }

    /// Checks every link of the journal.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn verify_journal(&self) -> Result<JournalReport, Fault> {
        let report = self.store.verify_journal().await?;
        let fault = report.broken.map(|(seq, why)| JournalFault { seq, why: why.to_owned() });
        self.told_of_chain(fault).await;
        Ok(report)
    }

    async fn act(&self, case: &CaseId, by: &Officer, event: Event) -> Result<(), Fault> {
        self.apply(case, &by.actor, event, Vec::new()).await.map(|_| ())
    }

    /// The case that staff mean, by its handle or its id, and the member of staff, with the account that is their own.
    async fn staff(&self, case: &str, by: &Officer) -> Result<(CaseId, Staff), Fault> {
        let handle = CaseHandle::of(case).map_err(|_| no_such_case())?;
        let row = self.store.case_of(&handle).await?.ok_or_else(no_such_case)?.row;
        let (id, account) = (row.id, row.account);
        let own = self.is_own(&account, by).await?;
        Ok((id, Staff { name: by.actor.clone(), account: own.then_some(account) }))
    }
    /// Nobody changes the way into their own account: what a colleague has to agree to is no safeguard against oneself.
    ///
    /// # Errors
    /// [`Fault::NotAuthorized`] for one's own.
    pub(super) async fn not_own(&self, account: &AccountId, by: &Officer) -> Result<(), Fault> {
        if self.is_own(account, by).await? {
            return Err(Fault::NotAuthorized(format!(
                "`{account}` is your own account, and nobody acts on their own: ask a colleague, or recover it as \
                 everybody does (`readmit recover`)"
            )));
        }
        Ok(())
    }

    /// Whether an account is theirs: it has one of their user names, or its attribute `unix_user` says so.
    async fn is_own(&self, account: &AccountId, by: &Officer) -> Result<bool, Fault> {
        if by.users.iter().any(|user| user == account.as_str()) {
            return Ok(true);
        }
        let record = self.store.account(account, now()).await?;
        let of = record.and_then(|record| record.account.attributes.get("unix_user").cloned());
        Ok(of.is_some_and(|of| by.users.contains(&of)))
    }
}

fn no_such_case() -> Fault {
    Fault::NotFound("there is no such recovery: `readmit case list` names them".to_owned())
}
