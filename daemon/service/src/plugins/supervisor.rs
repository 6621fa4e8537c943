//! The supervisor: the one door to all plugins.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::id::DeliveryId;
use readmit_recovery::secret::Secret;
use thiserror::Error;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Events;
use super::limits::Timing;
use super::probe::{self, Probe};
use super::request::{CallRequest, Ended, Judge, MessageRequest, Request};
use super::route::Route;
use super::status::{Board, PluginStatus};
use super::worker::Worker;
use crate::config::PluginConfig;

/// How long an administrator waits for a test.
const TEST: Duration = Duration::from_secs(120);

/// There is no plugin with this name in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no plugin has this name; `readmit plugin list` shows them")]
pub struct UnknownPlugin;

/// Starts the plugins, keeps them alive, and hands them what is to be delivered. Dropped, it stops them.
pub struct Supervisor {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    plugins: Vec<Managed>,
    changes: watch::Sender<u64>,
    under_way: Mutex<HashMap<DeliveryId, UnderWay>>,
    /// Channels on which nothing is delivered.
    paused: Mutex<BTreeSet<String>>,
    timing: Timing,
    stop: CancellationToken,
}

struct Managed {
    name: String,
    board: Arc<Board>,
    restart: Arc<Notify>,
}

/// A delivery that has not ended. Whoever asks for the same id meanwhile waits for the same end.
struct UnderWay {
    channel: String,
    end: watch::Receiver<Option<Ended>>,
    cancel: CancellationToken,
}

impl Supervisor {
    /// Starts every plugin, in the tokio runtime that it is called in. The first one of a channel is preferred, the
    /// others are its fallback.
    #[must_use]
    pub fn start(plugins: Vec<PluginConfig>, events: Arc<dyn Events>) -> Self {
        // Jitter needs no secret, and works without randomness too.
        let mut seed = [0; 8];
        let _unseeded = getrandom::fill(&mut seed);
        Self::with_timing(plugins, events, Timing { seed: u64::from_le_bytes(seed), ..Timing::default() })
    }

    /// Starts every plugin, with this much patience.
    #[must_use]
    pub fn with_timing(plugins: Vec<PluginConfig>, events: Arc<dyn Events>, timing: Timing) -> Self {
        let stop = CancellationToken::new();
        let (changes, _) = watch::channel(0);
        let mut managed = Vec::new();
        let mut workers = Vec::new();
        for config in plugins {
            let name = config.name.clone();
            let board = Arc::new(Board::new(&name, &config.channels, events.clone(), changes.clone()));
            let restart = Arc::new(Notify::new());
            let worker = Worker {
                config,
                board: board.clone(),
                events: events.clone(),
                timing,
                stop: stop.clone(),
                restart: restart.clone(),
            };
            workers.push(tokio::spawn(worker.run()));
            managed.push(Managed { name, board, restart });
        }
        let shared = Shared {
            plugins: managed,
            changes,
            under_way: Mutex::default(),
            paused: Mutex::default(),
            timing,
            stop,
        };
        Self { shared: Arc::new(shared), workers: Mutex::new(workers) }
    }

    /// Delivers a message, at least once, and says how it ended. Dropping the future stops nothing.
    pub async fn deliver(&self, message: MessageRequest) -> Ended {
        self.submit(Request::Message(message), None).await
    }

    /// Makes a call, at most once, and says how it ended. Dropping the future stops nothing.
    pub async fn call(&self, call: CallRequest) -> Ended {
        self.submit(Request::Call(call, Judge::Events), None).await
    }

    /// Calls a delivery off, if it has not ended; it then ends soon.
    pub fn cancel(&self, id: &DeliveryId) {
        if let Some(under_way) = self.shared.under_way.lock().get(id) {
            under_way.cancel.cancel();
        }
    }

    /// Delivers nothing more on a channel, and calls off what is under way on it.
    pub fn pause(&self, channel: &str) {
        self.shared.paused.lock().insert(channel.to_owned());
        let under_way = self.shared.under_way.lock();
        for stopped in under_way.values().filter(|under_way| under_way.channel == channel) {
            stopped.cancel.cancel();
        }
    }

    /// Delivers on a channel again.
    pub fn resume(&self, channel: &str) {
        self.shared.paused.lock().remove(channel);
    }

    /// The channels that the plugins deliver on, as far as they have said so, whether they run just now or not.
    #[must_use]
    pub fn channels(&self) -> BTreeSet<String> {
        self.shared.plugins.iter().flat_map(|plugin| plugin.board.status().channels).collect()
    }

    /// Every plugin, in the order of the configuration.
    #[must_use]
    pub fn list(&self) -> Vec<PluginStatus> {
        self.shared.plugins.iter().map(|plugin| plugin.board.status()).collect()
    }

    /// Sends a test message, or makes a test call in which any digits are right, through this very plugin.
    ///
    /// # Errors
    /// Fails if there is no such plugin.
    pub async fn test(&self, plugin: &str, address: &str) -> Result<Ended, UnknownPlugin> {
        let managed = self.managed(plugin)?;
        let mut random = [0; 16];
        if getrandom::fill(&mut random).is_err() {
            return Ok(Ended::because(Disposition::Interrupted, "no randomness for an id"));
        }
        let id = DeliveryId::from_random(random);
        let channels = managed.board.status().channels;
        let wanted = if address.contains('@') { "email" } else { "voice" };
        let channel = channels.iter().find(|name| *name == wanted).or(channels.first());
        let Some(channel) = channel.cloned() else {
            return Ok(Ended::because(
                Disposition::Unreachable,
                "the plugin has not yet said what it delivers on",
            ));
        };
        let (to, locale, fields) = (Secret::new(address), "en".to_owned(), BTreeMap::new());
        let request = if channel == "voice" {
            let call = CallRequest { id, to, locale, fields, digits: 6, tries: 1, deadline: TEST };
            Request::Call(call, Judge::Anyone)
        } else {
            let purpose = "test".to_owned();
            Request::Message(MessageRequest { id, channel, to, purpose, locale, fields, deadline: TEST })
        };
        Ok(self.submit(request, Some(managed.board.clone())).await)
    }

    /// Has a plugin try the way to its other side; nothing is sent to anybody.
    ///
    /// # Errors
    /// Fails if there is no such plugin.
    pub async fn probe(&self, plugin: &str) -> Result<Probe, UnknownPlugin> {
        let managed = self.managed(plugin)?;
        let connection = managed.board.running_connection().filter(|connection| !connection.is_closed());
        let Some(connection) = connection else {
            let why = managed.board.status().last_error;
            return Ok(Probe::failed("plugin", why.unwrap_or_else(|| "it does not run yet".to_owned())));
        };
        // One more than it works on at once would make it late for something else.
        let Some(_place) = connection.try_admit() else {
            return Ok(Probe::failed("plugin", "it has its hands full; try again later".to_owned()));
        };
        Ok(probe::probe(&connection, self.shared.timing.grace).await)
    }

    /// Has a plugin finish, and starts it anew. Calls that it makes end as interrupted.
    ///
    /// # Errors
    /// Fails if there is no such plugin.
    pub fn restart(&self, plugin: &str) -> Result<(), UnknownPlugin> {
        self.managed(plugin)?.restart.notify_one();
        Ok(())
    }

    /// Stops every plugin: each may finish for a bounded time, then its process group is killed. What is under way
    /// ends as interrupted.
    pub async fn shutdown(&self) {
        self.shared.stop.cancel();
        let workers = std::mem::take(&mut *self.workers.lock());
        for result in futures_util::future::join_all(workers).await {
            if let Err(error) = result {
                tracing::error!(%error, "the supervision of a plugin failed");
            }
        }
    }

    fn managed(&self, plugin: &str) -> Result<&Managed, UnknownPlugin> {
        self.shared.plugins.iter().find(|managed| managed.name == plugin).ok_or(UnknownPlugin)
    }

    async fn submit(&self, request: Request, only: Option<Arc<Board>>) -> Ended {
        let mut end = self.shared.clone().begin(request, only);
        match end.wait_for(Option::is_some).await {
            Ok(ended) => ended.clone().unwrap_or_else(lost),
            Err(_) => lost(),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl Shared {
    fn begin(self: Arc<Self>, request: Request, only: Option<Arc<Board>>) -> watch::Receiver<Option<Ended>> {
        let mut under_way = self.under_way.lock();
        if let Some(known) = under_way.get(request.id()) {
            return known.end.clone();
        }
        let (id, channel) = (request.id().clone(), request.channel().to_owned());
        // Looked at under the lock, so that a pause misses none that begins meanwhile.
        if self.paused.lock().contains(&channel) {
            let why = "the channel is paused: readmit plugin resume lets it go on";
            return watch::channel(Some(Ended::because(Disposition::Unreachable, why))).1;
        }
        let (tell, end) = watch::channel(None);
        let cancel = CancellationToken::new();
        under_way.insert(id.clone(), UnderWay { channel, end: end.clone(), cancel: cancel.clone() });
        drop(under_way);
        let boards = match only {
            Some(board) => vec![board],
            None => self.plugins.iter().map(|plugin| plugin.board.clone()).collect(),
        };
        let (changes, stop, timing) = (self.changes.subscribe(), self.stop.clone(), self.timing);
        let route = Route { request, boards, changes, cancel, stop, timing };
        // A task of its own: a call must not be forgotten, and then made again, because a caller went away.
        let place = Place { shared: self.clone(), id };
        tokio::spawn(async move {
            let ended = route.run().await;
            drop(place);
            tell.send_replace(Some(ended));
        });
        end
    }
}

struct Place {
    shared: Arc<Shared>,
    id: DeliveryId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.under_way.lock().remove(&self.id);
    }
}

fn lost() -> Ended {
    Ended::because(Disposition::Interrupted, "the daemon failed while it was under way")
}
