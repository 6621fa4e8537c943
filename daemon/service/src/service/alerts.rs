//! The last alerts, for whoever looks later: a signal reaches only those who listen when it comes.

use std::collections::VecDeque;

use parking_lot::Mutex;
use readmit_recovery::time::Timestamp;
use readmit_store::{Entry, Write};
use serde_json::Value;

use super::limits::{ALERT_AGAIN, ALERTS_KEPT};
use super::{Service, Signal, now};

/// Something that people should look at, and how often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAlert {
    /// What kind.
    pub kind: String,
    /// Circumstances by name.
    pub detail: Vec<(&'static str, String)>,
    /// When it came first.
    pub first_at: Timestamp,
    /// When it came last.
    pub at: Timestamp,
    /// How often it came.
    pub count: u32,
}

/// The last alerts since the daemon was started, the latest at the end.
#[derive(Default)]
pub(super) struct Alerts {
    kept: Mutex<VecDeque<KeptAlert>>,
}

impl Alerts {
    /// Keeps one. Says whether it is news: the same again, soon after, is not.
    pub(super) fn keep(&self, kind: &str, detail: &[(&'static str, String)], at: Timestamp) -> bool {
        let mut kept = self.kept.lock();
        let same = kept.iter().position(|alert| alert.kind == kind && alert.detail == detail);
        let before = same.and_then(|place| kept.remove(place));
        let is_news = before.as_ref().is_none_or(|alert| at.since(alert.at) >= ALERT_AGAIN);
        let (first_at, count) = before.map_or((at, 0), |alert| (alert.first_at, alert.count));
        let detail = detail.to_vec();
        kept.push_back(KeptAlert {
            kind: kind.to_owned(),
            detail,
            first_at,
            at,
            count: count.saturating_add(1),
        });
        if kept.len() > ALERTS_KEPT {
            kept.pop_front();
        }
        is_news
    }

    /// The last ones, the latest first.
    pub(super) fn latest(&self) -> Vec<KeptAlert> {
        self.kept.lock().iter().rev().cloned().collect()
    }
}

impl Service {
    /// Has it journalled that people should look at this, where it is news, and tells everyone: what comes again and
    /// again does not fill the journal.
    pub(super) async fn alert_noted(&self, kind: &str, detail: Vec<(&'static str, String)>) {
        if self.alerts.keep(kind, &detail, now()) {
            self.note_alert(kind, &detail).await;
        }
        self.tell(Signal::Alert { kind: kind.to_owned(), detail });
    }

    async fn note_alert(&self, kind: &str, detail: &[(&'static str, String)]) {
        let detail = [("kind", kind.to_owned())].into_iter().chain(detail.iter().cloned());
        let detail = detail.map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        let entry = Entry { kind: "alert".to_owned(), case: None, account: None, detail };
        if let Err(fault) = self.commit("daemon", vec![Write::Journal(entry)]).await {
            tracing::error!(%fault, "an alert was not journalled");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds)
    }

    #[test]
    fn the_latest_are_kept_and_the_same_are_counted() {
        let alerts = Alerts::default();
        let plugin = |name: &str| vec![("plugin", name.to_owned())];
        assert!(alerts.keep("plugin_failed", &plugin("email"), at(0)));
        assert!(alerts.keep("plugin_failed", &plugin("voice"), at(1)));
        assert!(!alerts.keep("plugin_failed", &plugin("email"), at(2)), "soon after is no news");
        assert!(alerts.keep("plugin_failed", &plugin("email"), at(2 + ALERT_AGAIN.as_secs())));
        let latest = alerts.latest();
        assert_eq!((latest.len(), latest[0].count, latest[0].first_at), (2, 3, at(0)));
        assert_eq!(latest[0].detail, plugin("email"));
        for number in 0..2 * ALERTS_KEPT {
            alerts.keep(&format!("kind {number}"), &[], at(0));
        }
        let latest = alerts.latest();
        assert_eq!(latest.len(), ALERTS_KEPT);
        assert_eq!(latest[0].kind, format!("kind {}", 2 * ALERTS_KEPT - 1));
    }
}
