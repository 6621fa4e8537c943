//! Plugins, for administrators: try one, replace one.

use std::sync::Arc;

use readmit_store::{Entry, Write};
use serde_json::{Map, Value};

use super::{Fault, Service};
use crate::plugins::{Ended, Probe};

impl Service {
    /// Has a plugin deliver a test to an address.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if there is no such plugin.
    pub async fn test_plugin(&self, plugin: &str, address: &str, actor: &str) -> Result<Ended, Fault> {
        self.known_plugin(plugin)?;
        // Before it is sent: who rings up strangers is on file even if the daemon dies over it.
        self.commit(actor, vec![plugin_entry("plugin_tested", plugin)]).await?;
        self.plugins()?.test(plugin, address).await.map_err(|_| unknown(plugin))
    }

    /// Has a plugin try the way to its other side. Nothing is sent to anybody, so it is nothing for the journal.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if there is no such plugin.
    pub async fn probe_plugin(&self, plugin: &str) -> Result<Probe, Fault> {
        self.plugins()?.probe(plugin).await.map_err(|_| unknown(plugin))
    }

    /// Replaces a plugin by a fresh one.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if there is no such plugin.
    pub async fn restart_plugin(&self, plugin: &str, actor: &str) -> Result<(), Fault> {
        self.known_plugin(plugin)?;
        self.commit(actor, vec![plugin_entry("plugin_restarted", plugin)]).await?;
        self.plugins()?.restart(plugin).map_err(|_| unknown(plugin))
    }

    /// Tells that a plugin has failed.
    pub(super) fn plugin_failed(self: Arc<Self>, plugin: String) {
        tokio::spawn(async move { self.alert_noted("plugin_failed", vec![("plugin", plugin)]).await });
    }

    fn known_plugin(&self, plugin: &str) -> Result<(), Fault> {
        let known = self.plugins()?.list().iter().any(|status| status.plugin == plugin);
        if known { Ok(()) } else { Err(unknown(plugin)) }
    }
}

fn plugin_entry(kind: &str, plugin: &str) -> Write {
    let detail = Map::from_iter([("plugin".to_owned(), Value::String(plugin.to_owned()))]);
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: None, detail })
}

fn unknown(plugin: &str) -> Fault {
    let plugin: String = plugin.chars().take(40).collect();
    Fault::NotFound(format!("there is no plugin `{plugin}`: `readmit plugin list` names them"))
}
