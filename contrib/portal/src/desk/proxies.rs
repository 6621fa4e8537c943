//! The daemon's interfaces for front ends, as the bus has them.

use super::Dict;
use super::views::{CaseView, Enrollment, Link, SignIn, StepView, Submitted};

/// A whole recovery.
#[zbus::proxy(
    interface = "org.readmit.Recovery1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub(super) trait Recovery {
    fn open(&self, account: &str, reason: &str, context: Dict) -> zbus::Result<String>;
    fn show(&self, case: &str) -> zbus::Result<CaseView>;
    fn start(&self, case: &str, factor: &str) -> zbus::Result<StepView>;
    fn submit(&self, case: &str, factor: &str, proof: &[&str]) -> zbus::Result<Submitted>;
    fn open_link(&self, token: &str, browser: &str) -> zbus::Result<Link>;
    fn veto(&self, token: &str) -> zbus::Result<()>;
    fn escalate(&self, case: &str, form: Dict) -> zbus::Result<String>;
    fn cancel(&self, case: &str) -> zbus::Result<()>;
    fn claim(&self, case: &str) -> zbus::Result<SignIn>;
    fn claim_for(&self, case: &str, audience: &str, nonce: &str) -> zbus::Result<SignIn>;
    fn signing_keys(&self) -> zbus::Result<String>;
    fn change_password(&self, case: &str, password: &str) -> zbus::Result<()>;
    fn begin_enrollment(&self, case: &str, label: &str) -> zbus::Result<Enrollment>;
    fn confirm_enrollment(&self, case: &str, first: &str, second: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    fn case_changed(&self, case: &str, state: &str) -> zbus::Result<()>;
}

/// The sign-in itself.
#[zbus::proxy(
    interface = "org.readmit.Authentication1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub(super) trait Authentication {
    fn verify(&self, account: &str, code: &str) -> zbus::Result<String>;
    fn verify_password(&self, account: &str, password: &str) -> zbus::Result<String>;
    fn resync(&self, account: &str, first: &str, second: &str) -> zbus::Result<bool>;
}
