//! `org.readmit.Manager1`: how the daemon is, for administrators.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::time::Timestamp;
use readmit_store::{DeliveryState, Figures, Overview, PendingPolicy};
use zbus::message::Header;
use zbus::{Connection, interface};

use super::action::Action;
use super::dict::{Dict, Out};
use super::error::Error;
use super::gate::Gate;
use super::plugins;
use crate::service::{Degraded, Health, KeptAlert, Service};

/// The interface for the daemon itself.
pub(super) struct Manager {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Manager {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Says how the daemon is.
#[interface(name = "org.readmit.Manager1")]
impl Manager {
    /// How everything is, cheap enough to be asked every second: version s, started_at t, now t; policy a{sv} (version s,
    /// loaded_at t, files as, refused s where the newest files were refused, and pending a{sv} with version s, since t,
    /// approved_by as where a set waits for approval); plugins aa{sv} as Plugins1.List; queue a{sv} (queued t, taken t,
    /// and oldest_due t, waits_seconds t where something waits); cases a{sv} (open t, closed t, by_state a{st} of the open
    /// ones); accounts t; alerts aa{sv}, the latest since the start first (kind s, at t, first_at t, count u, detail a{ss});
    /// journal a{sv} (seq t, head s, at t; not verified); store a{sv} (bytes t, free_bytes t, disk_bytes t); degraded
    /// aa{sv} (part s, what s, mend s).
    #[zbus(out_args("status"))]
    async fn status(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(Action::ManagerStatus, connection, &header, |_caller| async move {
                Ok(shown(&self.service.health().await?))
            })
            .await
    }
}

fn shown(health: &Health) -> Dict {
    Out::new()
        .put("version", env!("CARGO_PKG_VERSION"))
        .put("started_at", health.started_at.unix())
        .put("now", health.now.unix())
        .put("policy", policy(health))
        .put("plugins", health.plugins.iter().map(plugins::shown).collect::<Vec<_>>())
        .put("queue", queue(&health.store.figures, health.now))
        .put("cases", cases(&health.store))
        .put("accounts", health.store.accounts)
        .put("alerts", health.alerts.iter().map(alert).collect::<Vec<_>>())
        .put("journal", journal(&health.store.figures))
        .put("store", store(&health.store))
        .put("degraded", health.degraded.iter().map(degraded).collect::<Vec<_>>())
        .done()
}

fn policy(health: &Health) -> Dict {
    let policy = &health.policy;
    let files: Vec<&str> = policy.files.iter().map(String::as_str).collect();
    Out::new()
        .put("version", policy.version.as_str())
        .put("loaded_at", policy.loaded_at.unix())
        .put("files", files)
        .maybe("refused", policy.refused.as_deref())
        .maybe("pending", health.pending.as_ref().map(pending))
        .done()
}

fn pending(pending: &PendingPolicy) -> Dict {
    let approved_by: Vec<&str> = pending.approved_by.iter().map(String::as_str).collect();
    Out::new()
        .put("version", pending.version.as_str())
        .put("since", pending.since.unix())
        .put("approved_by", approved_by)
        .done()
}

fn queue(figures: &Figures, now: Timestamp) -> Dict {
    Out::new()
        .put("queued", figures.deliveries_in(DeliveryState::Queued))
        .put("taken", figures.deliveries_in(DeliveryState::Taken))
        .maybe("oldest_due", figures.oldest_due.map(Timestamp::unix))
        .maybe("waits_seconds", figures.oldest_due.map(|due| now.since(due).as_secs()))
        .done()
}

fn cases(store: &Overview) -> Dict {
    let by_state: HashMap<&str, u64> = store.figures.open_cases().into_iter().collect();
    Out::new()
        .put("open", by_state.values().sum::<u64>())
        .put("closed", store.closed_cases)
        .put("by_state", by_state)
        .done()
}

fn alert(alert: &KeptAlert) -> Dict {
    let detail: HashMap<&str, &str> =
        alert.detail.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Out::new()
        .put("kind", alert.kind.as_str())
        .put("at", alert.at.unix())
        .put("first_at", alert.first_at.unix())
        .put("count", alert.count)
        .put("detail", detail)
        .done()
}

fn journal(figures: &Figures) -> Dict {
    Out::new()
        .put("seq", figures.head.seq)
        .put("head", hex::encode(figures.head.hash))
        .maybe("at", figures.head_at.map(Timestamp::unix))
        .done()
}

fn store(store: &Overview) -> Dict {
    Out::new()
        .put("bytes", store.bytes)
        .put("free_bytes", store.free_bytes)
        .put("disk_bytes", store.disk_bytes)
        .done()
}

fn degraded(degraded: &Degraded) -> Dict {
    Out::new()
        .put("part", degraded.part.as_str())
        .put("what", degraded.what.as_str())
        .put("mend", degraded.mend.as_str())
        .done()
}
