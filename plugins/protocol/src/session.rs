//! One connection with the daemon, from `initialize` to its end.
//!
//! It knows nothing of sockets or processes; [`crate::serve()`] brings the streams.

use std::collections::HashSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::frames::{Frame, Frames};
use crate::known::{Known, Repeat};
use crate::outbox::{Daemon, shortened};
use crate::plugin::Plugin;
use crate::wire::{
    About, Call, Cancel, Deliver, Done, Ended, ErrorObject, Id, Initialize, Message, Probe, ProbeStep,
    Probed, code, method, parse_params,
};
use crate::work::{Work, cancel_within_grace};
use crate::{PROTOCOL, limits};

pub(crate) struct Session<P> {
    daemon: Daemon,
    known: Arc<Known>,
    plugin: Option<Arc<P>>,
    under_way: Arc<Mutex<HashSet<String>>>,
    requests: JoinSet<()>,
}

/// Whether to read on.
#[derive(PartialEq, Eq)]
enum Next {
    Read,
    End,
}

impl<P: Plugin> Session<P> {
    pub(crate) fn new(daemon: Daemon, known: Arc<Known>) -> Self {
        Self { daemon, known, plugin: None, under_way: Arc::default(), requests: JoinSet::new() }
    }

    /// Answers until the daemon says `shutdown`, the input ends, or `stop` does.
    pub(crate) async fn run<R: AsyncRead + Unpin>(mut self, reader: R, stop: impl Future<Output = ()>) {
        let mut frames = Frames::new(reader);
        let mut stop = pin!(stop);
        let daemon = self.daemon.clone();
        loop {
            tokio::select! {
                frame = frames.next() => match frame {
                    Ok(Some(frame)) => if self.take(frame).await == Next::End { break },
                    Ok(None) => break,
                    Err(error) => {
                        tracing::debug!(%error, "the daemon's input failed");
                        break;
                    }
                },
                // Finished requests give their memory back.
                Some(_) = self.requests.join_next() => {}
                () = daemon.closed() => break,
                () = &mut stop => break,
            }
        }
        self.finish().await;
        self.daemon.close().await;
    }

    async fn take(&mut self, frame: Frame) -> Next {
        let unreadable = match frame {
            Frame::Line(line) => match Message::parse(&line) {
                Ok(message) => return self.handle(message).await,
                Err(error) => error.into_response(),
            },
            Frame::TooLong => {
                unreadable(format!("the line is longer than {} bytes and was skipped", limits::MAX_LINE))
            }
            Frame::NotUtf8 => unreadable("the line is not UTF-8".to_owned()),
            Frame::Half => unreadable("the input ended within a line".to_owned()),
        };
        self.reply(&unreadable).await
    }

    async fn handle(&mut self, message: Message) -> Next {
        match message {
            Message::Response { id, outcome } => {
                self.daemon.answered(id.as_ref(), outcome);
                Next::Read
            }
            Message::Notification { method, params } => self.notified(&method, params),
            Message::Request { id, method, params } => match self.request(&id, &method, params).await {
                Ok(next) => next,
                Err(error) => self.reply(&Message::failure(Some(id), error)).await,
            },
        }
    }

    /// A notification gets no answer, not even an error (JSON-RPC 2.0 section 4.1).
    fn notified(&mut self, method: &str, params: Value) -> Next {
        match method {
            method::CANCEL => {
                if let Err(error) = self.cancel(None, params) {
                    tracing::warn!(%error, "a cancel that fits nothing was ignored");
                }
                Next::Read
            }
            method::SHUTDOWN => Next::End,
            _ => {
                tracing::warn!("a notification that plugins do not know was ignored");
                Next::Read
            }
        }
    }

    async fn request(&mut self, id: &Id, method: &str, params: Value) -> Result<Next, ErrorObject> {
        match method {
            method::PING => Ok(self.reply(&Message::success(id.clone(), &Done {})).await),
            method::INITIALIZE => {
                let about = self.initialize(params).await?;
                Ok(self.reply(&Message::success(id.clone(), &about)).await)
            }
            method::DELIVER => self.deliver(id, params).map(|()| Next::Read),
            method::CALL => self.call(id, params).map(|()| Next::Read),
            method::CANCEL => self.cancel(Some(id), params).map(|()| Next::Read),
            method::PROBE => self.probe(id, params).map(|()| Next::Read),
            method::SHUTDOWN => {
                self.finish().await;
                self.reply(&Message::success(id.clone(), &Done {})).await;
                Ok(Next::End)
            }
            _ => Err(ErrorObject::new(code::METHOD_NOT_FOUND, "a plugin has no such method")),
        }
    }

    async fn initialize(&mut self, params: Value) -> Result<About, ErrorObject> {
        if self.plugin.is_some() {
            return Err(ErrorObject::new(code::INVALID_REQUEST, "the plugin is already initialized"));
        }
        // The version is read before the rest: another version may have other members.
        let asked = params.get("protocol").and_then(Value::as_u64);
        if let Some(asked) = asked.filter(|asked| *asked != u64::from(PROTOCOL)) {
            let text = format!("this plugin speaks protocol {PROTOCOL}, the daemon asked for {asked}");
            return Err(ErrorObject::new(code::WRONG_PROTOCOL, text));
        }
        let Initialize { settings, .. } = parse_params(params).map_err(invalid)?;
        // An administrator who wrote no settings means an empty table.
        let settings = if settings.is_null() { Value::Object(serde_json::Map::default()) } else { settings };
        let settings = serde_path_to_error::deserialize(settings).map_err(|error| {
            ErrorObject::new(code::INVALID_PARAMS, format!("settings: {}", shortened(&error.to_string())))
        })?;
        let start = AssertUnwindSafe(P::start(settings, self.daemon.clone())).catch_unwind();
        match timeout(limits::START, start).await {
            Ok(Ok(Ok((plugin, about)))) => {
                self.plugin = Some(Arc::new(plugin));
                Ok(about)
            }
            Ok(Ok(Err(error))) => Err(ErrorObject::new(code::START_FAILED, shortened(&with_sources(&error)))),
            Ok(Err(_panic)) => Err(ErrorObject::new(code::INTERNAL, "the plugin failed while it started")),
            Err(_) => {
                let text = format!("the plugin did not start within {} s", limits::START.as_secs());
                Err(ErrorObject::new(code::START_FAILED, text))
            }
        }
    }

    fn deliver(&mut self, request: &Id, params: Value) -> Result<(), ErrorObject> {
        let plugin = self.started()?;
        let message: Deliver = parse_params(params).map_err(invalid)?;
        let (id, deadline) = (checked_id(&message.id)?, message.deadline());
        let work = {
            let plugin = plugin.clone();
            async move { plugin.deliver(message).await }
        };
        self.start_work(
            Work { request: request.clone(), id, deadline, repeat: Repeat::UntilSent, plugin },
            work,
        )
    }

    fn call(&mut self, request: &Id, params: Value) -> Result<(), ErrorObject> {
        let plugin = self.started()?;
        let call: Call = parse_params(params).map_err(invalid)?;
        let (id, deadline) = (checked_id(&call.id)?, call.deadline());
        let work = {
            let plugin = plugin.clone();
            async move { plugin.call(call).await }
        };
        self.start_work(Work { request: request.clone(), id, deadline, repeat: Repeat::Never, plugin }, work)
    }

    fn start_work<F>(&mut self, work: Work<P>, run: F) -> Result<(), ErrorObject>
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        self.admit()?;
        let (daemon, known, under_way) = (self.daemon.clone(), self.known.clone(), self.under_way.clone());
        self.requests.spawn(async move { work.run(run, &daemon, &known, &under_way).await });
        Ok(())
    }

    fn cancel(&mut self, request: Option<&Id>, params: Value) -> Result<(), ErrorObject> {
        let plugin = self.started()?;
        let Cancel { id } = parse_params(params).map_err(invalid)?;
        self.admit()?;
        let (daemon, request) = (self.daemon.clone(), request.cloned());
        self.requests.spawn(async move {
            cancel_within_grace(&*plugin, &id).await;
            if let Some(request) = request {
                // If the daemon is gone, nobody waits for the answer.
                let _gone = daemon.send(&Message::success(request, &Done {})).await;
            }
        });
        Ok(())
    }

    fn probe(&mut self, request: &Id, params: Value) -> Result<(), ErrorObject> {
        let plugin = self.started()?;
        let deadline = parse_params::<Probe>(params).map_err(invalid)?.deadline();
        self.admit()?;
        let (daemon, request) = (self.daemon.clone(), request.clone());
        self.requests.spawn(async move {
            let run = AssertUnwindSafe(plugin.probe(deadline)).catch_unwind();
            let answer = match timeout(deadline, run).await {
                Ok(Ok(Some(probed))) => Message::success(request, &bounded_probe(probed)),
                Ok(Ok(None)) => Message::failure(
                    Some(request),
                    ErrorObject::new(code::METHOD_NOT_FOUND, "this plugin has nothing to probe"),
                ),
                Ok(Err(_panic)) => Message::failure(
                    Some(request),
                    ErrorObject::new(code::INTERNAL, "the plugin failed while it probed"),
                ),
                Err(_) => {
                    let late = ProbeStep::failed("time", "the plugin was not through with it in time");
                    Message::success(request, &Probed { steps: vec![late] })
                }
            };
            // If the daemon is gone, nobody waits for the answer.
            let _gone = daemon.send(&answer).await;
        });
        Ok(())
    }

    fn started(&self) -> Result<Arc<P>, ErrorObject> {
        self.plugin
            .clone()
            .ok_or_else(|| ErrorObject::new(code::NOT_INITIALIZED, "`initialize` has to come first"))
    }

    fn admit(&mut self) -> Result<(), ErrorObject> {
        while self.requests.try_join_next().is_some() {}
        if self.requests.len() < limits::MAX_REQUESTS {
            return Ok(());
        }
        let text = format!("more than {} requests at once", limits::MAX_REQUESTS);
        Err(ErrorObject::new(code::BUSY, text))
    }

    /// Cancels what is under way, waits for it within the grace, and shuts the plugin down, once.
    async fn finish(&mut self) {
        let Some(plugin) = self.plugin.take() else { return };
        let ids: Vec<String> = self.under_way.lock().iter().cloned().collect();
        let wind_down = async {
            futures_util::future::join_all(ids.iter().map(|id| cancel_within_grace(&*plugin, id))).await;
            while self.requests.join_next().await.is_some() {}
        };
        if timeout(limits::GRACE, wind_down).await.is_err() {
            tracing::warn!(left = self.requests.len(), "some requests did not end in time and were dropped");
        }
        self.requests.shutdown().await;
        let shutdown = AssertUnwindSafe(plugin.shutdown()).catch_unwind();
        if !matches!(timeout(limits::GRACE, shutdown).await, Ok(Ok(()))) {
            tracing::warn!("the plugin did not shut down in good order");
        }
    }

    async fn reply(&self, message: &Message) -> Next {
        match self.daemon.send(message).await {
            Ok(()) => Next::Read,
            Err(_closed) => Next::End,
        }
    }
}

fn checked_id(id: &str) -> Result<String, ErrorObject> {
    if id.is_empty() || id.len() > limits::MAX_ID {
        let text = format!("params.id: has to be 1 to {} bytes long", limits::MAX_ID);
        return Err(ErrorObject::new(code::INVALID_PARAMS, text));
    }
    Ok(id.to_owned())
}

fn bounded_probe(mut probed: Probed) -> Probed {
    probed.steps.truncate(limits::MAX_PROBE_STEPS);
    for step in &mut probed.steps {
        step.name = step.name.chars().take(limits::MAX_ID).collect();
        step.detail = step.detail.take().map(|text| text.chars().take(limits::MAX_PROBE_TEXT).collect());
    }
    probed
}

fn invalid(error: crate::wire::ParamsError) -> ErrorObject {
    ErrorObject::new(code::INVALID_PARAMS, error.to_string())
}

fn unreadable(text: String) -> Message {
    Message::failure(None, ErrorObject::new(code::PARSE, text))
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        // Some libraries already end their text with their cause's.
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
