//! The life of one plugin: start it, greet it, ping it, replace it.
//!
//! One task a plugin; none waits for another.

use std::sync::Arc;
use std::time::Duration;

use readmit_plugin::wire::{self, method};
use thiserror::Error;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::Events;
use super::backoff::Backoff;
use super::connection::{Connection, Failure, Goodbye};
use super::limits::{self, Timing};
use super::mask;
use super::process;
use super::status::Board;
use crate::config::PluginConfig;

/// How long a process that has closed its output is given to exit, so that its exit status can be told.
const LAST_WORDS: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    pub(super) config: PluginConfig,
    pub(super) board: Arc<Board>,
    pub(super) events: Arc<dyn Events>,
    pub(super) timing: Timing,
    pub(super) stop: CancellationToken,
    pub(super) restart: Arc<Notify>,
}

/// Why one life of a plugin ended.
enum End {
    Failed(String),
    Restart,
    Stop,
}

/// Why a plugin is not accepted.
#[derive(Debug, Error)]
enum Unfit {
    #[error("its settings do not fit into a message of the protocol")]
    TooLong,
    #[error("it does not start: {0}")]
    Refused(String),
    #[error("it does not say what it is as the protocol wants: {0}")]
    Unreadable(#[source] wire::ParamsError),
    #[error("it offers no channel, too many, or one whose name is not lower case letters, digits and _")]
    Channels,
}

impl Worker {
    pub(super) async fn run(self) {
        let timing = self.timing;
        let mut backoff =
            Backoff::new(timing.backoff_first, timing.backoff_most, timing.seed, &self.config.name);
        loop {
            self.board.starting();
            let started = Instant::now();
            match self.live_once().await {
                End::Stop => return self.board.stopped(),
                End::Restart => {
                    self.board.restarted();
                    backoff.reset();
                    continue;
                }
                End::Failed(why) => self.board.failed(why),
            }
            if started.elapsed() >= timing.stable_after {
                backoff.reset();
            }
            tokio::select! {
                () = sleep(backoff.next()) => {}
                () = self.restart.notified() => backoff.reset(),
                () = self.stop.cancelled() => return self.board.stopped(),
            }
        }
    }

    async fn live_once(&self) -> End {
        let life = match process::start(&self.config).await {
            Ok(life) => life,
            Err(error) => return End::Failed(told(&error)),
        };
        let (connection, speaking) =
            Connection::open(&self.config.name, self.events.clone(), life.reader, life.writer);
        let mut speaking = tokio::spawn(speaking);
        let mut exiting = false;
        let end = tokio::select! {
            goodbye = &mut speaking => match goodbye {
                Ok(Goodbye { why, by_itself }) => {
                    exiting = by_itself;
                    End::Failed(why)
                }
                Err(_) => End::Failed("the daemon failed to listen to it".to_owned()),
            },
            unfit = self.attend(&connection) => End::Failed(unfit.to_string()),
            () = self.restart.notified() => End::Restart,
            () = self.stop.cancelled() => End::Stop,
        };
        self.board.withdrawn();
        let patience = match &end {
            End::Failed(_) if exiting => LAST_WORDS,
            End::Failed(_) => Duration::ZERO,
            End::Restart | End::Stop => self.farewell(&connection).await,
        };
        connection.give_up("it was stopped");
        if !speaking.is_finished() {
            // Every request under way gets its end before the process is gone.
            let _ended = (&mut speaking).await;
        }
        let exit = match life.process {
            Some(process) => process.end(patience).await,
            None => None,
        };
        match (end, exit) {
            (End::Failed(why), Some(exit)) => End::Failed(format!("{why} ({exit})")),
            (end, _) => end,
        }
    }

    /// Greets the plugin and pings it for as long as it is well. Returns why it is not accepted; what goes wrong
    /// later, the connection itself tells.
    async fn attend(&self, connection: &Connection) -> Unfit {
        let about = match self.greet(connection).await {
            Ok(about) => about,
            Err(unfit) => return unfit,
        };
        self.board.running(&about, connection.clone());
        tracing::info!(plugin = self.config.name, channels = ?about.channels, "the plugin runs");
        loop {
            sleep(self.timing.ping_every).await;
            // A plugin that does one thing at a time answers late while it works; then the deadline of the work
            // finds a hung one.
            if connection.is_idle() {
                let answer = connection.ask(method::PING, &wire::Done {}, self.timing.ping_answer).await;
                if let Err(Failure::Lost | Failure::Late | Failure::NotSent) = answer {
                    return ended().await;
                }
            }
        }
    }

    async fn greet(&self, connection: &Connection) -> Result<wire::About, Unfit> {
        let greeting =
            wire::Initialize { protocol: readmit_plugin::PROTOCOL, settings: self.config.settings.clone() };
        let answer = match connection.ask(method::INITIALIZE, &greeting, self.timing.initialize).await {
            Ok(answer) => answer,
            Err(Failure::NotSent | Failure::Lost | Failure::Late) => return ended().await,
            Err(Failure::TooLong) => return Err(Unfit::TooLong),
            Err(Failure::Refused(error)) => {
                return Err(Unfit::Refused(mask::cleaned(&error.message, limits::TEXT_CHARS)));
            }
        };
        let about: wire::About = wire::parse_params(answer).map_err(Unfit::Unreadable)?;
        let fits = (1..=limits::CHANNELS).contains(&about.channels.len())
            && about.channels.iter().all(|name| crate::config::is_channel_name(name));
        if fits { Ok(about) } else { Err(Unfit::Channels) }
    }

    /// Asks the plugin to finish, and returns how long it may still take.
    async fn farewell(&self, connection: &Connection) -> Duration {
        let until = Instant::now() + self.timing.shutdown;
        // Whether it agrees or not, it has the rest of the time to exit.
        let _answer = connection.ask(method::SHUTDOWN, &wire::Done {}, self.timing.shutdown).await;
        until.saturating_duration_since(Instant::now())
    }
}

/// Waits for what the connection tells of its own end, which is under way.
async fn ended<T>() -> T {
    std::future::pending().await
}

fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
