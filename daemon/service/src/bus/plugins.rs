//! `org.readmit.Plugins1`: the plugins, for administrators.

use std::sync::Arc;

use zbus::message::Header;
use zbus::{Connection, interface};

use super::action::Action;
use super::dict::{Dict, Out};
use super::error::Error;
use super::gate::Gate;
use crate::plugins::{PluginStatus, Probe, ProbeStep};
use crate::service::Service;

/// The interface for plugins.
pub(super) struct Plugins {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Plugins {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Shows and tries the plugins.
#[interface(name = "org.readmit.Plugins1")]
impl Plugins {
    /// Lists the plugins: plugin s, version s, channels as, state s (starting, running, failed, stopped), restarts u,
    /// since t, last_error s.
    #[zbus(out_args("plugins"))]
    async fn list(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::PluginsList, connection, &header, |_caller| async move {
                Ok(self.service.plugins()?.list().iter().map(shown).collect())
            })
            .await
    }

    /// Sends a test message, or places a test call, to an address: disposition s, detail s.
    #[zbus(out_args("result"))]
    async fn test(
        &self,
        plugin: String,
        address: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(Action::PluginsTest.about("plugin", &plugin), connection, &header, |caller| async move {
                let ended = self.service.test_plugin(&plugin, &address, &caller.actor()).await?;
                Ok(Out::new()
                    .put("disposition", ended.disposition.as_str())
                    .maybe("detail", ended.detail)
                    .done())
            })
            .await
    }

    /// Has a plugin try the way to its other side, without sending anything to anybody: supported b (a plugin may know no
    /// such request), ok b, steps aa{sv} (name s, ok b, detail s), up to the first step that failed.
    #[zbus(out_args("result"))]
    async fn probe(
        &self,
        plugin: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(Action::PluginsProbe, connection, &header, |_caller| async move {
                Ok(probed(&self.service.probe_plugin(&plugin).await?))
            })
            .await
    }

    /// Replaces a plugin by a fresh one.
    async fn restart(
        &self,
        plugin: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(
                Action::PluginsRestart.about("plugin", &plugin),
                connection,
                &header,
                |caller| async move { self.service.restart_plugin(&plugin, &caller.actor()).await },
            )
            .await
    }

    /// Stops a channel, as voice, and says why: what is under way on it is called off, and nothing is delivered on it
    /// until it is resumed, restarts of the daemon notwithstanding.
    async fn pause(
        &self,
        channel: String,
        because: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(
                Action::PluginsPause.about("channel", &channel),
                connection,
                &header,
                |caller| async move { self.service.pause_channel(&channel, &because, &caller.actor()).await },
            )
            .await
    }

    /// Lets a channel go on; messages that waited are sent.
    async fn resume(
        &self,
        channel: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(
                Action::PluginsResume.about("channel", &channel),
                connection,
                &header,
                |caller| async move { self.service.resume_channel(&channel, &caller.actor()).await },
            )
            .await
    }
}

fn probed(probe: &Probe) -> Dict {
    let step = |step: &ProbeStep| {
        Out::new()
            .put("name", step.name.as_str())
            .put("ok", step.ok)
            .put("detail", step.detail.as_str())
            .done()
    };
    Out::new()
        .put("supported", probe.supported)
        .put("ok", probe.is_ok())
        .put("steps", probe.steps.iter().map(step).collect::<Vec<_>>())
        .done()
}

pub(super) fn shown(status: &PluginStatus) -> Dict {
    let channels: Vec<&str> = status.channels.iter().map(String::as_str).collect();
    Out::new()
        .put("plugin", status.plugin.as_str())
        .put("version", status.version.as_str())
        .put("channels", channels)
        .put("state", status.state.as_str())
        .put("restarts", status.restarts)
        .put("since", status.since.unix())
        .maybe("last_error", status.last_error.as_deref())
        .done()
}
