//! The parameters and results of each method.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Secret;
use crate::limits;

/// The names of the methods.
pub mod method {
    /// daemon → plugin: settings in, [`About`](super::About) out; always the first request.
    pub const INITIALIZE: &str = "initialize";
    /// daemon → plugin: deliver one message on a channel; answered by [`Ended`](super::Ended).
    pub const DELIVER: &str = "deliver";
    /// daemon → plugin: make one telephone call; answered by [`Ended`](super::Ended).
    pub const CALL: &str = "call";
    /// daemon → plugin: stop the delivery or call with this id.
    pub const CANCEL: &str = "cancel";
    /// daemon → plugin: are you there?
    pub const PING: &str = "ping";
    /// daemon → plugin: try the way to the other side, without sending anything to anybody; answered by
    /// [`Probed`](super::Probed). A plugin that knows no such request answers that it has no such method.
    pub const PROBE: &str = "probe";
    /// daemon → plugin: finish and exit.
    pub const SHUTDOWN: &str = "shutdown";
    /// plugin → daemon, notification: how far a call is.
    pub const PROGRESS: &str = "progress";
    /// plugin → daemon: are these digits right? Answered by [`Checked`](super::Checked).
    pub const CHECK: &str = "check";
    /// plugin → daemon, notification: a line for the daemon's log.
    pub const LOG: &str = "log";
}

/// How a delivery or call ended, in the words that the daemon, the policies and the pages know.
pub mod disposition {
    /// A message was taken over by the next server.
    pub const SENT: &str = "sent";
    /// The right digits were entered.
    pub const ENTERED: &str = "entered";
    /// The line was busy.
    pub const BUSY: &str = "busy";
    /// It rang, and nobody answered.
    pub const NO_ANSWER: &str = "no_answer";
    /// The person declined the call.
    pub const DECLINED: &str = "declined";
    /// The call was answered, and no digits came.
    pub const NO_INPUT: &str = "no_input";
    /// Digits came, and none were right.
    pub const WRONG_DIGITS: &str = "wrong_digits";
    /// The person hung up.
    pub const HUNG_UP: &str = "hung_up";
    /// The other side refuses this message or call for good.
    pub const REJECTED: &str = "rejected";
    /// The address or number cannot exist.
    pub const INVALID_ADDRESS: &str = "invalid_address";
    /// The other side could not be reached in time.
    pub const UNREACHABLE: &str = "unreachable";
    /// Rules of the organization or of the plugin do not allow it.
    pub const BLOCKED: &str = "blocked";
    /// The provider's account or configuration is at fault.
    pub const PROVIDER_ERROR: &str = "provider_error";
    /// The daemon cancelled it.
    pub const CANCELLED: &str = "cancelled";
}

/// How far a call is, as [`Progress`] tells it.
pub mod phase {
    /// The telephone rings.
    pub const RINGING: &str = "ringing";
    /// The call was answered.
    pub const ANSWERED: &str = "answered";
    /// The person was asked for the digits.
    pub const PROMPTING: &str = "prompting";
}

/// Parameters of `initialize`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Initialize {
    /// The version that the daemon speaks, [`crate::PROTOCOL`].
    pub protocol: u32,
    /// The plugin's own settings, as the administrator wrote them.
    pub settings: Value,
}

impl fmt::Debug for Initialize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Settings may hold what an administrator should have put elsewhere.
        f.debug_struct("Initialize")
            .field("protocol", &self.protocol)
            .field("settings", &"[redacted]")
            .finish()
    }
}

/// Result of `initialize`: what this plugin is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The plugin's name, for people.
    pub name: String,
    /// The plugin's version, for people.
    pub version: String,
    /// The channels that it serves: `email`, `voice`, `sms` …
    pub channels: Vec<String>,
}

/// Parameters of `deliver`: one message for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// The idempotency key: the same id is one and the same message.
    pub id: String,
    /// The channel to deliver on.
    pub channel: String,
    /// The address or number.
    pub to: Secret,
    /// What the message is for: `verification`, `notice` …
    pub purpose: String,
    /// The person's language, as a BCP 47 tag.
    pub locale: String,
    /// What the message says, by name.
    pub fields: BTreeMap<String, Secret>,
    /// Milliseconds from now in which an answer is wanted.
    pub deadline_ms: u64,
}

impl Deliver {
    /// Returns how long the delivery may take, bounded by [`limits::MAX_DEADLINE`].
    #[must_use]
    pub fn deadline(&self) -> Duration {
        bounded(self.deadline_ms)
    }
}

/// Parameters of `call`: one telephone call that asks for digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The idempotency key: the same id is one and the same call.
    pub id: String,
    /// The telephone number, E.164.
    pub to: Secret,
    /// The person's language, as a BCP 47 tag.
    pub locale: String,
    /// What the prompts may mention, by name. The code is never among them.
    pub fields: BTreeMap<String, Secret>,
    /// How many keys a code has.
    pub digits: u8,
    /// How many codes may be tried in this call.
    pub tries: u8,
    /// Milliseconds from now in which an answer is wanted.
    pub deadline_ms: u64,
}

impl Call {
    /// Returns how long the call may take, bounded by [`limits::MAX_DEADLINE`].
    #[must_use]
    pub fn deadline(&self) -> Duration {
        bounded(self.deadline_ms)
    }
}

fn bounded(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds).min(limits::MAX_DEADLINE)
}

/// Result of `deliver` and `call`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// How it ended: one of [`disposition`], or a word of the plugin's own.
    pub disposition: String,
    /// The provider's name for this message or call, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// What exactly happened, for administrators; never a code, a token or a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Ended {
    /// Returns an end with this disposition and nothing else.
    #[must_use]
    pub fn new(disposition: impl Into<String>) -> Self {
        Self { disposition: disposition.into(), provider_id: None, detail: None }
    }

    /// Adds what exactly happened.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the provider's name for it.
    #[must_use]
    pub fn with_provider_id(mut self, id: impl Into<String>) -> Self {
        self.provider_id = Some(id.into());
        self
    }
}

/// Parameters of `probe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Milliseconds from now in which an answer is wanted.
    pub deadline_ms: u64,
}

impl Probe {
    /// Returns how long the probe may take, bounded by [`limits::MAX_DEADLINE`].
    #[must_use]
    pub fn deadline(&self) -> Duration {
        bounded(self.deadline_ms)
    }
}

/// Result of `probe`: how far the way to the other side goes, step by step. It ends at the first step that fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probed {
    /// The steps, in their order.
    pub steps: Vec<ProbeStep>,
}

/// One step on the way to the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeStep {
    /// What was tried: `dns`, `connect`, `tls`, `login` …
    pub name: String,
    /// Whether it worked.
    pub ok: bool,
    /// What was found, or the real reason; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ProbeStep {
    /// Returns a step that worked.
    #[must_use]
    pub fn passed(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), ok: true, detail: Some(detail.into()) }
    }

    /// Returns a step that did not, with the reason.
    #[must_use]
    pub fn failed(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), ok: false, detail: Some(detail.into()) }
    }
}

/// Parameters of `cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The id of the delivery or call to stop.
    pub id: String,
}

/// Parameters of `check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The id of the call.
    pub id: String,
    /// What the person typed.
    pub digits: Secret,
}

/// Result of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    /// Whether the digits were right.
    pub accepted: bool,
    /// How many more tries there are.
    pub tries_left: u32,
}

/// Parameters of the notification `progress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The id of the call.
    pub id: String,
    /// One of [`phase`].
    pub phase: String,
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something does not work.
    Error,
    /// Something works, but not as it should.
    Warn,
    /// Worth knowing.
    Info,
    /// For who looks for a fault.
    Debug,
}

/// Parameters of the notification `log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How much it matters.
    pub level: LogLevel,
    /// The line; never an address, a number, a code or a token.
    pub message: String,
}

/// Result of `ping`, `cancel` and `shutdown`: an empty object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {}
