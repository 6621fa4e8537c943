//! One delivery or call under its id: done once, bounded by its deadline, and answered.

use std::collections::HashSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::known::{Claim, Known, Repeat};
use crate::limits;
use crate::outbox::{Daemon, shortened};
use crate::plugin::Plugin;
use crate::wire::{Ended, Id, Message, disposition};

/// One delivery or call, apart from what it does.
pub(crate) struct Work<P> {
    pub(crate) request: Id,
    pub(crate) id: String,
    pub(crate) deadline: Duration,
    pub(crate) repeat: Repeat,
    pub(crate) plugin: Arc<P>,
}

impl<P: Plugin> Work<P> {
    /// Does it, unless its id was done before, and answers the daemon.
    pub(crate) async fn run<F>(
        self,
        run: F,
        daemon: &Daemon,
        known: &Known,
        under_way: &Mutex<HashSet<String>>,
    ) where
        F: Future<Output = Ended> + Send,
    {
        let answer = |ended: &Ended| Message::success(self.request.clone(), ended);
        // An answer that finds no daemon is not lost: it is kept under its id.
        match known.claim(&self.id, self.repeat) {
            Claim::Same(mut waiting) => {
                let ended = match timeout(self.deadline, waiting.wait_for(Option::is_some)).await {
                    Ok(Ok(end)) => end.clone().unwrap_or_else(interrupted),
                    Ok(Err(_)) => interrupted(),
                    Err(_) => past_deadline(),
                };
                let _gone = daemon.send(&answer(&ended)).await;
            }
            Claim::New(ticket) => {
                under_way.lock().insert(self.id.clone());
                let _under_way = UnderWay { ids: under_way, id: &self.id };
                let mut run = pin!(AssertUnwindSafe(run).catch_unwind());
                let first = timeout(self.deadline, &mut run).await;
                let in_time = first.is_ok();
                let ended = match first {
                    Ok(Ok(ended)) => bounded(ended),
                    Ok(Err(_panic)) => Ended::new(disposition::PROVIDER_ERROR)
                        .with_detail("the plugin failed while it worked on this"),
                    Err(_) => past_deadline(),
                };
                if in_time {
                    ticket.finish(&ended);
                    let _gone = daemon.send(&answer(&ended)).await;
                } else {
                    // The id stays claimed until the work has really stopped.
                    let _gone = daemon.send(&answer(&ended)).await;
                    cancel_within_grace(&*self.plugin, &self.id).await;
                    let late = timeout(limits::GRACE, &mut run).await;
                    ticket.finish(match &late {
                        Ok(Ok(late)) if late.disposition == disposition::SENT => late,
                        _ => &ended,
                    });
                }
            }
        }
    }
}

struct UnderWay<'a> {
    ids: &'a Mutex<HashSet<String>>,
    id: &'a str,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.ids.lock().remove(self.id);
    }
}

/// Has the plugin cancel what is under way, and does not wait for ever.
pub(crate) async fn cancel_within_grace<P: Plugin>(plugin: &P, id: &str) {
    let cancel = AssertUnwindSafe(plugin.cancel(id)).catch_unwind();
    if !matches!(timeout(limits::GRACE, cancel).await, Ok(Ok(()))) {
        tracing::warn!("the plugin did not take a cancel in good order");
    }
}

fn bounded(mut ended: Ended) -> Ended {
    ended.disposition = shortened(&ended.disposition);
    ended.provider_id = ended.provider_id.as_deref().map(shortened);
    ended.detail = ended.detail.as_deref().map(shortened);
    ended
}

fn past_deadline() -> Ended {
    Ended::new(disposition::UNREACHABLE).with_detail("deadline")
}

fn interrupted() -> Ended {
    Ended::new(disposition::UNREACHABLE).with_detail("interrupted")
}
