//! How things stand, read when somebody scrapes: from the store, the plugins and the policies.

use std::fmt;
use std::future::Future;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use readmit_recovery::account::Reason;
use readmit_recovery::facts::Hook;
use readmit_recovery::time::Timestamp;
use readmit_store::{DeliveryState, Figures};
use rustix::time::{ClockId, clock_gettime};

use super::families::{
    ByChannel, ByChannelState, ByFile, ByHook, ByHookVerdict, ByKind, ByMethodResult, ByPlugin, ByReason,
    ByResult, ByStateReason, ByVersion,
};
use super::limits::LOOK_EVERY;
use super::{Format, Meters};
use crate::plugins::{PluginState, PluginStatus};
use crate::service::Verified;

/// What a look at the daemon has found.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// What the store said; none if it could not be read.
    pub figures: Option<Figures>,
    /// The plugins.
    pub plugins: Vec<PluginStatus>,
    /// The version of the policies in force.
    pub policy: String,
    /// When they came into force.
    pub policy_loaded: Timestamp,
    /// Whether the policies on disk are refused.
    pub policy_refused: bool,
    /// Bytes of the database and of its log.
    pub store_bytes: [u64; 2],
    /// Bytes left on the store's file system.
    pub free_bytes: u64,
}

/// What was seen last, and when.
#[derive(Default)]
pub(super) struct Seen {
    looked: Option<Instant>,
    oldest_escalated: Option<Timestamp>,
    oldest_due: Option<Timestamp>,
}

impl Meters {
    /// The text of a scrape. `look` is asked for how things stand, unless that was done just now: however many scrape,
    /// the store has one to answer every few seconds. Scrapes wait for one another.
    ///
    /// # Errors
    /// Never: text is always written.
    pub async fn text<F>(&self, format: Format, look: impl FnOnce() -> F) -> Result<String, fmt::Error>
    where
        F: Future<Output = Look>,
    {
        let mut seen = self.state.lock().await;
        if seen.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            self.show(&look().await, &mut seen);
            seen.looked = Some(Instant::now());
        }
        self.show_ages(&seen);
        self.show_process();
        format.write(&self.registry)
    }

    /// Puts at zero what a graph would otherwise not know of before it first happens.
    pub(super) fn begin(&self) {
        let families = &self.families;
        for reason in Reason::ALL {
            let reason = reason.as_str();
            drop(families.opened.get_or_create(&ByReason { reason }));
            for state in ["completed", "denied", "vetoed", "cancelled", "expired"] {
                let label = ByStateReason { state: state.into(), reason: reason.into() };
                drop(families.ended.get_or_create(&label));
            }
        }
        for hook in Hook::ALL {
            let label = ByHook { hook: hook.as_str() };
            drop(families.decision_time.get_or_create(&label));
            let label = ByHookVerdict { hook: hook.as_str(), verdict: "unable" };
            drop(families.decisions.get_or_create(&label));
        }
        for kind in [
            "vetoed",
            "policy_failed",
            "plugin_failed",
            "plugin_contradicts",
            "revoke_sessions",
            "journal_broken",
            "anchor_mismatch",
        ] {
            drop(families.alerts.get_or_create(&ByKind { kind: self.words.alerts.word(kind) }));
        }
        for result in ["loaded", "pending", "refused"] {
            drop(families.policy_changes.get_or_create(&ByResult { result }));
        }
        for result in ["taken", "dropped"] {
            drop(families.trace_batches.get_or_create(&ByResult { result }));
        }
        for method in ["code", "password"] {
            let results =
                [Verified::Accepted, Verified::Rejected, Verified::ResyncNeeded, Verified::Throttled];
            for result in results.map(Verified::as_str) {
                drop(families.sign_ins.get_or_create(&ByMethodResult { method, result }));
            }
        }
        let version = env!("CARGO_PKG_VERSION").into();
        families.build.get_or_create(&ByVersion { version }).set(1);
        families.started.set(unix_seconds());
    }

    fn show(&self, look: &Look, seen: &mut Seen) {
        let families = &self.families;
        families.store_readable.set(i64::from(look.figures.is_some()));
        // What cannot be read stays as it was; that it cannot be read is told above.
        if let Some(figures) = &look.figures {
            self.show_figures(figures, &look.plugins);
            seen.oldest_escalated = figures.oldest_escalated;
            seen.oldest_due = figures.oldest_due;
        }
        for (file, bytes) in ["database", "log"].into_iter().zip(look.store_bytes) {
            families.store_size.get_or_create(&ByFile { file }).set(to_gauge(bytes));
        }
        families.store_free.set(to_gauge(look.free_bytes));
        families.policy.clear();
        families.policy.get_or_create(&ByVersion { version: look.policy.as_str().into() }).set(1);
        families.policy_loaded.set(seconds(look.policy_loaded.unix()));
        families.policy_refused.set(i64::from(look.policy_refused));
        for status in &look.plugins {
            let label = ByPlugin { plugin: self.words.plugins.word(&status.plugin) };
            let works = status.state == PluginState::Running;
            families.plugin_up.get_or_create(&label).set(i64::from(works));
            let restarts = families.plugin_restarts.get_or_create(&label);
            restarts.inner().store(status.restarts.into(), std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn show_figures(&self, figures: &Figures, plugins: &[PluginStatus]) {
        let families = &self.families;
        families.cases.clear();
        for figure in &figures.cases {
            let (state, reason) = (figure.state.as_str().into(), figure.reason.as_str().into());
            families.cases.get_or_create(&ByStateReason { state, reason }).set(figure.count.into());
        }
        families.outbox.clear();
        for channel in plugins.iter().flat_map(|plugin| &plugin.channels) {
            let channel = self.words.channels.word(channel);
            for state in ["queued", "taken"] {
                drop(families.outbox.get_or_create(&ByChannelState { channel: channel.clone(), state }));
            }
            drop(families.put_back.get_or_create(&ByChannel { channel }));
        }
        for figure in &figures.deliveries {
            let state = match figure.state {
                DeliveryState::Queued => "queued",
                DeliveryState::Taken => "taken",
            };
            let channel = self.words.channels.word(&figure.channel);
            families.outbox.get_or_create(&ByChannelState { channel, state }).set(figure.count.into());
        }
        families.journal_entries.set(to_gauge(figures.head.seq));
    }

    fn show_ages(&self, seen: &Seen) {
        let now = crate::service::now();
        let age = |since: Option<Timestamp>| since.map_or(0.0, |since| now.since(since).as_secs_f64());
        self.families.oldest_escalated.set(age(seen.oldest_escalated));
        self.families.oldest_due.set(age(seen.oldest_due));
        let well = self.well.lock().map_or(0.0, |well| well.elapsed().as_secs_f64());
        self.families.watchdog_age.set(well);
    }

    fn show_process(&self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        let kibibytes = resident.and_then(|resident| resident.trim().parse::<u64>().ok());
        self.families.memory.set(to_gauge(kibibytes.unwrap_or_default().saturating_mul(1024)));
        let used = clock_gettime(ClockId::ProcessCPUTime);
        let used = std::time::Duration::try_from(used).unwrap_or_default().as_secs_f64();
        let told = self.families.cpu.inner();
        told.store(used.to_bits(), std::sync::atomic::Ordering::Relaxed);
    }
}

/// The time as gauges tell it.
pub(super) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn seconds(unix: u64) -> f64 {
    std::time::Duration::from_secs(unix).as_secs_f64()
}

fn to_gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use readmit_store::CaseFigure;

    use super::*;

    fn look(state: &str) -> Look {
        let case = CaseFigure { state: state.to_owned(), reason: "lost".to_owned(), count: 3 };
        Look { figures: Some(Figures { cases: vec![case], ..Figures::default() }), ..Look::default() }
    }

    #[tokio::test]
    async fn however_often_it_is_scraped_the_store_is_asked_once() {
        let (meters, asked) = (Meters::new(), AtomicU32::new(0));
        let counted = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            look("proving")
        };
        for _ in 0..50 {
            let text = meters.text(Format::OpenMetrics, counted).await.unwrap();
            assert!(text.contains("readmit_cases{state=\"proving\",reason=\"lost\"} 3\n"), "{text}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_is_no_more_is_not_told_and_what_cannot_be_read_stays() {
        let meters = Meters::new();
        let scrape = async |look: Look| {
            meters.state.lock().await.looked = None;
            meters.text(Format::OpenMetrics, || async { look }).await.unwrap()
        };
        assert!(scrape(look("proving")).await.contains("readmit_store_readable 1\n"));
        let text = scrape(look("held")).await;
        assert!(text.contains("state=\"held\"") && !text.contains("state=\"proving\""), "{text}");
        let text = scrape(Look::default()).await;
        assert!(text.contains("state=\"held\"") && text.contains("readmit_store_readable 0\n"), "{text}");
    }
}
