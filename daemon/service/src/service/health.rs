//! How the daemon is, on one screen: cheap enough to be asked every second, so nothing here walks over the whole of
//! anything. What needs somebody is said with how to mend it.

use readmit_recovery::time::Timestamp;
use readmit_store::{Overview, Pause, PendingPolicy};

use super::alerts::KeptAlert;
use super::integrity::JournalFault;
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
    /// What is missing of the sandbox, and why.
    pub missing_walls: Option<String>,
    /// Why the store did not take the last change; none if it did.
    pub store_failure: Option<String>,
    /// What is wrong with the journal.
    pub journal_fault: Option<JournalFault>,
    /// What is wrong with the anchor.
    pub anchor_fault: Option<JournalFault>,
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
    /// Which: `plugin email`, `policy`, `queue`, `store`, `journal`, `anchor`, `sandbox`, `disk`.
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
            missing_walls: self.missing_walls.get().cloned().flatten(),
            store_failure: self.meters.store_failure(),
            journal_fault: self.journal_fault(),
            anchor_fault: self.anchor_fault(),
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
    let waits = health.store.figures.oldest_due.map(|due| health.now.since(due)).unwrap_or_default();
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
    found.extend(on_the_disk(health));
    found
}

/// What is wrong with what lies on the disk, and with the walls around it.
fn on_the_disk(health: &Health) -> Vec<Degraded> {
    let mut found = Vec::new();
    let mut add = |part: &str, what: String, mend: &str| {
        found.push(Degraded { part: part.to_owned(), what, mend: mend.to_owned() });
    };
    if let Some(why) = &health.missing_walls {
        let mend = "the unit's own sandbox still holds; sandbox.mode = \"require\" refuses to start without";
        add("sandbox", format!("is not whole: {why}"), mend);
    }
    if let Some(why) = &health.store_failure {
        let mend =
            "what is there is kept and can be read; it goes on by itself once the disk takes writes again";
        add("store", format!("the last change was not taken: {why}"), mend);
    }
    if let Some(JournalFault { seq, why }) = &health.journal_fault {
        let mend =
            "keep a copy of the database, then readmit audit verify; contrib/BACKUP.md says how to go on";
        add("journal", format!("is broken at entry {seq}: {why}"), mend);
    }
    if let Some(JournalFault { why, .. }) = &health.anchor_fault {
        let mend = "find out who has the disk; the next export of the journal's head writes it anew";
        add("anchor", format!("was changed behind the daemon's back: {why}"), mend);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use readmit_recovery::id::PolicyVersion;
    use readmit_store::Figures;

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
                figures: Figures { oldest_due: Some(at), ..Figures::default() },
                free_bytes: LOW_DISK_BYTES,
                disk_bytes: LOW_DISK_BYTES * LOW_DISK_PART,
                ..Overview::default()
            },
            missing_walls: None,
            store_failure: None,
            journal_fault: None,
            anchor_fault: None,
            alerts: Vec::new(),
            paused: Vec::new(),
            degraded: Vec::new(),
        }
    }

    fn fault() -> JournalFault {
        JournalFault { seq: 3, why: "it is missing".to_owned() }
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
        assert_eq!(parts(|health| health.missing_walls = Some("no Landlock".to_owned())), ["sandbox"]);
        assert_eq!(parts(|health| health.store_failure = Some("no room".to_owned())), ["store"]);
        assert_eq!(parts(|health| health.journal_fault = Some(fault())), ["journal"]);
        assert_eq!(parts(|health| health.anchor_fault = Some(fault())), ["anchor"]);
    }
}
