//! How the daemon is, on one screen: cheap enough to be asked every second, so nothing here walks over the whole of
//! anything. What needs somebody is said with how to mend it.

use readmit_recovery::time::Timestamp;
use readmit_store::{Overview, Pause, PendingPolicy};

use super::alerts::KeptAlert;
use super::limits::{LOW_DISK_BYTES, LOW_DISK_PART, SLOW_QUEUE};
use super::policies::PolicyInForce;
use super::{Fault, Service, now};
use crate::plugins::{PluginState, PluginStatus};

/// How the daemon is.
#[derive(Clone, Debug)]
pub struct Health {
    /// When it was started.
    pub started_at: Timestamp,
    /// Its clock.
    pub now: Timestamp,
    /// The policies in force.
    pub policy: PolicyInForce,
    /// Those that wait for approval.
    pub pending: Option<PendingPolicy>,
    /// The plugins, in the order of the configuration.
    pub plugins: Vec<PluginStatus>,
    /// The store.
    pub store: Overview,
    /// The last alerts, the latest first.
    pub alerts: Vec<KeptAlert>,
    /// The channels that somebody has stopped.
    pub paused: Vec<Pause>,
    /// What does not work as it should.
    pub degraded: Vec<Degraded>,
}

/// A part that does not work as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Degraded {
    /// Which: `plugin email`, `policy`, `queue`, `disk`.
    pub part: String,
    /// What is wrong.
    pub what: String,
    /// What mends it.
    pub mend: String,
}

impl Service {
    /// How the daemon is.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn health(&self) -> Result<Health, Fault> {
        let mut health = Health {
            started_at: self.started_at,
            now: now(),
            policy: self.policies.in_force(),
            pending: self.store.pending_policy().await?,
            plugins: self.plugins()?.list(),
            store: self.store.overview().await?,
            alerts: self.alerts.latest(),
            paused: self.store.pauses().await?,
            degraded: Vec::new(),
        };
        health.degraded = degraded(&health);
        Ok(health)
    }
}

fn degraded(health: &Health) -> Vec<Degraded> {
    let mut found = Vec::new();
    let mut add = |part: String, what: String, mend: String| found.push(Degraded { part, what, mend });
    if let Some(why) = &health.policy.refused {
        let mend = "readmit policy check shows each problem; what is mended is taken when it is saved";
        add("policy".to_owned(), format!("the newest policies were refused: {why}"), mend.to_owned());
    }
    if health.plugins.is_empty() {
        let mend = "name some under [plugins.NAME] in readmit.toml, and restart readmitd";
        add("plugins".to_owned(), "none is configured, so nothing is sent".to_owned(), mend.to_owned());
    }
    for plugin in &health.plugins {
        if matches!(plugin.state, PluginState::Failed | PluginState::Stopped) {
            let why = plugin.last_error.as_deref().unwrap_or("it gave no reason");
            let mend =
                format!("readmit plugin probe {0} says why; readmit plugin restart {0}", plugin.plugin);
            add(format!("plugin {}", plugin.plugin), format!("is {}: {why}", plugin.state.as_str()), mend);
        }
    }
    for pause in &health.paused {
        let Pause { channel, since, actor, because } = pause;
        let what = format!("was paused by {actor} at {}: {because}", since.rfc3339());
        add(format!("channel {channel}"), what, format!("readmit plugin resume {channel}"));
    }
    let waits = health.store.oldest_due.map(|due| health.now.since(due)).unwrap_or_default();
    if waits >= SLOW_QUEUE {
        let what = format!("a delivery has waited for {} minutes", waits.as_secs() / 60);
        add("queue".to_owned(), what, "readmit doctor tries every plugin's connection".to_owned());
    }
    let free = health.store.free_bytes;
    if free < LOW_DISK_BYTES || free < health.store.disk_bytes / LOW_DISK_PART {
        let what = format!("{} MiB are left where the store is", free / (1024 * 1024));
        add(
            "disk".to_owned(),
            what,
            "make room there: without it nothing is recorded, and nobody recovers".to_owned(),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use readmit_recovery::id::PolicyVersion;
    use readmit_store::Head;

    use super::*;

    fn well() -> Health {
        let at = Timestamp::from_unix(1_800_000_000);
        Health {
            started_at: at,
            now: at,
            policy: PolicyInForce {
                version: PolicyVersion::parse("v").unwrap(),
                files: Vec::new(),
                loaded_at: at,
                refused: None,
            },
            pending: None,
            plugins: vec![PluginStatus {
                plugin: "email".to_owned(),
                version: String::new(),
                channels: Vec::new(),
                state: PluginState::Running,
                restarts: 0,
                since: at,
                last_error: None,
            }],
            store: Overview {
                accounts: 0,
                open_cases: BTreeMap::new(),
                closed_cases: 0,
                queued_deliveries: 0,
                taken_deliveries: 0,
                oldest_due: Some(at),
                head: Head::EMPTY,
                head_at: None,
                bytes: 0,
                free_bytes: LOW_DISK_BYTES,
                disk_bytes: LOW_DISK_BYTES * LOW_DISK_PART,
            },
            alerts: Vec::new(),
            paused: Vec::new(),
            degraded: Vec::new(),
        }
    }

    #[test]
    fn what_does_not_work_is_said_with_its_mend() {
        assert_eq!(degraded(&well()), []);
        let parts = |change: fn(&mut Health)| {
            let mut health = well();
            change(&mut health);
            let found = degraded(&health);
            assert!(found.iter().all(|part| !part.what.is_empty() && part.mend.len() > 20), "{found:?}");
            found.into_iter().map(|part| part.part).collect::<Vec<_>>()
        };
        assert_eq!(parts(|health| health.policy.refused = Some("default.lua:3: no".to_owned())), ["policy"]);
        assert_eq!(parts(|health| health.plugins.clear()), ["plugins"]);
        assert_eq!(parts(|health| health.plugins[0].state = PluginState::Failed), ["plugin email"]);
        assert_eq!(parts(|health| health.plugins[0].state = PluginState::Starting), [""; 0]);
        assert_eq!(parts(|health| health.now = health.now.plus(SLOW_QUEUE)), ["queue"]);
        assert_eq!(
            parts(|health| health.now = health.now.plus(SLOW_QUEUE - Duration::from_secs(1))),
            [""; 0]
        );
        assert_eq!(parts(|health| health.store.free_bytes -= 1), ["disk"]);
    }
}
