//! What a policy is told: the facts of a case, fixed when it opens (and again when support resolves it), so
//! that one question always has one answer. No whole address or number is among them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::{Form, Reason};
use crate::factor::Factor;
use crate::id::{AccountId, CaseHandle, DeviceId};
use crate::time::Timestamp;

/// Everything about the outside of a case that a policy may decide by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The account.
    pub account: AccountFacts,
    /// The device that is to be replaced or put right, if the account has one.
    pub device: Option<DeviceFacts>,
    /// From where the recovery is asked.
    pub client: Client,
    /// What happened to this account before.
    pub history: History,
}

/// What is on file about the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// The account's id.
    pub id: AccountId,
    /// Its realm.
    pub realm: String,
    /// Its kind.
    pub kind: String,
    /// Its groups.
    pub groups: Vec<String>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// When it was put on file.
    pub created_at: Timestamp,
    /// The first e-mail address, where there is a verified one.
    pub email: Option<EmailFacts>,
    /// The first phone number, where there is a verified one.
    pub phone: Option<PhoneFacts>,
    /// What else it could prove with.
    pub has: Has,
}

/// What a policy may know of an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailFacts {
    /// The domain, in lower case.
    pub domain: String,
    /// When it was shown to be the person's.
    pub verified_at: Option<Timestamp>,
    /// When it was last replaced.
    pub changed_at: Option<Timestamp>,
    /// Whether the mailbox is itself behind this account.
    pub same_mailbox_as_account: bool,
}

/// What a policy may know of a phone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneFacts {
    /// The country as ISO 3166-1 alpha-2, as the organization put it on file or by the calling code where that
    /// is unambiguous; empty where neither tells.
    pub country: String,
    /// When it was shown to be the person's.
    pub verified_at: Option<Timestamp>,
    /// When it was last replaced.
    pub changed_at: Option<Timestamp>,
    /// Whether it rings on the device that is gone.
    pub on_lost_device: bool,
}

/// What else an account could prove with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Has {
    /// A password is set.
    pub password: bool,
    /// At least one recovery code is unspent.
    pub recovery_codes: bool,
    /// Another device is active.
    pub other_devices: bool,
    /// At least one recovery contact is on file.
    #[serde(default)]
    pub contacts: bool,
}

/// What a policy may know of the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFacts {
    /// Its id.
    pub id: DeviceId,
    /// Where its secret lives.
    pub form: Form,
    /// What the person calls it.
    pub label: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
}

/// From where a recovery is asked, as the front end says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The network address.
    pub address: Option<String>,
    /// The browser's own name.
    pub user_agent: Option<String>,
    /// The language asked for (BCP 47).
    pub locale: Option<String>,
    /// Whether the front end knows this browser as the account's.
    pub known: bool,
}

/// What happened to the account before this case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Cases opened in the last 24 hours, this one not counted.
    pub opened_24h: u32,
    /// Failed challenges and deliveries in the last 24 hours.
    pub failed_24h: u32,
    /// Recoveries in the last 90 days.
    pub recovered_90d: u32,
    /// The last recovery.
    pub last_recovered_at: Option<Timestamp>,
}

/// One failure of a factor in a case: a delivery that did not arrive, or a challenge lost to wrong tries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The factor.
    pub factor: Factor,
    /// How it ended.
    pub disposition: crate::disposition::Disposition,
    /// How often this factor has failed in this case, this time included.
    pub count: u32,
    /// When.
    pub at: Timestamp,
}

/// Which question a policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// A case opens: what must be proven?
    Open,
    /// A factor is proven: is more needed?
    Proved,
    /// A factor failed: what now?
    Failed,
    /// Everything is proven: what happens to the account?
    Recovered,
}

impl Hook {
    /// Every hook.
    pub const ALL: [Self; 4] = [Self::Open, Self::Proved, Self::Failed, Self::Recovered];

    /// The name of the Lua function.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Proved => "proved",
            Self::Failed => "failed",
            Self::Recovered => "recovered",
        }
    }
}

/// One question to a policy, complete: the same question always gets the same verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Which hook is asked.
    pub hook: Hook,
    /// In which case.
    pub case: CaseHandle,
    /// Why the recovery is wanted.
    pub reason: Reason,
    /// The facts.
    pub facts: Facts,
    /// What is proven so far, in order.
    pub proven: Vec<Factor>,
    /// What failed so far, in order.
    pub failures: Vec<Failure>,
    /// The factor that has just been proven, for [`Hook::Proved`].
    pub factor: Option<Factor>,
    /// The failure that has just happened, for [`Hook::Failed`]; also the last of `failures`.
    pub failure: Option<Failure>,
    /// When.
    pub now: Timestamp,
}
