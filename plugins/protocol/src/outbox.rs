//! The way from the plugin to the daemon: one queue of lines, and the answers to the plugin's own requests.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use crate::limits;
use crate::listen::{OwnSocket, OwnSockets};
use crate::wire::{Check, Checked, ErrorObject, Id, Log, LogLevel, Message, Progress, method, parse_params};

/// The daemon, as a plugin sees it. Clones are the same daemon.
#[derive(Debug, Clone)]
pub struct Daemon {
    shared: Arc<Shared>,
}

struct Shared {
    lines: mpsc::Sender<Outgoing>,
    pending: Mutex<Pending>,
    next: AtomicU64,
    own: Arc<OwnSockets>,
}

#[derive(Default)]
struct Pending {
    closed: bool,
    waiting: HashMap<u64, oneshot::Sender<Result<Value, ErrorObject>>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("pending", &self.pending.lock().waiting.len()).finish_non_exhaustive()
    }
}

pub(crate) enum Outgoing {
    Line(Zeroizing<String>),
    Close,
}

/// Why the daemon did not answer.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Gone {
    /// The connection ended.
    #[error("the daemon has closed the connection")]
    Closed,
    /// No answer came in time.
    #[error("the daemon did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// The daemon answered with an error.
    #[error("the daemon refused")]
    Refused(#[source] ErrorObject),
    /// The daemon's answer is not what the protocol says.
    #[error("the daemon's answer does not fit the protocol")]
    Unreadable(#[source] crate::wire::ParamsError),
}

impl Daemon {
    #[cfg(test)]
    pub(crate) fn new() -> (Self, mpsc::Receiver<Outgoing>) {
        Self::with_sockets(Arc::default())
    }

    pub(crate) fn with_sockets(own: Arc<OwnSockets>) -> (Self, mpsc::Receiver<Outgoing>) {
        let (lines, queue) = mpsc::channel(limits::MAX_QUEUED_LINES);
        let shared = Shared { lines, pending: Mutex::default(), next: AtomicU64::new(1), own };
        (Self { shared: Arc::new(shared) }, queue)
    }

    /// Returns the plugin's own socket of this name, if systemd handed one over (`FileDescriptorName=`). It outlives the
    /// connection with the daemon; each call returns the same socket.
    ///
    /// # Errors
    /// Fails if the process has no file descriptor left.
    pub fn socket(&self, name: &str) -> io::Result<Option<OwnSocket>> {
        let found = self.shared.own.iter().find(|(own, _)| own == name);
        found.map(|(_, socket)| socket.try_clone()).transpose()
    }

    /// Tells how far the call `id` is: one of [`crate::phase`]. Dropped if the daemon does not read.
    pub fn progress(&self, id: &str, phase: &str) {
        self.offer(&Message::notification(
            method::PROGRESS,
            &Progress { id: id.to_owned(), phase: shortened(phase) },
        ));
    }

    /// Asks whether `digits` are right for the call `id`. Each question uses up one try.
    ///
    /// # Errors
    /// Fails if the daemon is gone, silent for [`limits::CHECK`], or refuses.
    pub async fn check(&self, id: &str, digits: &str) -> Result<Checked, Gone> {
        let check = Check { id: id.to_owned(), digits: digits.into() };
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let (answer, waiting) = oneshot::channel();
        {
            let mut pending = self.shared.pending.lock();
            if pending.closed {
                return Err(Gone::Closed);
            }
            pending.waiting.insert(number, answer);
        }
        // Whatever happens to this future, its place in the table is given back.
        let _place = Place { daemon: self, number };
        let exchange = async {
            self.send(&Message::request(Id::Number(number), method::CHECK, &check)).await?;
            waiting.await.map_err(|_| Gone::Closed)
        };
        match tokio::time::timeout(limits::CHECK, exchange).await {
            Err(_) => Err(Gone::Silent(limits::CHECK)),
            Ok(answer) => {
                let result = answer?.map_err(Gone::Refused)?;
                parse_params(result).map_err(Gone::Unreadable)
            }
        }
    }

    /// Writes a line to the daemon's log; never an address, a number, a code or a token. Dropped if the daemon
    /// does not read.
    pub fn log(&self, level: LogLevel, message: &str) {
        self.offer(&Message::notification(method::LOG, &Log { level, message: shortened(message) }));
    }

    /// Queues a line and waits for room.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), Gone> {
        let line = Outgoing::Line(Zeroizing::new(message.to_line()));
        self.shared.lines.send(line).await.map_err(|_| Gone::Closed)
    }

    /// Hands an answer of the daemon to whom it is for; an answer that nobody waits for is dropped.
    pub(crate) fn answered(&self, id: Option<&Id>, outcome: Result<Value, ErrorObject>) {
        let Some(Id::Number(number)) = id else { return };
        if let Some(waiting) = self.shared.pending.lock().waiting.remove(number) {
            // The plugin may have stopped waiting; then nobody needs the answer.
            let _unwanted = waiting.send(outcome);
        }
    }

    /// Ends every wait for the daemon and tells the writer to finish.
    pub(crate) async fn close(&self) {
        {
            let mut pending = self.shared.pending.lock();
            pending.closed = true;
            pending.waiting.clear();
        }
        // If the writer is gone already, there is nothing left to close.
        let _gone = self.shared.lines.send(Outgoing::Close).await;
    }

    /// Waits until the daemon no longer reads.
    pub(crate) async fn closed(&self) {
        self.shared.lines.closed().await;
    }

    fn offer(&self, message: &Message) {
        let line = Outgoing::Line(Zeroizing::new(message.to_line()));
        if self.shared.lines.try_send(line).is_err() {
            tracing::debug!("the daemon does not read; a notification was dropped");
        }
    }
}

struct Place<'a> {
    daemon: &'a Daemon,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.daemon.shared.pending.lock().waiting.remove(&self.number);
    }
}

/// Writes queued lines until it is told to close or writing fails.
pub(crate) async fn write_lines<W: AsyncWrite + Unpin>(mut writer: W, mut queue: mpsc::Receiver<Outgoing>) {
    while let Some(Outgoing::Line(line)) = queue.recv().await {
        let written = async {
            writer.write_all(line.as_bytes()).await?;
            if queue.is_empty() { writer.flush().await } else { Ok(()) }
        };
        if let Err(error) = written.await {
            tracing::debug!(%error, "the daemon no longer reads");
            return;
        }
    }
    // The daemon may have left already; then nobody misses the rest.
    let _gone = writer.flush().await;
    let _gone = writer.shutdown().await;
}

/// Cuts a text to [`limits::MAX_TEXT`] characters.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().nth(limits::MAX_TEXT).is_none() {
        return text.to_owned();
    }
    text.chars().take(limits::MAX_TEXT - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_past_the_limit_and_not_at_it() {
        let exact = "é".repeat(limits::MAX_TEXT);
        assert_eq!(shortened(&exact), exact);
        let cut = shortened(&(exact + "x"));
        assert_eq!(cut.chars().count(), limits::MAX_TEXT);
        assert!(cut.ends_with('…'));
    }
}
