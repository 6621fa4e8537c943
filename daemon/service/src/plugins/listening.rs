//! What to make of each line that a plugin sends.

use readmit_plugin::frames::Frame;
use readmit_plugin::wire::{self, ErrorObject, Id, LogLevel, Message, code, method};
use readmit_recovery::id::DeliveryId;
use readmit_recovery::secret::Secret;
use serde_json::Value;
use tokio::time::timeout;

use super::connection::Connection;
use super::live::Verdict;
use super::throttle::Throttle;
use super::{limits, mask};

/// The ear of one connection. Nothing here waits, so that a plugin is always heard.
pub(super) struct Listening {
    connection: Connection,
    throttle: Throttle,
}

impl Listening {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, throttle: Throttle::default() }
    }

    pub(super) fn take(&mut self, frame: &Frame) {
        let message = match frame {
            Frame::Line(line) => match Message::parse(line) {
                Ok(message) => message,
                Err(error) => return self.connection.fault(&error.to_string()),
            },
            Frame::TooLong => return self.connection.fault("a line that is too long"),
            Frame::NotUtf8 | Frame::Half => return self.connection.fault("a line that is not UTF-8"),
        };
        match message {
            Message::Response { id, outcome } => self.connection.answered(id.as_ref(), outcome),
            Message::Notification { method, params } => self.notified(&method, params),
            Message::Request { id, method, params } if method == method::CHECK => self.check(id, params),
            Message::Request { id, .. } => {
                self.connection.fault("a request for a method that the daemon does not have");
                self.refuse(id, code::METHOD_NOT_FOUND, "the daemon has no such method");
            }
        }
    }

    fn notified(&mut self, method: &str, params: Value) {
        match method {
            method::PROGRESS => self.progress(params),
            method::LOG => self.log(params),
            _ => self.connection.fault("a notification that the daemon does not know"),
        }
    }

    fn progress(&self, params: Value) {
        let Ok(wire::Progress { id, phase }) = wire::parse_params(params) else {
            return self.connection.fault("progress that does not fit the protocol");
        };
        let word = |c: char| c.is_ascii_lowercase() || c == '_';
        if phase.is_empty() || phase.len() > limits::PHASE_CHARS || !phase.chars().all(word) {
            return self.connection.fault("progress with a phase that is no word");
        }
        match self.connection.shared.live.phase(&id, &phase) {
            Ok(Some(id)) => self.connection.shared.events.progress(&id, &phase),
            Ok(None) => {}
            Err(()) => self.connection.fault("progress of something that it does not work on"),
        }
    }

    fn log(&mut self, params: Value) {
        let Ok(wire::Log { level, message }) = wire::parse_params(params) else {
            return self.connection.fault("a log line that does not fit the protocol");
        };
        let Some(suppressed) = self.throttle.admit() else { return };
        let plugin = &self.connection.shared.plugin;
        if suppressed > 0 {
            tracing::warn!(plugin, suppressed, "the plugin logs too much; lines were left out");
        }
        let message = mask::cleaned(&message, limits::TEXT_CHARS);
        match level {
            LogLevel::Error => tracing::error!(plugin, "{message}"),
            LogLevel::Warn => tracing::warn!(plugin, "{message}"),
            LogLevel::Info => tracing::info!(plugin, "{message}"),
            LogLevel::Debug => tracing::debug!(plugin, "{message}"),
        }
    }

    fn check(&self, request: Id, params: Value) {
        let Ok(wire::Check { id, digits }) = wire::parse_params(params) else {
            self.connection.fault("a check that does not fit the protocol");
            return self.refuse(request, code::INVALID_PARAMS, "`check` takes `id` and `digits`");
        };
        let typed = digits.expose();
        if typed.is_empty()
            || typed.len() > limits::CHECK_DIGITS
            || !typed.bytes().all(|b| b.is_ascii_digit())
        {
            self.connection.fault("a check of something other than digits");
            return self.refuse(request, code::INVALID_PARAMS, "`digits` are digits");
        }
        match self.connection.shared.live.check(&id) {
            Verdict::Ask(call) => self.ask(request, call, Secret::new(typed)),
            Verdict::Accept => self.answer(request, wire::Checked { accepted: true, tries_left: 0 }),
            Verdict::Exhausted => self.answer(request, wire::Checked { accepted: false, tries_left: 0 }),
            Verdict::Busy => self.refuse(request, code::BUSY, "the last check of this call is under way"),
            Verdict::Unknown => {
                self.connection.fault("a check of a call that it does not make");
                self.refuse(request, code::INVALID_PARAMS, "this plugin makes no such call");
            }
        }
    }

    fn ask(&self, request: Id, call: DeliveryId, digits: Secret) {
        let connection = self.connection.clone();
        tokio::spawn(async move {
            // A task of its own: once digits are in the daemon's hands, neither the plugin's end nor the time
            // may stop it halfway.
            let checking = tokio::spawn(connection.shared.events.check(&call, digits));
            let answer = match timeout(limits::CHECK, checking).await {
                Ok(Ok(checked)) => {
                    connection.shared.live.checked(&call, checked.accepted);
                    let checked =
                        wire::Checked { accepted: checked.accepted, tries_left: checked.tries_left };
                    Message::success(request, &checked)
                }
                Ok(Err(_)) | Err(_) => {
                    connection.shared.live.checked(&call, false);
                    Message::failure(
                        Some(request),
                        ErrorObject::new(code::INTERNAL, "the daemon could not check"),
                    )
                }
            };
            connection.offer(&answer);
        });
    }

    fn answer(&self, request: Id, checked: wire::Checked) {
        self.connection.offer(&Message::success(request, &checked));
    }

    fn refuse(&self, request: Id, code: i64, message: &str) {
        self.connection.offer(&Message::failure(Some(request), ErrorObject::new(code, message)));
    }
}
