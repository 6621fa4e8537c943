//! The daemon over the bus: the calls that the demonstration makes, as a front end and as an administrator.

use std::collections::HashMap;

use zbus::connection::Builder;
use zbus::{Connection, DeserializeDict, Type, Variant};

use crate::limits;

/// The daemon's name on the bus.
pub const NAME: &str = "org.readmit.Recovery1";

/// A dictionary as it goes to the bus.
pub type Options = HashMap<&'static str, Variant<'static>>;

/// A case as the person may see it.
#[derive(Debug, Default, Clone, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct CaseView {
    /// The state's word.
    pub state: Option<String>,
    /// What happened and what to do next.
    pub message: Option<String>,
    /// The steps in order.
    pub steps: Option<Vec<StepView>>,
    /// What is left to do after the sign-in.
    pub tasks: Option<Vec<String>>,
}

impl CaseView {
    /// The state's word.
    #[must_use]
    pub fn state(&self) -> &str {
        self.state.as_deref().unwrap_or_default()
    }

    /// The step of this factor.
    #[must_use]
    pub fn step(&self, factor: &str) -> Option<&StepView> {
        self.steps.iter().flatten().find(|step| step.factor.as_deref() == Some(factor))
    }
}

/// One step of a case.
#[derive(Debug, Default, Clone, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct StepView {
    /// What is to be proven.
    pub factor: Option<String>,
    /// How it stands.
    pub state: Option<String>,
    /// The masked address.
    pub hint: Option<String>,
    /// The digits to type on the phone.
    pub code: Option<String>,
    /// Tries left.
    pub tries_left: Option<u32>,
    /// When it may be started again; 0 means now.
    pub resend_after: Option<u64>,
    /// How the last delivery ended.
    pub disposition: Option<String>,
    /// What happened and what to do next.
    pub message: Option<String>,
    /// How far a call is.
    pub phase: Option<String>,
    /// The address that messages come from.
    pub sender: Option<String>,
}

impl StepView {
    /// How it stands.
    #[must_use]
    pub fn state(&self) -> &str {
        self.state.as_deref().unwrap_or_default()
    }
}

/// What a proof came to.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct Submitted {
    /// Whether it was right.
    pub accepted: Option<bool>,
    /// What to do next.
    pub message: Option<String>,
}

/// What opening a link came to.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct OpenedLink {
    /// `proven`, or `code` in another browser.
    pub result: Option<String>,
    /// The code to type into the first page.
    pub code: Option<String>,
    /// From where the recovery was asked.
    pub client: Option<String>,
}

/// The one sign-in.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct Claimed {
    /// `deactivated` or `kept`.
    pub device: Option<String>,
    /// Whether the password must be changed.
    pub force_password_change: Option<bool>,
    /// What is left to do.
    pub tasks: Option<Vec<String>>,
}

/// A new device.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct Enrollment {
    /// The device's id, where an administrator enrolled it.
    pub device: Option<String>,
    /// The secret in base32.
    pub secret: Option<String>,
    /// The URI that the QR code shows.
    pub uri: Option<String>,
}

/// A device on file.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct DeviceView {
    /// Its id.
    pub device: Option<String>,
    /// What the person calls it.
    pub label: Option<String>,
    /// `active` or `deactivated`.
    pub status: Option<String>,
}

/// A case in a list.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct ListedCase {
    /// Its id.
    pub case: Option<String>,
}

/// A plugin and how it is.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct PluginView {
    /// Its name in the configuration.
    pub plugin: Option<String>,
    /// `running`, `starting`, `stopped` or `failed`.
    pub state: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// What checking the journal came to.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct Verified {
    /// Whether the chain is whole.
    pub ok: Option<bool>,
    /// How many rows it has.
    pub rows: Option<u64>,
    /// The hash of the last row.
    pub head: Option<String>,
    /// Where and why it is broken.
    pub why: Option<String>,
}

/// For front ends: a whole recovery.
#[zbus::proxy(
    interface = "org.readmit.Recovery1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Recovery {
    /// Opens a case.
    fn open(&self, account: &str, reason: &str, context: Options) -> zbus::Result<String>;
    /// The case, as its person may see it.
    fn show(&self, case: &str) -> zbus::Result<CaseView>;
    /// Delivers a factor's challenge, also again.
    fn start(&self, case: &str, factor: &str) -> zbus::Result<StepView>;
    /// Hands in a proof.
    fn submit(&self, case: &str, factor: &str, proof: &[&str]) -> zbus::Result<Submitted>;
    /// Opens the link of an e-mail in a browser.
    fn open_link(&self, token: &str, browser: &str) -> zbus::Result<OpenedLink>;
    /// Says "this was not me".
    fn veto(&self, token: &str) -> zbus::Result<()>;
    /// The one sign-in of a proven case.
    fn claim(&self, case: &str) -> zbus::Result<Claimed>;
    /// The change of password that the outcome asks for.
    fn change_password(&self, case: &str, password: &str) -> zbus::Result<()>;
    /// A new device's secret.
    fn begin_enrollment(&self, case: &str, label: &str) -> zbus::Result<Enrollment>;
    /// Confirms the new device by two consecutive codes.
    fn confirm_enrollment(&self, case: &str, first: &str, second: &str) -> zbus::Result<()>;
}

/// For front ends: the sign-in itself.
#[zbus::proxy(
    interface = "org.readmit.Authentication1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Authentication {
    /// Checks a code of a device.
    fn verify(&self, account: &str, code: &str) -> zbus::Result<String>;
}

/// For administrators: accounts.
#[zbus::proxy(
    interface = "org.readmit.Accounts1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Accounts {
    /// Puts an account on file.
    fn add(&self, id: &str, properties: Options) -> zbus::Result<()>;
    /// Sets the password.
    fn set_password(&self, id: &str, password: &str) -> zbus::Result<()>;
    /// A new set of recovery codes.
    fn issue_recovery_codes(&self, id: &str) -> zbus::Result<Vec<String>>;
}

/// For administrators: devices.
#[zbus::proxy(
    interface = "org.readmit.Devices1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Devices {
    /// Binds a device to an account.
    fn enroll(&self, account: &str, properties: Options) -> zbus::Result<Enrollment>;
    /// An account's devices.
    fn list(&self, account: &str) -> zbus::Result<Vec<DeviceView>>;
}

/// For administrators and support: cases.
#[zbus::proxy(
    interface = "org.readmit.Cases1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Cases {
    /// Cases that fit a filter.
    fn list(&self, filter: Options, offset: u32, limit: u32) -> zbus::Result<Vec<ListedCase>>;
}

/// For administrators: plugins.
#[zbus::proxy(
    interface = "org.readmit.Plugins1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Plugins {
    /// The plugins and how they are.
    fn list(&self) -> zbus::Result<Vec<PluginView>>;
}

/// For auditors: the journal.
#[zbus::proxy(
    interface = "org.readmit.Audit1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
pub trait Audit {
    /// Checks the whole chain.
    fn verify(&self) -> zbus::Result<Verified>;
}

/// Every interface of the daemon on one connection.
#[derive(Debug, Clone)]
pub struct Client {
    /// The connection.
    pub connection: Connection,
    /// For front ends: a whole recovery.
    pub recovery: RecoveryProxy<'static>,
    /// For front ends: the sign-in itself.
    pub authentication: AuthenticationProxy<'static>,
    /// For administrators: accounts.
    pub accounts: AccountsProxy<'static>,
    /// For administrators: devices.
    pub devices: DevicesProxy<'static>,
    /// For administrators and support: cases.
    pub cases: CasesProxy<'static>,
    /// For administrators: plugins.
    pub plugins: PluginsProxy<'static>,
    /// For auditors: the journal.
    pub audit: AuditProxy<'static>,
}

impl Client {
    /// Connects to a bus.
    ///
    /// # Errors
    /// If nothing listens at this address.
    pub async fn connect(address: &str) -> zbus::Result<Self> {
        let connection = Builder::address(address).method_timeout(limits::BUS_CALL).build().await?;
        Ok(Self {
            recovery: RecoveryProxy::new(&connection).await?,
            authentication: AuthenticationProxy::new(&connection).await?,
            accounts: AccountsProxy::new(&connection).await?,
            devices: DevicesProxy::new(&connection).await?,
            cases: CasesProxy::new(&connection).await?,
            plugins: PluginsProxy::new(&connection).await?,
            audit: AuditProxy::new(&connection).await?,
            connection,
        })
    }
}
