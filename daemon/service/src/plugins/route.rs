//! Which plugin gets a message or a call, and what happens when that does not work out.
//!
//! A message goes to the first plugin of its channel that runs; if that plugin is lost over it, it is sent once
//! more under the same id; if the plugin cannot deliver, the next one gets it. A call goes to the next one only where
//! the plugin says itself that its provider did not take it, and never told of a telephone that rang.

use std::sync::Arc;
use std::time::Duration;

use readmit_recovery::disposition::Disposition;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Failure};
use super::limits::{self, Timing};
use super::mask;
use super::request::{Ended, Request};
use super::status::Board;

pub(super) struct Route {
    pub(super) request: Request,
    /// The plugins that may be used, the preferred one first.
    pub(super) boards: Vec<Arc<Board>>,
    pub(super) changes: watch::Receiver<u64>,
    pub(super) cancel: CancellationToken,
    pub(super) stop: CancellationToken,
    pub(super) timing: Timing,
}

/// Where a request stands between two attempts.
struct Progress {
    /// Attempts left, by plugin.
    attempts: Vec<u8>,
    until: Instant,
    /// Until when it waits for a plugin to come (back).
    patience: Instant,
    /// The best account of why it has not been delivered yet.
    account: Option<Ended>,
}

enum Pick {
    /// This one is free.
    Free(usize, Connection, OwnedSemaphorePermit),
    /// All that run are busy; this is the first of them.
    Busy(usize, Connection),
    /// None runs, but one may come.
    Wait,
    /// There is none left to try.
    Nobody,
}

impl Route {
    pub(super) async fn run(mut self) -> Ended {
        let now = Instant::now();
        let attempts = if self.request.is_call() { 1 } else { limits::ATTEMPTS };
        let mut progress = Progress {
            attempts: vec![attempts; self.boards.len()],
            until: now + self.request.deadline(),
            patience: now + self.patience(),
            account: None,
        };
        loop {
            if self.cancel.is_cancelled() {
                return Ended::because(Disposition::Cancelled, "cancelled before a plugin began with it");
            }
            if self.stop.is_cancelled() {
                return interrupted();
            }
            if Instant::now() >= progress.until {
                return progress.end("the time for it is over");
            }
            self.changes.borrow_and_update();
            let found = match self.pick(&progress.attempts) {
                Pick::Free(plugin, connection, permit) => Some((plugin, connection, permit)),
                Pick::Busy(plugin, connection) => {
                    let most = if self.request.is_call() { progress.patience } else { progress.until };
                    if Instant::now() >= most {
                        return progress.end("every plugin for this channel is busy");
                    }
                    self.room(connection.clone(), most).await.map(|permit| (plugin, connection, permit))
                }
                Pick::Wait if Instant::now() >= progress.patience => {
                    return progress.end("no plugin for this channel runs");
                }
                Pick::Wait => {
                    self.change(progress.patience.min(progress.until)).await;
                    None
                }
                Pick::Nobody => return progress.end("no plugin is configured for this channel"),
            };
            if let Some((plugin, connection, _permit)) = found {
                let ended = self.attempt(&mut progress, plugin, &connection).await;
                if let Some(account) = &mut progress.account {
                    self.sign(plugin, account);
                }
                if let Some(mut ended) = ended {
                    self.sign(plugin, &mut ended);
                    return ended;
                }
            }
        }
    }

    /// Says which plugin it was, where that is not said yet.
    fn sign(&self, plugin: usize, ended: &mut Ended) {
        if ended.plugin.is_none() {
            ended.plugin = self.boards.get(plugin).map(|board| board.name().to_owned());
        }
    }

    fn pick(&self, attempts: &[u8]) -> Pick {
        let channel = self.request.channel();
        let mut busy = None;
        let mut may_come = false;
        for (plugin, board) in self.boards.iter().enumerate() {
            if attempts.get(plugin).is_none_or(|left| *left == 0) || !board.may_serve(channel) {
                continue;
            }
            may_come = true;
            let Some(connection) = board.connection(channel).filter(|connection| !connection.is_closed())
            else {
                continue;
            };
            match connection.try_admit() {
                Some(permit) => return Pick::Free(plugin, connection, permit),
                None => busy = busy.or(Some(Pick::Busy(plugin, connection))),
            }
        }
        busy.unwrap_or(if may_come { Pick::Wait } else { Pick::Nobody })
    }

    /// Makes one attempt. None means that another one may follow.
    async fn attempt(
        &self,
        progress: &mut Progress,
        plugin: usize,
        connection: &Connection,
    ) -> Option<Ended> {
        let left = progress.until.saturating_duration_since(Instant::now());
        let result = connection.work(&self.request, left, self.timing.grace, &self.cancel).await;
        let used_up = |progress: &mut Progress, account| {
            if let Some(attempts) = progress.attempts.get_mut(plugin) {
                *attempts = 0;
            }
            progress.account = Some(account);
        };
        match result {
            // Nobody has called it off: the plugin is being stopped, or lies.
            Ok(ended) if ended.disposition == Disposition::Cancelled && !self.cancel.is_cancelled() => {
                self.lost(progress, plugin)
            }
            Ok(ended) if self.another_may_do(&ended) => {
                used_up(progress, ended);
                None
            }
            Ok(ended) => Some(ended),
            Err(Failure::NotSent) => None,
            Err(Failure::Lost) => self.lost(progress, plugin),
            Err(Failure::Late) if self.cancel.is_cancelled() => {
                Some(Ended::because(Disposition::Cancelled, "the plugin did not say how it ended"))
            }
            Err(Failure::Late) if self.request.is_call() => Some(interrupted()),
            Err(Failure::Late) => {
                Some(Ended::because(Disposition::Unreachable, "the plugin did not answer in time"))
            }
            Err(Failure::TooLong) => Some(Ended::because(
                Disposition::Blocked,
                "it does not fit into a line of the plugin protocol",
            )),
            Err(Failure::Refused(error)) => {
                let told = mask::cleaned(&error.message, limits::TEXT_CHARS);
                let detail = format!("the plugin refused ({}): {told}", error.code);
                let ended = Ended::because(Disposition::ProviderError, &detail);
                if self.request.is_call() {
                    return Some(ended);
                }
                used_up(progress, ended);
                None
            }
        }
    }

    fn another_may_do(&self, ended: &Ended) -> bool {
        if self.request.is_call() { was_not_placed(ended) } else { another_may_do(ended.disposition) }
    }

    /// The plugin is gone and may have begun: a call is over, a message may be sent once more under its id.
    fn lost(&self, progress: &mut Progress, plugin: usize) -> Option<Ended> {
        if self.request.is_call() || self.stop.is_cancelled() {
            return Some(interrupted());
        }
        if let Some(attempts) = progress.attempts.get_mut(plugin) {
            *attempts = attempts.saturating_sub(1);
        }
        progress.account = Some(Ended::because(
            Disposition::Interrupted,
            "the plugin was lost over it, again after a re-send",
        ));
        progress.patience = Instant::now() + self.patience();
        None
    }

    /// Waits for room, until `most` or until something changes.
    async fn room(&mut self, connection: Connection, most: Instant) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            permit = connection.admit() => permit,
            () = self.change(most) => None,
        }
    }

    async fn change(&mut self, most: Instant) {
        tokio::select! {
            // The sender lives as long as the supervisor; its end is a stop.
            _changed = self.changes.changed() => {}
            () = sleep_until(most) => {}
            () = self.cancel.cancelled() => {}
            () = self.stop.cancelled() => {}
        }
    }

    fn patience(&self) -> Duration {
        if self.request.is_call() { self.timing.call_patience } else { self.timing.message_patience }
    }
}

impl Progress {
    fn end(self, otherwise: &str) -> Ended {
        self.account.unwrap_or_else(|| Ended::because(Disposition::Unreachable, otherwise))
    }
}

/// Whether another provider may succeed with a message where one ended like this.
const fn another_may_do(disposition: Disposition) -> bool {
    matches!(
        disposition,
        Disposition::Unreachable
            | Disposition::ProviderError
            | Disposition::TrunkAuth
            | Disposition::TrunkForbidden
            | Disposition::Interrupted
    )
}

/// Whether a provider has not even begun with a call.
const fn was_not_placed(ended: &Ended) -> bool {
    let refused = matches!(
        ended.disposition,
        Disposition::Unreachable | Disposition::TrunkAuth | Disposition::TrunkForbidden
    );
    refused && !ended.rang
}

fn interrupted() -> Ended {
    Ended::because(Disposition::Interrupted, "the plugin was stopped or lost while it was under way")
}
