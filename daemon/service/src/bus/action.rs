//! Every right that the interfaces for administrators know, each the name of an action of polkit. The methods are
//! listed here and nowhere else: contrib/polkit/org.readmit.policy describes them for people, and a test compares.

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        /// A right that polkit is asked for: `org.readmit.<interface>.<verb>`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name to polkit.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => concat!("org.readmit.", $id),)* }
            }
        }
    };
}

actions! {
    /// Accounts1.Add
    AccountsAdd = "accounts.add",
    /// Accounts1.Set
    AccountsSet = "accounts.set",
    /// Accounts1.Show
    AccountsShow = "accounts.show",
    /// Accounts1.List
    AccountsList = "accounts.list",
    /// No method: whole addresses in what Show and List answer, instead of masked ones.
    AccountsShowAddresses = "accounts.show-addresses",
    /// Accounts1.Import
    AccountsImport = "accounts.import",
    /// Accounts1.Export
    AccountsExport = "accounts.export",
    /// Accounts1.TestEmail
    AccountsTestEmail = "accounts.test-email",
    /// Accounts1.TestPhone
    AccountsTestPhone = "accounts.test-phone",
    /// Accounts1.Remove
    AccountsRemove = "accounts.remove",
    /// Accounts1.IssueRecoveryCodes
    AccountsIssueRecoveryCodes = "accounts.issue-recovery-codes",
    /// Accounts1.IssuePass
    AccountsIssuePass = "accounts.issue-pass",
    /// Accounts1.SendPass
    AccountsSendPass = "accounts.send-pass",
    /// Accounts1.SetPassword
    AccountsSetPassword = "accounts.set-password",
    /// Devices1.Enroll
    DevicesEnroll = "devices.enroll",
    /// Devices1.List
    DevicesList = "devices.list",
    /// Devices1.Deactivate
    DevicesDeactivate = "devices.deactivate",
    /// Devices1.Delete
    DevicesDelete = "devices.delete",
    /// Devices1.Resync
    DevicesResync = "devices.resync",
    /// Cases1.List
    CasesList = "cases.list",
    /// Cases1.Show
    CasesShow = "cases.show",
    /// Cases1.Watch
    CasesWatch = "cases.watch",
    /// Cases1.Approve
    CasesApprove = "cases.approve",
    /// Cases1.Deny
    CasesDeny = "cases.deny",
    /// Cases1.Resolve
    CasesResolve = "cases.resolve",
    /// Policies1.Watch
    PoliciesWatch = "policies.watch",
    /// Policies1.List
    PoliciesList = "policies.list",
    /// Policies1.Reload
    PoliciesReload = "policies.reload",
    /// Policies1.Activate
    PoliciesActivate = "policies.activate",
    /// Policies1.Rollback
    PoliciesRollback = "policies.rollback",
    /// Policies1.Explain
    PoliciesExplain = "policies.explain",
    /// Policies1.Readiness
    PoliciesReadiness = "policies.readiness",
    /// Policies1.Decisions
    PoliciesDecisions = "policies.decisions",
    /// Policies1.Shadow
    PoliciesShadow = "policies.shadow",
    /// Policies1.StopShadow
    PoliciesStopShadow = "policies.stop-shadow",
    /// Policies1.Differences
    PoliciesDifferences = "policies.differences",
    /// Plugins1.List
    PluginsList = "plugins.list",
    /// Plugins1.Test
    PluginsTest = "plugins.test",
    /// Plugins1.Probe
    PluginsProbe = "plugins.probe",
    /// Plugins1.Restart
    PluginsRestart = "plugins.restart",
    /// Plugins1.Pause
    PluginsPause = "plugins.pause",
    /// Plugins1.Resume
    PluginsResume = "plugins.resume",
    /// Manager1.Status
    ManagerStatus = "manager.status",
    /// Audit1.Watch
    AuditWatch = "audit.watch",
    /// Audit1.Read
    AuditRead = "audit.read",
    /// Audit1.ReadBehind
    AuditReadBehind = "audit.read-behind",
    /// Audit1.Verify
    AuditVerify = "audit.verify",
    /// Store1.Backup
    StoreBackup = "store.backup",
    /// Store1.RotateKey
    StoreRotateKey = "store.rotate-key",
    /// Store1.Keys
    StoreKeys = "store.keys",
}

/// What somebody asks to be allowed: an action, and what it is about, for the rules to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(super) action: Action,
    pub(super) details: Vec<(&'static str, String)>,
    /// What is granted beside it where the caller may, without asking anybody for a password.
    pub(super) beside: Option<Action>,
}

impl Action {
    /// The action, about this.
    #[must_use]
    pub fn about(self, key: &'static str, value: impl Into<String>) -> Request {
        Request::from(self).about(key, value)
    }

    /// The action of a method: `org.readmit.Accounts1`, `IssuePass`.
    #[must_use]
    pub fn of(interface: &str, method: &str) -> Option<Self> {
        let interface = interface.strip_prefix("org.readmit.")?;
        let interface = interface.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_ascii_lowercase();
        let id = format!("org.readmit.{interface}.{}", kebab_case(method));
        Self::ALL.iter().copied().find(|action| action.id() == id)
    }

    /// Whether this is the action of a method of that name, on whatever interface.
    pub(super) fn is_of(self, method: &str) -> bool {
        self.id().rsplit('.').next() == Some(kebab_case(method).as_str())
    }
}

impl Request {
    /// The same, about this as well.
    #[must_use]
    pub fn about(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.details.push((key, value.into()));
        self
    }

    /// The same, and this where the caller may.
    #[must_use]
    pub const fn beside(mut self, action: Action) -> Self {
        self.beside = Some(action);
        self
    }
}

impl From<Action> for Request {
    fn from(action: Action) -> Self {
        Self { action, details: Vec::new(), beside: None }
    }
}

fn kebab_case(method: &str) -> String {
    let mut name = String::with_capacity(method.len() + 4);
    for (at, letter) in method.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_its_action() {
        let table = [
            ("org.readmit.Accounts1", "IssueRecoveryCodes", Some(Action::AccountsIssueRecoveryCodes)),
            ("org.readmit.Cases1", "List", Some(Action::CasesList)),
            ("org.readmit.Recovery1", "Open", None),
            ("org.example.Cases1", "List", None),
            ("org.readmit.Cases1", "list-", None),
        ];
        for (interface, method, wanted) in table {
            assert_eq!(Action::of(interface, method), wanted, "{interface}.{method}");
        }
        assert!(Action::AccountsIssuePass.is_of("IssuePass"));
        assert!(!Action::AccountsIssuePass.is_of("Pass"));
    }
}
