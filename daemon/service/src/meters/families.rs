//! The families: their names, labels and meaning. contrib/prometheus/README.md lists the same, and a test compares.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub(super) type Word = Arc<str>;
pub(super) type Seconds = Gauge<f64, AtomicU64>;
pub(super) type Timed<L> = Family<L, Histogram, fn() -> Histogram>;

macro_rules! labels {
    ($($name:ident { $($label:ident: $type:ty),+ })+) => {$(
        #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        pub(super) struct $name { $(pub(super) $label: $type),+ }
    )+};
}

labels! {
    ByReason { reason: &'static str }
    ByStateReason { state: Word, reason: Word }
    ByFactorResult { factor: Word, result: &'static str }
    ByFactorDisposition { factor: Word, disposition: &'static str }
    ByChannel { channel: Word }
    ByChannelState { channel: Word, state: &'static str }
    ByDelivery { channel: Word, plugin: Word, disposition: &'static str }
    ByCountry { channel: Word, plugin: Word, country: Word }
    ByHook { hook: &'static str }
    ByHookVerdict { hook: &'static str, verdict: &'static str }
    ByResult { result: &'static str }
    ByCall { interface: Word, member: Word, result: &'static str }
    ByMethod { interface: Word, member: Word }
    ByFile { file: &'static str }
    ByLimit { limit: Word }
    ByKind { kind: Word }
    ByMethodResult { method: &'static str, result: &'static str }
    ByPlugin { plugin: Word }
    ByVersion { version: Word }
}

/// Everything that is counted.
pub(super) struct Families {
    pub(super) cases: Family<ByStateReason, Gauge>,
    pub(super) oldest_escalated: Seconds,
    pub(super) opened: Family<ByReason, Counter>,
    pub(super) ended: Family<ByStateReason, Counter>,
    pub(super) proofs: Family<ByFactorResult, Counter>,
    pub(super) factor_failures: Family<ByFactorDisposition, Counter>,
    pub(super) sign_ins: Family<ByMethodResult, Counter>,
    pub(super) deliveries: Family<ByDelivery, Counter>,
    pub(super) pretended: Counter,
    pub(super) put_back: Family<ByChannel, Counter>,
    pub(super) attempts: Timed<ByChannel>,
    pub(super) phone_deliveries: Family<ByCountry, Counter>,
    pub(super) phone_seconds: Family<ByCountry, Counter<f64, AtomicU64>>,
    pub(super) outbox: Family<ByChannelState, Gauge>,
    pub(super) oldest_due: Seconds,
    pub(super) decisions: Family<ByHookVerdict, Counter>,
    pub(super) decision_time: Timed<ByHook>,
    pub(super) policy: Family<ByVersion, Gauge>,
    pub(super) policy_loaded: Seconds,
    pub(super) policy_refused: Gauge,
    pub(super) policy_changes: Family<ByResult, Counter>,
    pub(super) calls: Family<ByCall, Counter>,
    pub(super) call_time: Timed<ByMethod>,
    pub(super) commit_time: Histogram,
    pub(super) commit_changes: Histogram,
    pub(super) commits_failed: Counter,
    pub(super) store_size: Family<ByFile, Gauge>,
    pub(super) store_free: Gauge,
    pub(super) store_readable: Gauge,
    pub(super) journal_entries: Gauge,
    pub(super) journal_broken: Gauge,
    pub(super) journal_verified: Seconds,
    pub(super) limits_hit: Family<ByLimit, Counter>,
    pub(super) alerts: Family<ByKind, Counter>,
    pub(super) plugin_up: Family<ByPlugin, Gauge>,
    pub(super) plugin_restarts: Family<ByPlugin, Counter>,
    pub(super) watchdog_age: Seconds,
    pub(super) trace_batches: Family<ByResult, Counter>,
    pub(super) build: Family<ByVersion, Gauge>,
    pub(super) started: Seconds,
    pub(super) memory: Gauge,
    pub(super) cpu: Counter<f64, AtomicU64>,
}

impl Families {
    pub(super) fn new() -> Self {
        Self {
            cases: Family::default(),
            oldest_escalated: Seconds::default(),
            opened: Family::default(),
            ended: Family::default(),
            proofs: Family::default(),
            factor_failures: Family::default(),
            sign_ins: Family::default(),
            deliveries: Family::default(),
            pretended: Counter::default(),
            put_back: Family::default(),
            attempts: Timed::new_with_constructor(|| Histogram::new(PEERS)),
            phone_deliveries: Family::default(),
            phone_seconds: Family::default(),
            outbox: Family::default(),
            oldest_due: Seconds::default(),
            decisions: Family::default(),
            decision_time: Timed::new_with_constructor(|| Histogram::new(DECISIONS)),
            policy: Family::default(),
            policy_loaded: Seconds::default(),
            policy_refused: Gauge::default(),
            policy_changes: Family::default(),
            calls: Family::default(),
            call_time: Timed::new_with_constructor(|| Histogram::new(CALLS)),
            commit_time: Histogram::new(CALLS),
            commit_changes: Histogram::new(GROUPS),
            commits_failed: Counter::default(),
            store_size: Family::default(),
            store_free: Gauge::default(),
            store_readable: Gauge::default(),
            journal_entries: Gauge::default(),
            journal_broken: Gauge::default(),
            journal_verified: Seconds::default(),
            limits_hit: Family::default(),
            alerts: Family::default(),
            plugin_up: Family::default(),
            plugin_restarts: Family::default(),
            watchdog_age: Seconds::default(),
            trace_batches: Family::default(),
            build: Family::default(),
            started: Seconds::default(),
            memory: Gauge::default(),
            cpu: Counter::default(),
        }
    }

    /// A registry that tells all of them.
    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("readmit");
        self.register_recoveries(&mut registry);
        self.register_deliveries(&mut registry);
        self.register_policies(&mut registry);
        self.register_store(&mut registry);
        self.register_daemon(&mut registry);
        registry
    }

    fn register_recoveries(&self, to: &mut Registry) {
        to.register("cases", "Recoveries that have not ended, by state and reason", self.cases.clone());
        to.register_with_unit(
            "escalated_oldest_age",
            "Time since the oldest recovery that waits for people was opened; 0 if none waits",
            Unit::Seconds,
            self.oldest_escalated.clone(),
        );
        to.register("cases_opened", "Recoveries opened, by reason", self.opened.clone());
        to.register("cases_ended", "Recoveries ended, by their last state and reason", self.ended.clone());
        to.register("proofs", "Proofs compared in recoveries, by factor and result", self.proofs.clone());
        to.register(
            "factor_failures",
            "Factors that could not be delivered or were lost to wrong tries, by how that ended",
            self.factor_failures.clone(),
        );
        to.register("sign_ins", "Codes and passwords compared at sign-in, by result", self.sign_ins.clone());
        to.register("limits_hit", "Requests that met a limit, by limit", self.limits_hit.clone());
        to.register("alerts", "Alerts, by kind", self.alerts.clone());
    }

    fn register_deliveries(&self, to: &mut Registry) {
        to.register(
            "deliveries",
            "Messages and calls ended, by channel, plugin and disposition",
            self.deliveries.clone(),
        );
        to.register(
            "deliveries_pretended",
            "Deliveries that an unknown account seems to get: somebody tries names",
            self.pretended.clone(),
        );
        to.register("deliveries_put_back", "Deliveries put back to be tried later", self.put_back.clone());
        to.register_with_unit(
            "delivery_attempt",
            "Time from handing a delivery to a plugin to its end, calls with the time that people talk",
            Unit::Seconds,
            self.attempts.clone(),
        );
        to.register(
            "phone_deliveries",
            "Calls and messages to telephones that a plugin has taken, by country",
            self.phone_deliveries.clone(),
        );
        to.register_with_unit(
            "phone_answered",
            "Time for which calls were answered, which is what providers bill",
            Unit::Seconds,
            self.phone_seconds.clone(),
        );
        to.register("outbox_deliveries", "Deliveries that are queued or in hand", self.outbox.clone());
        to.register_with_unit(
            "outbox_oldest_due_age",
            "How long the oldest queued delivery has been due; 0 if none is",
            Unit::Seconds,
            self.oldest_due.clone(),
        );
        to.register("plugin_up", "Whether a plugin works", self.plugin_up.clone());
        to.register("plugin_restarts", "How often a plugin was replaced", self.plugin_restarts.clone());
    }

    fn register_policies(&self, to: &mut Registry) {
        to.register("decisions", "Questions to the policy, by hook and verdict", self.decisions.clone());
        to.register_with_unit(
            "decision_duration",
            "Time that the policy took for one decision",
            Unit::Seconds,
            self.decision_time.clone(),
        );
        to.register("policy_info", "The version of the policies in force", self.policy.clone());
        to.register_with_unit(
            "policy_loaded_timestamp",
            "When the policies in force came into force",
            Unit::Seconds,
            self.policy_loaded.clone(),
        );
        to.register(
            "policy_refused",
            "Whether the policies on disk are refused, so that older ones are in force",
            self.policy_refused.clone(),
        );
        to.register("policy_changes", "Policies loaded, pending or refused", self.policy_changes.clone());
    }

    fn register_store(&self, to: &mut Registry) {
        to.register_with_unit(
            "store_commit_duration",
            "Time of one group commit, with its sync of the disk",
            Unit::Seconds,
            self.commit_time.clone(),
        );
        to.register("store_commit_changes", "Changes in one group commit", self.commit_changes.clone());
        to.register(
            "store_commits_failed",
            "Group commits that failed as a whole",
            self.commits_failed.clone(),
        );
        to.register_with_unit("store_size", "Size of the database", Unit::Bytes, self.store_size.clone());
        to.register_with_unit(
            "store_free",
            "Room on the store's file system for the daemon's user",
            Unit::Bytes,
            self.store_free.clone(),
        );
        to.register("store_readable", "Whether the store could be read last", self.store_readable.clone());
        to.register("journal_entries", "Entries of the journal", self.journal_entries.clone());
        to.register(
            "journal_broken",
            "Whether the last look at the journal found it broken",
            self.journal_broken.clone(),
        );
        to.register_with_unit(
            "journal_verified_timestamp",
            "When the journal was last checked from end to end; 0 if not since the start",
            Unit::Seconds,
            self.journal_verified.clone(),
        );
    }

    fn register_daemon(&self, to: &mut Registry) {
        to.register("bus_calls", "Calls on the bus, by interface, member and result", self.calls.clone());
        to.register_with_unit(
            "bus_call_duration",
            "Time from a call to its answer, a password for polkit typed meanwhile",
            Unit::Seconds,
            self.call_time.clone(),
        );
        to.register_with_unit(
            "watchdog_age",
            "Time since the daemon last found itself well; 0 where no watchdog asks",
            Unit::Seconds,
            self.watchdog_age.clone(),
        );
        to.register(
            "trace_batches",
            "Batches of spans that the collector has taken, or that were dropped",
            self.trace_batches.clone(),
        );
        to.register("build_info", "The version of the daemon", self.build.clone());
        to.register_with_unit(
            "start_timestamp",
            "When the daemon was started",
            Unit::Seconds,
            self.started.clone(),
        );
        to.register_with_unit("resident_memory", "Memory in use", Unit::Bytes, self.memory.clone());
        to.register_with_unit("cpu", "Processor time used", Unit::Seconds, self.cpu.clone());
    }
}

/// Seconds of a decision: the budget is 0.1 unless configured.
const DECISIONS: [f64; 10] = [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 5e-3, 2.5e-2, 0.1, 1.0];
/// Seconds of a call on the bus, or a commit.
const CALLS: [f64; 12] = [2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.1, 0.25, 1.0, 2.5, 10.0];
/// Seconds at a mail server, or on the telephone.
const PEERS: [f64; 10] = [0.05, 0.1, 0.25, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0];
/// Changes in a group: at most 256.
const GROUPS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
