//! What the daemon shows staff of cases. Every key may be missing, since a daemon may be older than the console.
//!
//! There is no place here for what staff must not see: a step has no code.

use std::collections::HashMap;

use zbus::{DeserializeDict, Type};

/// A case in a list.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(super) struct Row {
    /// Its id, which is never shown.
    pub(super) case: Option<String>,
    pub(super) account: Option<String>,
    pub(super) state: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) opened_at: Option<u64>,
    pub(super) next_deadline: Option<u64>,
}

/// A case with its whole history.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(super) struct Case {
    pub(super) account: Option<String>,
    pub(super) state: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) opened_at: Option<u64>,
    pub(super) expires_at: Option<u64>,
    pub(super) held_until: Option<u64>,
    /// As the policy wrote it: `all { password, email, voice }`.
    pub(super) plan: Option<String>,
    pub(super) steps: Option<Vec<Step>>,
    pub(super) tasks: Option<Vec<String>>,
    pub(super) support: Option<Support>,
    /// Why people have it, or why it was refused.
    pub(super) because: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) client: Option<Client>,
    pub(super) facts: Option<Facts>,
    /// Who approved, as the journal names them.
    pub(super) approvals: Option<Vec<String>>,
    pub(super) approvals_needed: Option<u32>,
    /// Whether it is about the account of whoever asks.
    pub(super) own: Option<bool>,
    /// What the person wrote to support.
    pub(super) form: Option<HashMap<String, String>>,
    pub(super) history: Option<Vec<Entry>>,
}

/// A step of the plan.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(super) struct Step {
    pub(super) factor: Option<String>,
    pub(super) state: Option<String>,
    pub(super) hint: Option<String>,
    pub(super) disposition: Option<String>,
    pub(super) tries_left: Option<u32>,
}

/// Who has the case.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(super) struct Support {
    pub(super) to: Option<String>,
    pub(super) ticket: Option<String>,
}

/// From where the recovery was asked.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(super) struct Client {
    pub(super) address: Option<String>,
    pub(super) user_agent: Option<String>,
}

/// What is on file, addresses masked.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(super) struct Facts {
    /// Whether there is such an account.
    pub(super) known: Option<bool>,
    pub(super) kind: Option<String>,
    pub(super) realm: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) device: Option<String>,
    pub(super) device_form: Option<String>,
}

/// An entry of the journal.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(super) struct Entry {
    pub(super) seq: Option<u64>,
    pub(super) at: Option<u64>,
    pub(super) actor: Option<String>,
    pub(super) kind: Option<String>,
    /// JSON: an object of texts.
    pub(super) detail: Option<String>,
}

/// What changes what staff can do: after one of these, a page that was drawn before no longer tells the truth.
const TURNS: [&str; 12] = [
    "escalated",
    "support_requested",
    "approved",
    "resolved",
    "denied",
    "vetoed",
    "cancelled",
    "expired",
    "held",
    "recovered",
    "completed",
    "plan_set",
];

impl Case {
    pub(super) fn state(&self) -> &str {
        self.state.as_deref().unwrap_or_default()
    }

    pub(super) fn history(&self) -> &[Entry] {
        self.history.as_deref().unwrap_or_default()
    }

    /// The number of the last entry that changes what staff can do.
    pub(super) fn turn(&self) -> u64 {
        let turns = self.history().iter().filter(|entry| TURNS.contains(&entry.kind()));
        turns.filter_map(|entry| entry.seq).max().unwrap_or_default()
    }

    /// The number of the last entry.
    pub(super) fn version(&self) -> u64 {
        self.history().iter().filter_map(|entry| entry.seq).max().unwrap_or_default()
    }
}

impl Entry {
    pub(super) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }
}
