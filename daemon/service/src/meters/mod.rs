//! What is counted, for those who watch over the daemon: one [`Meters`] with a method for each thing that happens.
//!
//! Counters are told here as things happen, each by one line where it happens. How things stand (open cases, the
//! outbox, disk space) is not kept beside the store, but read from it when somebody scrapes (`state`). Labels are
//! words of the glossary and names of the configuration; no account, case, address or number is ever one.

mod families;
pub mod limits;
mod state;
mod tally;
mod text;
mod vocabulary;

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::facts::Hook;
use readmit_recovery::verdict::Verdict;
use readmit_store::{CommitError, CommitGroup, StoreObserver};

pub use state::Look;
pub use tally::Tally;
pub use text::Format;

use crate::causes::with_causes;
use crate::service::Verified;
use families::{
    ByCall, ByChannel, ByCountry, ByDelivery, ByFactorDisposition, ByFactorResult, ByHook, ByHookVerdict,
    ByKind, ByLimit, ByMethod, ByMethodResult, ByReason, ByResult, ByStateReason, Families, Word,
};
use vocabulary::{Vocabulary, country};

/// Everything that is counted. Shared by the whole daemon; counting takes nanoseconds and never waits.
pub struct Meters {
    families: Families,
    registry: Registry,
    words: Words,
    state: tokio::sync::Mutex<state::Seen>,
    well: Mutex<Option<Instant>>,
    /// Why the store took the last change not, if it did not.
    store_failure: Mutex<Option<String>>,
}

/// The words that labels have had, by what they name.
struct Words {
    channels: Vocabulary,
    plugins: Vocabulary,
    factors: Vocabulary,
    alerts: Vocabulary,
    methods: Vocabulary,
    limits: Vocabulary,
}

/// What happened to a set of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyChange {
    /// It came into force.
    Loaded,
    /// It waits for two persons.
    Pending,
    /// It was refused.
    Refused,
}

/// What was compared at sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInMethod {
    /// A one-time password.
    Code,
    /// A password.
    Password,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryEnd<'a> {
    /// On which channel.
    pub channel: &'a str,
    /// The plugin that had it last; none if none had.
    pub plugin: Option<&'a str>,
    /// How it ended.
    pub disposition: Disposition,
    /// The country of the telephone that it went to, where it went to one.
    pub country: Option<&'a str>,
    /// For how long a call was answered.
    pub answered: Duration,
}

impl Default for Meters {
    fn default() -> Self {
        Self::new()
    }
}

impl Meters {
    /// Meters at zero.
    #[must_use]
    pub fn new() -> Self {
        let families = Families::new();
        let registry = families.registry();
        let words = Words {
            channels: Vocabulary::new(limits::CHANNELS),
            plugins: Vocabulary::new(limits::PLUGINS),
            factors: Vocabulary::new(limits::FACTORS),
            alerts: Vocabulary::new(limits::ALERTS),
            methods: Vocabulary::new(limits::METHODS),
            limits: Vocabulary::new(limits::LIMITS),
        };
        let meters = Self {
            families,
            registry,
            words,
            state: tokio::sync::Mutex::default(),
            well: Mutex::default(),
            store_failure: Mutex::default(),
        };
        meters.begin();
        meters
    }

    /// Why the store did not take the last change; none if it did.
    #[must_use]
    pub fn store_failure(&self) -> Option<String> {
        self.store_failure.lock().clone()
    }

    /// A turn of a case was committed.
    pub fn turn(&self, tally: &Tally) {
        if let Some(reason) = tally.opened {
            self.families.opened.get_or_create(&ByReason { reason }).inc();
        }
        if let Some((state, reason)) = tally.ended {
            let label = ByStateReason { state: state.into(), reason: reason.into() };
            self.families.ended.get_or_create(&label).inc();
        }
        for (factor, result) in &tally.proofs {
            let label = ByFactorResult { factor: self.words.factors.word(factor), result };
            self.families.proofs.get_or_create(&label).inc();
        }
        for (factor, disposition) in &tally.failures {
            let label = ByFactorDisposition {
                factor: self.words.factors.word(factor),
                disposition: disposition.as_str(),
            };
            self.families.factor_failures.get_or_create(&label).inc();
        }
    }

    /// The policy has answered a question.
    pub fn decided(&self, hook: Hook, verdict: &Verdict, took: Duration) {
        let hook = hook.as_str();
        self.families.decisions.get_or_create(&ByHookVerdict { hook, verdict: word_of(verdict) }).inc();
        self.families.decision_time.get_or_create(&ByHook { hook }).observe(took.as_secs_f64());
    }

    /// Something happened to a set of policies.
    pub fn policies(&self, change: PolicyChange) {
        let result = match change {
            PolicyChange::Loaded => "loaded",
            PolicyChange::Pending => "pending",
            PolicyChange::Refused => "refused",
        };
        self.families.policy_changes.get_or_create(&ByResult { result }).inc();
    }

    /// A delivery was in the hands of a plugin for so long.
    pub fn attempted(&self, channel: &str, took: Duration) {
        let channel = self.words.channels.word(channel);
        self.families.attempts.get_or_create(&ByChannel { channel }).observe(took.as_secs_f64());
    }

    /// A delivery was put back for later.
    pub fn put_back(&self, channel: &str) {
        let channel = self.words.channels.word(channel);
        self.families.put_back.get_or_create(&ByChannel { channel }).inc();
    }

    /// A delivery that was only pretended has ended.
    pub fn pretended(&self) {
        self.families.pretended.inc();
    }

    /// A delivery has ended.
    pub fn delivered(&self, end: &DeliveryEnd<'_>) {
        let channel = self.words.channels.word(end.channel);
        let plugin: Word = end.plugin.map_or_else(|| "none".into(), |plugin| self.words.plugins.word(plugin));
        let label = ByDelivery {
            channel: channel.clone(),
            plugin: plugin.clone(),
            disposition: end.disposition.as_str(),
        };
        self.families.deliveries.get_or_create(&label).inc();
        let (Some(code), Some(_)) = (end.country, end.plugin) else { return };
        let label = ByCountry { channel, plugin, country: country(code) };
        self.families.phone_deliveries.get_or_create(&label).inc();
        self.families.phone_seconds.get_or_create(&label).inc_by(end.answered.as_secs_f64());
    }

    /// A call on the bus was answered: `ok`, or the last word of the error's name.
    pub fn called(&self, interface: &str, member: &str, result: &'static str, took: Duration) {
        let short = interface.rsplit('.').next().unwrap_or_default();
        let (interface, member) = (self.words.methods.word(short), self.words.methods.word(member));
        let label = ByMethod { interface: interface.clone(), member: member.clone() };
        self.families.call_time.get_or_create(&label).observe(took.as_secs_f64());
        self.families.calls.get_or_create(&ByCall { interface, member, result }).inc();
    }

    /// A request met a limit.
    pub fn limit_hit(&self, limit: &str) {
        let limit = self.words.limits.word(limit);
        self.families.limits_hit.get_or_create(&ByLimit { limit }).inc();
    }

    /// Somebody was alerted.
    pub fn alerted(&self, kind: &str) {
        let kind = self.words.alerts.word(kind);
        self.families.alerts.get_or_create(&ByKind { kind }).inc();
    }

    /// A code or a password was compared at sign-in.
    pub fn signed_in(&self, method: SignInMethod, verified: Verified) {
        let method = match method {
            SignInMethod::Code => "code",
            SignInMethod::Password => "password",
        };
        let label = ByMethodResult { method, result: verified.as_str() };
        self.families.sign_ins.get_or_create(&label).inc();
    }

    /// The journal was checked from end to end.
    pub fn journal_checked(&self, is_whole: bool) {
        self.journal_broken(!is_whole);
        self.families.journal_verified.set(state::unix_seconds());
    }

    /// A look at the journal has found that it is broken, or that it is not any more.
    pub fn journal_broken(&self, is_broken: bool) {
        self.families.journal_broken.set(i64::from(is_broken));
    }

    /// A batch of traces was sent, and taken or not.
    pub fn traces_sent(&self, taken: bool) {
        let result = if taken { "taken" } else { "dropped" };
        self.families.trace_batches.get_or_create(&ByResult { result }).inc();
    }

    /// The daemon has found itself well, and told its watchdog so.
    pub fn well(&self) {
        *self.well.lock() = Some(Instant::now());
    }
}

impl StoreObserver for Meters {
    fn group(&self, group: &CommitGroup, failed: Option<&CommitError>) {
        self.families.commit_time.observe(group.took.as_secs_f64());
        // A group has at most 256 changes.
        self.families.commit_changes.observe(f64::from(u32::try_from(group.changes).unwrap_or(u32::MAX)));
        if let Some(error) = failed {
            self.families.commits_failed.inc();
            *self.store_failure.lock() = Some(with_causes(error));
        } else if group.wrote {
            // What writes nothing proves nothing of the disk.
            *self.store_failure.lock() = None;
        }
    }

    fn limited(&self, scope: &'static str) {
        self.limit_hit(scope);
    }
}

/// The word for a verdict in the decision log.
const fn word_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Prove { .. } => "prove",
        Verdict::Escalate { .. } => "escalate",
        Verdict::Deny { .. } => "deny",
        Verdict::Retry { .. } => "retry",
        Verdict::Outcome(_) => "outcome",
        Verdict::Nothing => "nothing",
        Verdict::Unable { .. } => "unable",
    }
}
