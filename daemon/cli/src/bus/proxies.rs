//! What front ends call, and what the daemon tells by signals, as its introspection data states them.

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

/// What is told to administrators and support: cases, to who asked by `Watch`.
#[proxy(
    interface = "org.readmit.Cases1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait CasesSignals {
    /// A case has changed.
    #[zbus(signal)]
    fn changed(&self, case: &str, account: &str, state: &str, reason: &str) -> zbus::Result<()>;
}

/// What is told to auditors: the journal, to who asked by `Watch`.
#[proxy(
    interface = "org.readmit.Audit1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait AuditSignals {
    /// People should look at this.
    #[zbus(signal)]
    fn alert(&self, kind: &str, detail: Answer) -> zbus::Result<()>;
}
