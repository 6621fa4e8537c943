//! The interfaces for administrators, support and auditors, as the daemon's introspection data states them.
//!
//! Each call says whether somebody can be asked for a password meanwhile; what is told by signals is in
//! [`super::proxies`].

use std::collections::BTreeMap;

use serde::Serialize;
use zbus::proxy::MethodFlags;
use zbus::wire::DynamicDeserialize;
use zbus::{Connection, DynamicType, Fd, Proxy};

use super::NAME;
use super::value::{Answer, Options};

const PATH: &str = "/org/readmit/Recovery1";

/// Whether somebody can be asked for an administrator's password while a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// There is a terminal, or an agent was asked for.
    Allowed,
    /// Nobody is there; what takes a password is refused at once.
    Forbidden,
}

/// One interface of the daemon's, and how it is called.
struct Caller {
    proxy: Proxy<'static>,
    flags: MethodFlags,
}

impl Caller {
    async fn new(connection: &Connection, interface: &'static str, asking: Asking) -> zbus::Result<Self> {
        let proxy = Proxy::new(connection, NAME, PATH, interface).await?;
        let flags = match asking {
            Asking::Allowed => MethodFlags::ALLOW_INTERACTIVE_AUTH,
            Asking::Forbidden => MethodFlags::empty(),
        };
        Ok(Self { proxy, flags })
    }

    async fn call<B, R>(&self, method: &'static str, body: &B) -> zbus::Result<R>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        // Without an answer there is none only where none was asked for.
        self.proxy.call_with_flags(method, self.flags, body).await?.ok_or(zbus::Error::InvalidReply)
    }
}

/// An interface: its methods as functions, each with the member that it calls.
macro_rules! interface {
    (
        $(#[$doc:meta])*
        $name:ident = $interface:literal {
            $(
                $(#[$about:meta])*
                fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty = $member:literal;
            )*
        }
    ) => {
        $(#[$doc])*
        pub struct $name(Caller);

        impl $name {
            /// The interface, over this connection.
            ///
            /// # Errors
            /// The connection is gone.
            pub async fn new(connection: &Connection, asking: Asking) -> zbus::Result<Self> {
                Ok(Self(Caller::new(connection, $interface, asking).await?))
            }

            $(
                $(#[$about])*
                ///
                /// # Errors
                /// The daemon's, or the bus's.
                pub async fn $method(&self, $($argument: $type),*) -> zbus::Result<$answer> {
                    self.0.call($member, &($($argument,)*)).await
                }
            )*
        }
    };
}

interface! {
    /// For administrators: accounts.
    AccountsProxy = "org.readmit.Accounts1" {
        /// Puts an account on file.
        fn add(id: &str, properties: Options) -> () = "Add";
        /// Changes what is on file.
        fn set(id: &str, properties: Options) -> () = "Set";
        /// What is on file.
        fn show(id: &str) -> Answer = "Show";
        /// Accounts that fit a filter.
        fn list(filter: Options, offset: u32, limit: u32) -> Vec<Answer> = "List";
        /// Puts accounts of a list on file; the answer says what became of each.
        fn import(rows: &[Options], options: Options) -> Vec<Answer> = "Import";
        /// Accounts as a list, behind one on.
        fn export(after: &str, limit: u32) -> Vec<Answer> = "Export";
        /// Sends a test message to the address on file.
        fn test_email(id: &str) -> Answer = "TestEmail";
        /// Calls the number on file and asks for the code.
        fn test_phone(id: &str, code: &str) -> Answer = "TestPhone";
        /// Removes an account and its devices.
        fn remove(id: &str) -> () = "Remove";
        /// A new set of recovery codes; the old ones stop working.
        fn issue_recovery_codes(id: &str) -> Vec<String> = "IssueRecoveryCodes";
        /// An access pass that lives for so many seconds.
        fn issue_pass(id: &str, seconds: u32) -> String = "IssuePass";
        /// Sends an access pass to the address on file; the answer is that address, masked.
        fn send_pass(id: &str, seconds: u32) -> String = "SendPass";
        /// Sets the password.
        fn set_password(id: &str, password: &str) -> () = "SetPassword";
    }
}

interface! {
    /// For administrators: devices.
    DevicesProxy = "org.readmit.Devices1" {
        /// Binds a device to an account.
        fn enroll(account: &str, properties: Options) -> Answer = "Enroll";
        /// An account's devices.
        fn list(account: &str) -> Vec<Answer> = "List";
        /// Takes a device out of use.
        fn deactivate(device: &str, because: &str) -> () = "Deactivate";
        /// Deletes a device's entry.
        fn delete(device: &str) -> () = "Delete";
        /// Puts a drifting device right.
        fn resync(device: &str, first: &str, second: &str) -> bool = "Resync";
    }
}

interface! {
    /// For administrators and support: cases.
    CasesProxy = "org.readmit.Cases1" {
        /// Cases that fit a filter.
        fn list(filter: Options, offset: u32, limit: u32) -> Vec<Answer> = "List";
        /// A case with its whole history.
        fn show(case: &str) -> Answer = "Show";
        /// Has every change of a case told to this connection.
        fn watch() -> () = "Watch";
        /// Vouches for the person.
        fn approve(case: &str, because: &str) -> () = "Approve";
        /// Refuses the case.
        fn deny(case: &str, because: &str) -> () = "Deny";
        /// Decides an escalated case.
        fn resolve(case: &str, resolution: Options) -> () = "Resolve";
    }
}

interface! {
    /// For administrators: policies.
    PoliciesProxy = "org.readmit.Policies1" {
        /// The versions that are kept.
        fn list() -> Vec<Answer> = "List";
        /// Reads the policies again; the answer is the version that is in force, or waits.
        fn reload() -> String = "Reload";
        /// Approves the version that waits; the answer is its whole name.
        fn activate(version: &str) -> String = "Activate";
        /// Brings an earlier version back; the answer is its whole name.
        fn rollback(version: &str) -> String = "Rollback";
        /// What the policy would decide, and why.
        fn explain(account: &str, reason: &str, context: Options) -> Answer = "Explain";
        /// Decisions since a time and behind a number; none at the end.
        fn decisions(since: u64, after: u64, limit: u32) -> Vec<Answer> = "Decisions";
        /// Which accounts have a way back, behind one on.
        fn readiness(filter: Options, after: &str, limit: u32) -> Vec<Answer> = "Readiness";
        /// Asks a candidate beside the policies in force; the answer is its version.
        fn shadow(files: &BTreeMap<String, String>) -> String = "Shadow";
        /// Asks the candidate no longer.
        fn stop_shadow() -> () = "StopShadow";
        /// Where the candidate answered otherwise, behind a number on.
        fn differences(since: u64, after: u64, limit: u32) -> Vec<Answer> = "Differences";
    }
}

interface! {
    /// For administrators: plugins.
    PluginsProxy = "org.readmit.Plugins1" {
        /// The plugins and how they are.
        fn list() -> Vec<Answer> = "List";
        /// Sends a test to an address.
        fn test(plugin: &str, address: &str) -> Answer = "Test";
        /// Has a plugin try the way to its other side.
        fn probe(plugin: &str) -> Answer = "Probe";
        /// Starts a plugin anew.
        fn restart(plugin: &str) -> () = "Restart";
        /// Stops a channel.
        fn pause(channel: &str, because: &str) -> () = "Pause";
        /// Lets a channel go on.
        fn resume(channel: &str) -> () = "Resume";
    }
}

interface! {
    /// For administrators: how the daemon is.
    ManagerProxy = "org.readmit.Manager1" {
        /// How everything is.
        fn status() -> Answer = "Status";
    }
}

interface! {
    /// For auditors: the journal.
    AuditProxy = "org.readmit.Audit1" {
        /// Entries since a time.
        fn read(since: u64, limit: u32) -> Vec<Answer> = "Read";
        /// Entries behind one; none at the end.
        fn read_behind(after: u64, limit: u32) -> Vec<Answer> = "ReadBehind";
        /// Has every alert told to this connection.
        fn watch() -> () = "Watch";
        /// Checks the whole chain.
        fn verify() -> Answer = "Verify";
    }
}

interface! {
    /// For administrators: backups and keys.
    StoreProxy = "org.readmit.Store1" {
        /// Writes a backup into an empty file.
        fn backup(file: Fd<'_>) -> Answer = "Backup";
        /// Replaces a key.
        fn rotate_key(options: Options) -> Answer = "RotateKey";
        /// The keys, and how far sealing everything again is.
        fn keys() -> Answer = "Keys";
    }
}
