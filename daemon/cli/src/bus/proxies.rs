//! The daemon's interfaces, as its introspection data states them.

use std::collections::BTreeMap;

use zbus::proxy;

use super::value::{Answer, Options};

/// For front ends: a whole recovery.
#[proxy(
    interface = "org.readmit.Recovery1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Recovery {
    /// Opens a case.
    fn open(&self, account: &str, reason: &str, context: Options) -> zbus::Result<String>;
    /// The case, as its person may see it.
    fn show(&self, case: &str) -> zbus::Result<Answer>;
    /// Delivers a factor's challenge, also again.
    fn start(&self, case: &str, factor: &str) -> zbus::Result<Answer>;
    /// Hands in a proof.
    fn submit(&self, case: &str, factor: &str, proof: &[&str]) -> zbus::Result<Answer>;
    /// Sends the support form; the answer is the ticket.
    fn escalate(&self, case: &str, form: Options) -> zbus::Result<String>;
    /// Gives the case up.
    fn cancel(&self, case: &str) -> zbus::Result<()>;
    /// The one sign-in of a proven case.
    fn claim(&self, case: &str) -> zbus::Result<Answer>;
    /// The change of password that the outcome asks for.
    fn change_password(&self, case: &str, password: &str) -> zbus::Result<()>;
    /// A new device's secret.
    fn begin_enrollment(&self, case: &str, label: &str) -> zbus::Result<Answer>;
    /// Confirms the new device by two consecutive codes.
    fn confirm_enrollment(&self, case: &str, first: &str, second: &str) -> zbus::Result<()>;
    /// A case has changed; `Show` says how.
    #[zbus(signal)]
    fn case_changed(&self, case: &str, state: &str) -> zbus::Result<()>;
}

/// For administrators: accounts.
#[proxy(
    interface = "org.readmit.Accounts1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Accounts {
    /// Puts an account on file.
    #[zbus(allow_interactive_auth)]
    fn add(&self, id: &str, properties: Options) -> zbus::Result<()>;
    /// Changes what is on file.
    #[zbus(allow_interactive_auth)]
    fn set(&self, id: &str, properties: Options) -> zbus::Result<()>;
    /// What is on file.
    #[zbus(allow_interactive_auth)]
    fn show(&self, id: &str) -> zbus::Result<Answer>;
    /// Accounts that fit a filter.
    #[zbus(allow_interactive_auth)]
    fn list(&self, filter: Options, offset: u32, limit: u32) -> zbus::Result<Vec<Answer>>;
    /// Puts accounts of a list on file; the answer says what became of each.
    #[zbus(allow_interactive_auth)]
    fn import(&self, rows: &[Options], options: Options) -> zbus::Result<Vec<Answer>>;
    /// Accounts as a list, behind one on.
    #[zbus(allow_interactive_auth)]
    fn export(&self, after: &str, limit: u32) -> zbus::Result<Vec<Answer>>;
    /// Sends a test message to the address on file.
    #[zbus(allow_interactive_auth)]
    fn test_email(&self, id: &str) -> zbus::Result<Answer>;
    /// Calls the number on file and asks for the code.
    #[zbus(allow_interactive_auth)]
    fn test_phone(&self, id: &str, code: &str) -> zbus::Result<Answer>;
    /// Removes an account and its devices.
    #[zbus(allow_interactive_auth)]
    fn remove(&self, id: &str) -> zbus::Result<()>;
    /// A new set of recovery codes; the old ones stop working.
    #[zbus(allow_interactive_auth)]
    fn issue_recovery_codes(&self, id: &str) -> zbus::Result<Vec<String>>;
    /// An access pass that lives for so many seconds.
    #[zbus(allow_interactive_auth)]
    fn issue_pass(&self, id: &str, seconds: u32) -> zbus::Result<String>;
    /// Sets the password.
    #[zbus(allow_interactive_auth)]
    fn set_password(&self, id: &str, password: &str) -> zbus::Result<()>;
}

/// For administrators: devices.
#[proxy(
    interface = "org.readmit.Devices1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Devices {
    /// Binds a device to an account.
    #[zbus(allow_interactive_auth)]
    fn enroll(&self, account: &str, properties: Options) -> zbus::Result<Answer>;
    /// An account's devices.
    #[zbus(allow_interactive_auth)]
    fn list(&self, account: &str) -> zbus::Result<Vec<Answer>>;
    /// Takes a device out of use.
    #[zbus(allow_interactive_auth)]
    fn deactivate(&self, device: &str, because: &str) -> zbus::Result<()>;
    /// Deletes a device's entry.
    #[zbus(allow_interactive_auth)]
    fn delete(&self, device: &str) -> zbus::Result<()>;
    /// Puts a drifting device right.
    #[zbus(allow_interactive_auth)]
    fn resync(&self, device: &str, first: &str, second: &str) -> zbus::Result<bool>;
}

/// For administrators and support: cases.
#[proxy(
    interface = "org.readmit.Cases1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Cases {
    /// Cases that fit a filter.
    #[zbus(allow_interactive_auth)]
    fn list(&self, filter: Options, offset: u32, limit: u32) -> zbus::Result<Vec<Answer>>;
    /// A case with its whole history.
    #[zbus(allow_interactive_auth)]
    fn show(&self, case: &str) -> zbus::Result<Answer>;
    /// Has every change of a case told to this connection.
    #[zbus(allow_interactive_auth)]
    fn watch(&self) -> zbus::Result<()>;
    /// A case has changed.
    #[zbus(signal)]
    fn changed(&self, case: &str, account: &str, state: &str, reason: &str) -> zbus::Result<()>;
    /// Vouches for the person.
    #[zbus(allow_interactive_auth)]
    fn approve(&self, case: &str, because: &str) -> zbus::Result<()>;
    /// Refuses the case.
    #[zbus(allow_interactive_auth)]
    fn deny(&self, case: &str, because: &str) -> zbus::Result<()>;
    /// Decides an escalated case.
    #[zbus(allow_interactive_auth)]
    fn resolve(&self, case: &str, resolution: Options) -> zbus::Result<()>;
}

/// For administrators: policies.
#[proxy(
    interface = "org.readmit.Policies1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Policies {
    /// The versions that are kept.
    #[zbus(allow_interactive_auth)]
    fn list(&self) -> zbus::Result<Vec<Answer>>;
    /// Reads the policies again; the answer is the version that is in force, or waits.
    #[zbus(allow_interactive_auth)]
    fn reload(&self) -> zbus::Result<String>;
    /// Approves the version that waits; the answer is its whole name.
    #[zbus(allow_interactive_auth)]
    fn activate(&self, version: &str) -> zbus::Result<String>;
    /// Brings an earlier version back; the answer is its whole name.
    #[zbus(allow_interactive_auth)]
    fn rollback(&self, version: &str) -> zbus::Result<String>;
    /// What the policy would decide, and why.
    #[zbus(allow_interactive_auth)]
    fn explain(&self, account: &str, reason: &str, context: Options) -> zbus::Result<Answer>;
    /// Decisions since a time and behind a number; none at the end.
    #[zbus(allow_interactive_auth)]
    fn decisions(&self, since: u64, after: u64, limit: u32) -> zbus::Result<Vec<Answer>>;
    /// Which accounts have a way back, behind one on.
    #[zbus(allow_interactive_auth)]
    fn readiness(&self, filter: Options, after: &str, limit: u32) -> zbus::Result<Vec<Answer>>;
    /// Asks a candidate beside the policies in force; the answer is its version.
    #[zbus(allow_interactive_auth)]
    fn shadow(&self, files: &BTreeMap<String, String>) -> zbus::Result<String>;
    /// Asks the candidate no longer.
    #[zbus(allow_interactive_auth)]
    fn stop_shadow(&self) -> zbus::Result<()>;
    /// Where the candidate answered otherwise, behind a number on.
    #[zbus(allow_interactive_auth)]
    fn differences(&self, since: u64, after: u64, limit: u32) -> zbus::Result<Vec<Answer>>;
}

/// For administrators: plugins.
#[proxy(
    interface = "org.readmit.Plugins1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Plugins {
    /// The plugins and how they are.
    #[zbus(allow_interactive_auth)]
    fn list(&self) -> zbus::Result<Vec<Answer>>;
    /// Sends a test to an address.
    #[zbus(allow_interactive_auth)]
    fn test(&self, plugin: &str, address: &str) -> zbus::Result<Answer>;
    /// Has a plugin try the way to its other side.
    #[zbus(allow_interactive_auth)]
    fn probe(&self, plugin: &str) -> zbus::Result<Answer>;
    /// Starts a plugin anew.
    #[zbus(allow_interactive_auth)]
    fn restart(&self, plugin: &str) -> zbus::Result<()>;
}

/// For administrators: how the daemon is.
#[proxy(
    interface = "org.readmit.Manager1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Manager {
    /// How everything is.
    #[zbus(allow_interactive_auth)]
    fn status(&self) -> zbus::Result<Answer>;
}

/// For auditors: the journal.
#[proxy(
    interface = "org.readmit.Audit1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Audit {
    /// Entries since a time.
    #[zbus(allow_interactive_auth)]
    fn read(&self, since: u64, limit: u32) -> zbus::Result<Vec<Answer>>;
    /// Entries behind one; none at the end.
    #[zbus(allow_interactive_auth)]
    fn read_behind(&self, after: u64, limit: u32) -> zbus::Result<Vec<Answer>>;
    /// People should look at this.
    #[zbus(signal)]
    fn alert(&self, kind: &str, detail: Answer) -> zbus::Result<()>;
    /// Checks the whole chain.
    #[zbus(allow_interactive_auth)]
    fn verify(&self) -> zbus::Result<Answer>;
}

/// For administrators: backups and keys.
#[proxy(
    interface = "org.readmit.Store1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Store {
    /// Writes a backup into an empty file.
    #[zbus(allow_interactive_auth)]
    fn backup(&self, file: zbus::Fd<'_>) -> zbus::Result<Answer>;
    /// Replaces a key.
    #[zbus(allow_interactive_auth)]
    fn rotate_key(&self, options: Options) -> zbus::Result<Answer>;
    /// The keys, and how far sealing everything again is.
    #[zbus(allow_interactive_auth)]
    fn keys(&self) -> zbus::Result<Answer>;
}
