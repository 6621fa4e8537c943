//! One connection with a plugin: requests out, answers in, and a close watch on what the plugin says.
//!
//! What a plugin says is believed only where it fits what was asked of this very plugin. Whether it is started
//! again is [`super::worker`]'s; which plugin gets what is [`super::route`]'s.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use readmit_plugin::frames::{Frame, Frames};
use readmit_plugin::wire::{self, ErrorObject, Id, Message, method};
use readmit_recovery::disposition::Disposition;
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::listening::Listening;
use super::live::Live;
use super::request::{Ended, Request};
use super::{Events, limits};

/// A plugin that can be asked. Clones are the same connection.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) plugin: String,
    pub(super) events: Arc<dyn Events>,
    pub(super) live: Live,
    lines: mpsc::Sender<Zeroizing<String>>,
    pending: Mutex<Pending>,
    next: AtomicU64,
    faults: AtomicU32,
    in_flight: Arc<Semaphore>,
    closed: CancellationToken,
    why: Mutex<Option<String>>,
}

#[derive(Default)]
struct Pending {
    closed: bool,
    waiting: HashMap<u64, oneshot::Sender<Result<Value, ErrorObject>>>,
}

/// How a connection ended.
pub(super) struct Goodbye {
    pub(super) why: String,
    /// Whether the plugin ended it: its process may be about to exit.
    pub(super) by_itself: bool,
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The plugin never saw it.
    NotSent,
    /// It does not fit into a line of the protocol.
    TooLong,
    /// The plugin may have begun with it, and is gone.
    Lost,
    /// The plugin did not answer in time, and is taken for hung.
    Late,
    /// The plugin answered with an error.
    Refused(ErrorObject),
}

impl Connection {
    /// Starts to speak on these streams. The future is the connection's life; it ends with the reason.
    pub(super) fn open(
        plugin: &str,
        events: Arc<dyn Events>,
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> (Self, impl Future<Output = Goodbye> + Send + 'static) {
        let (lines, queue) = mpsc::channel(limits::QUEUED_LINES);
        let shared = Shared {
            plugin: plugin.to_owned(),
            events,
            live: Live::default(),
            lines,
            pending: Mutex::default(),
            next: AtomicU64::new(1),
            faults: AtomicU32::new(0),
            in_flight: Arc::new(Semaphore::new(limits::IN_FLIGHT)),
            closed: CancellationToken::new(),
            why: Mutex::default(),
        };
        let connection = Self { shared: Arc::new(shared) };
        let life = connection.clone().live(Frames::new(reader), writer, queue);
        (connection, life)
    }

    /// Asks and waits for the answer. A plugin that lets `patience` pass is taken for hung: the connection ends.
    pub(super) async fn ask(
        &self,
        method: &'static str,
        params: &impl Serialize,
        patience: Duration,
    ) -> Result<Value, Failure> {
        let until = Instant::now() + patience;
        self.post(method, params, until).await?.answer(until).await
    }

    /// Has a message or a call worked on, for at most `left`, and `grace` more for the plugin's own account of it.
    pub(super) async fn work(
        &self,
        request: &Request,
        left: Duration,
        grace: Duration,
        cancel: &CancellationToken,
    ) -> Result<Ended, Failure> {
        let work = self.shared.live.begin(request);
        let until = Instant::now() + left + grace;
        let (method, params) = request.to_wire(left);
        // What is cancelled before the plugin was told of it is never told.
        let posted = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Failure::NotSent),
            posted = self.post(method, &params, until) => posted?,
        };
        let mut answer = std::pin::pin!(posted.answer(until));
        let answer = tokio::select! {
            answer = &mut answer => answer,
            () = cancel.cancelled() => {
                self.notify(method::CANCEL, &wire::Cancel { id: request.id().as_str().to_owned() });
                match timeout(grace, answer).await {
                    Ok(answer) => answer,
                    Err(_) => {
                        self.give_up("it did not take back what was cancelled");
                        Err(Failure::Late)
                    }
                }
            }
        };
        match answer {
            Ok(answer) => Ok(Ended { rang: work.rang(), ..request.read_answer(answer, work.accepted()) }),
            // The digits were right, and the case knows it: the call has done what it was for.
            Err(Failure::Lost | Failure::Late) if work.accepted() => {
                Ok(Ended::because(Disposition::Entered, "the plugin was lost after the digits were right"))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Puts a request into the queue. Dropped before it is done, nothing is sent.
    async fn post(
        &self,
        method: &'static str,
        params: &impl Serialize,
        until: Instant,
    ) -> Result<Posted<'_>, Failure> {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let line = Zeroizing::new(Message::request(Id::Number(number), method, params).to_line());
        // The newline is no part of the line.
        if line.len() > readmit_plugin::limits::MAX_LINE + 1 {
            return Err(Failure::TooLong);
        }
        let (answer, waiting) = oneshot::channel();
        {
            let mut pending = self.shared.pending.lock();
            if pending.closed {
                return Err(Failure::NotSent);
            }
            pending.waiting.insert(number, answer);
        }
        let posted = Posted { connection: self, number, method, waiting };
        match timeout_at(until, self.shared.lines.send(line)).await {
            Ok(Ok(())) => Ok(posted),
            Ok(Err(_)) => Err(Failure::NotSent),
            Err(_) => {
                self.give_up("it does not read its input");
                Err(Failure::NotSent)
            }
        }
    }

    /// Room for one more request, if there is.
    pub(super) fn try_admit(&self) -> Option<OwnedSemaphorePermit> {
        self.shared.in_flight.clone().try_acquire_owned().ok()
    }

    /// Waits for room; none if the connection ends first.
    pub(super) async fn admit(&self) -> Option<OwnedSemaphorePermit> {
        self.shared.in_flight.clone().acquire_owned().await.ok()
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.shared.in_flight.available_permits() == limits::IN_FLIGHT
    }

    pub(super) fn is_closed(&self) -> bool {
        self.shared.closed.is_cancelled()
    }

    /// Ends the connection; the first reason counts.
    pub(super) fn give_up(&self, why: &str) {
        self.shared.why.lock().get_or_insert_with(|| why.to_owned());
        self.shared.closed.cancel();
    }

    /// Counts something that the plugin should not have said; too many end the connection.
    pub(super) fn fault(&self, what: &str) {
        let count = self.shared.faults.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(plugin = self.shared.plugin, count, "against the plugin protocol: {what}");
        if count > limits::FAULTS {
            self.give_up(&format!("it keeps breaking the protocol; last: {what}"));
        }
    }

    /// Queues a line if there is room. What is dropped otherwise, the plugin's deadlines make up for.
    pub(super) fn notify(&self, method: &str, params: &impl Serialize) {
        self.offer(&Message::notification(method, params));
    }

    pub(super) fn offer(&self, message: &Message) {
        if self.shared.lines.try_send(Zeroizing::new(message.to_line())).is_err() {
            tracing::debug!(plugin = self.shared.plugin, "the plugin does not read; a line was dropped");
        }
    }

    /// Hands an answer to whom it is for.
    pub(super) fn answered(&self, id: Option<&Id>, outcome: Result<Value, ErrorObject>) {
        let number = match id {
            Some(Id::Number(number)) => *number,
            Some(Id::Text(_)) => return self.fault("an answer to something that was not asked"),
            None => return self.fault("the plugin could not read a line"),
        };
        let waiting = self.shared.pending.lock().waiting.remove(&number);
        match waiting {
            // Whoever asked may have stopped waiting a moment ago.
            Some(waiting) => drop(waiting.send(outcome)),
            None => self.fault("an answer to something that was not asked, or was answered"),
        }
    }

    async fn live<R, W>(
        self,
        mut frames: Frames<R>,
        writer: W,
        queue: mpsc::Receiver<Zeroizing<String>>,
    ) -> Goodbye
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let writing = tokio::spawn(self.clone().write(writer, queue));
        let ending = Ending(&self);
        let mut listening = Listening::new(self.clone());
        let closed = self.shared.closed.clone();
        let mut by_itself = false;
        loop {
            // Biased: a plugin that floods must not keep the connection open past its end.
            tokio::select! {
                biased;
                () = closed.cancelled() => break,
                frame = frames.next() => {
                    by_itself = !matches!(frame, Ok(Some(_))) || matches!(frame, Ok(Some(Frame::Half)));
                    match frame {
                        Ok(Some(Frame::Half)) => self.give_up("it ended within a line"),
                        Ok(Some(frame)) => listening.take(&frame),
                        Ok(None) => self.give_up("it closed its output"),
                        Err(_) => self.give_up("its output could not be read"),
                    }
                }
            }
        }
        writing.abort();
        drop(ending);
        let why = self.shared.why.lock().clone().unwrap_or_default();
        Goodbye { why, by_itself }
    }

    async fn write<W: AsyncWrite + Unpin>(self, mut writer: W, mut queue: mpsc::Receiver<Zeroizing<String>>) {
        while let Some(line) = queue.recv().await {
            let written = async {
                writer.write_all(line.as_bytes()).await?;
                writer.flush().await
            };
            if written.await.is_err() {
                // The end of its output says more, if it comes; a plugin that only closed its input is asked
                // again, and is late then.
                tracing::debug!(plugin = self.shared.plugin, "the plugin closed its input");
                return;
            }
        }
    }
}

/// Ends every request when the connection's life does, even if that fails on the way.
struct Ending<'a>(&'a Connection);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        shared.closed.cancel();
        shared.in_flight.close();
        let mut pending = shared.pending.lock();
        pending.closed = true;
        pending.waiting.clear();
    }
}

/// A request that the plugin may have begun with. Dropped, its answer is not waited for.
struct Posted<'a> {
    connection: &'a Connection,
    number: u64,
    method: &'static str,
    waiting: oneshot::Receiver<Result<Value, ErrorObject>>,
}

impl Posted<'_> {
    async fn answer(mut self, until: Instant) -> Result<Value, Failure> {
        match timeout_at(until, &mut self.waiting).await {
            Ok(Ok(outcome)) => outcome.map_err(Failure::Refused),
            Ok(Err(_)) => Err(Failure::Lost),
            Err(_) => {
                self.connection.give_up(&format!("it did not answer `{}` in time", self.method));
                Err(Failure::Late)
            }
        }
    }
}

impl Drop for Posted<'_> {
    fn drop(&mut self) {
        self.connection.shared.pending.lock().waiting.remove(&self.number);
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
