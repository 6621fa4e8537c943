//! A case as a row: what the store looks it up by in clear, the rest sealed.

use std::fmt;

use readmit_recovery::id::{AccountId, CaseId, PolicyVersion};
use readmit_recovery::time::Timestamp;
use zeroize::Zeroizing;

/// One case.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// Its id.
    pub id: CaseId,
    /// Whose recovery it is, as the person named the account. Never changes.
    pub account: AccountId,
    /// The name of its state. When it first is `recovered` or `completed`, the store notes the time for the
    /// account's history.
    pub state: String,
    /// Why the recovery is wanted.
    pub reason: String,
    /// The policy that decides in it.
    pub policy: PolicyVersion,
    /// When it was opened. Never changes.
    pub opened_at: Timestamp,
    /// When it wants to be looked at next.
    pub next_deadline: Option<Timestamp>,
    /// Whether nothing more can happen to it.
    pub closed: bool,
    /// Everything else, opaque to the store and sealed on disk.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for CaseRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CaseRow")
            .field("id", &self.id)
            .field("account", &self.account)
            .field("state", &self.state)
            .field("reason", &self.reason)
            .field("policy", &self.policy)
            .field("opened_at", &self.opened_at)
            .field("next_deadline", &self.next_deadline)
            .field("closed", &self.closed)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// A case as it is stored now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCase {
    /// The row.
    pub row: CaseRow,
    /// Which writing of it this is: 1 for the first. An update names the revision it was made from.
    pub revision: u64,
}

/// Which cases to list, and in what order. An empty filter means all, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Only in this state.
    pub state: Option<String>,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only closed ones, or only open ones.
    pub closed: Option<bool>,
    /// Which comes first.
    pub order: CaseOrder,
}

/// Which of the cases comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaseOrder {
    /// The one that was opened last.
    #[default]
    Newest,
    /// The one that was opened first.
    Oldest,
}
