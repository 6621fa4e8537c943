//! What the daemon shows of a case: dictionaries in the words of the glossary, times as Unix seconds.
//!
//! Every key may be missing, since a daemon may be older than the portal; what is missing is empty.
//! What holds secrets has no `Debug`.

use zbus::{DeserializeDict, Type};

/// A case as its person may see it.
#[derive(Clone, Default, PartialEq, Eq, Hash, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct CaseView {
    /// `proving`, `held`, `recovered`, `completed`, `escalated`, `denied`, `vetoed`, `cancelled`, `expired`.
    pub(crate) state: Option<String>,
    pub(crate) account: Option<String>,
    /// `lost`, `stolen`, `damaged`, `not_working`, `out_of_sync`.
    pub(crate) reason: Option<String>,
    pub(crate) opened_at: Option<u64>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) held_until: Option<u64>,
    /// In the policy's order.
    pub(crate) steps: Option<Vec<StepView>>,
    /// The least number of steps that are left to prove.
    pub(crate) steps_left: Option<u32>,
    /// Of `sign_in`, `change_password`, `enroll`, what is left.
    pub(crate) tasks: Option<Vec<String>>,
    pub(crate) outcome: Option<OutcomeView>,
    pub(crate) support: Option<SupportView>,
    /// Only once everything is proven.
    pub(crate) ending: Option<EndingView>,
}

/// What only who has proven everything may know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct EndingView {
    pub(crate) recovered_at: Option<u64>,
    /// The old device: `virtual` or `hardware`.
    pub(crate) device_form: Option<String>,
    pub(crate) device_label: Option<String>,
    /// The new device, while it is being enrolled.
    pub(crate) enrolling: Option<String>,
    /// Pairs of codes that may still be wrong.
    pub(crate) tries_left: Option<u32>,
    /// The new device, once it is enrolled.
    pub(crate) enrolled: Option<String>,
}

/// One step of a case.
#[derive(Clone, Default, PartialEq, Eq, Hash, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct StepView {
    pub(crate) factor: Option<String>,
    /// `waiting`, `open`, `sent`, `proven`, `failed`.
    pub(crate) state: Option<String>,
    /// The masked address.
    pub(crate) hint: Option<String>,
    /// The digits to type on the telephone, while a call is under way.
    pub(crate) code: Option<String>,
    pub(crate) tries_left: Option<u32>,
    /// When it may be started again; 0 means now.
    pub(crate) resend_after: Option<u64>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) disposition: Option<String>,
    /// How far a call is: `calling`, `ringing`, `answered`, `prompting`, `wrong_digits`.
    pub(crate) phase: Option<String>,
    /// Whether it can still be proven, however often it was tried.
    pub(crate) possible: Option<bool>,
    /// Whether it is proven, open or to come; false for an alternative that was not taken.
    pub(crate) needed: Option<bool>,
    /// The address that messages come from.
    pub(crate) sender: Option<String>,
    /// What to do, in English.
    pub(crate) message: Option<String>,
}

/// What happens, or happened, to the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct OutcomeView {
    /// `deactivate` or `keep`.
    pub(crate) device: Option<String>,
    pub(crate) force_password_change: Option<bool>,
    pub(crate) revoke_sessions: Option<bool>,
    /// Seconds.
    pub(crate) enroll_within: Option<u64>,
}

/// Who helps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct SupportView {
    /// `support`, `administrator`, or any word of the policy's; only once people have the case.
    pub(crate) to: Option<String>,
    /// How to reach support, as the administrator wrote it.
    pub(crate) contact: Option<String>,
    pub(crate) ticket: Option<String>,
}

/// What a proof came to.
#[derive(Clone, Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct Submitted {
    pub(crate) accepted: Option<bool>,
    pub(crate) tries_left: Option<u32>,
}

/// What a click on an e-mailed link came to.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct Link {
    /// `proven`, or `code` in another browser.
    pub(crate) result: Option<String>,
    /// The case that is proven.
    pub(crate) case: Option<String>,
    /// The code to type into the page that opened the case.
    pub(crate) code: Option<String>,
    /// From where the recovery was asked.
    pub(crate) client: Option<String>,
    /// Masked.
    pub(crate) account: Option<String>,
}

/// The one sign-in.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct SignIn {
    pub(crate) account: Option<String>,
    pub(crate) revoke_sessions: Option<bool>,
    /// New ones, where one of the old was used. Shown once.
    pub(crate) recovery_codes: Option<Vec<String>>,
    /// The sign-in for another login, where one was asked for.
    pub(crate) token: Option<String>,
}

/// A new device. Shown once.
#[derive(Clone, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct Enrollment {
    /// In base32.
    pub(crate) secret: Option<String>,
    /// What the QR code says.
    pub(crate) uri: Option<String>,
    pub(crate) qr_svg: Option<String>,
}
