//! A sample plugin on one end of a pipe, a scripted daemon on the other.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc};

use super::*;
use crate::{LogLevel, disposition, phase, serve_connection};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    refuse: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the sample was told to refuse")]
struct Refused(#[source] std::fmt::Error);

struct Sample {
    daemon: Daemon,
    deliveries: AtomicU32,
    cancelled: Notify,
}

impl Plugin for Sample {
    type Settings = Settings;
    type Error = Refused;

    async fn start(settings: Settings, daemon: Daemon) -> Result<(Self, About), Refused> {
        if settings.refuse {
            return Err(Refused(std::fmt::Error));
        }
        let about = About { name: "sample".into(), version: "1".into(), channels: vec!["email".into()] };
        Ok((Self { daemon, deliveries: AtomicU32::new(0), cancelled: Notify::new() }, about))
    }

    async fn deliver(&self, message: Deliver) -> Ended {
        let count = self.deliveries.fetch_add(1, Ordering::SeqCst) + 1;
        match message.purpose.as_str() {
            "hang" => std::future::pending().await,
            "panic" => panic!("as asked"),
            "until_cancelled" => {
                self.daemon.progress(&message.id, phase::RINGING);
                self.cancelled.notified().await;
                Ended::new(disposition::CANCELLED)
            }
            "long" => Ended::new(disposition::SENT).with_detail("x".repeat(limits::MAX_LINE)),
            "unreachable" => Ended::new(disposition::UNREACHABLE).with_detail(count.to_string()),
            _ => Ended::new(disposition::SENT).with_detail(count.to_string()),
        }
    }

    async fn call(&self, call: Call) -> Ended {
        self.daemon.progress(&call.id, phase::PROMPTING);
        match self.daemon.check(&call.id, "508688").await {
            Ok(checked) if checked.accepted => Ended::new(disposition::ENTERED),
            Ok(checked) => Ended::new(disposition::WRONG_DIGITS).with_detail(checked.tries_left.to_string()),
            Err(gone) => Ended::new(disposition::UNREACHABLE).with_detail(gone.to_string()),
        }
    }

    async fn probe(&self, within: Duration) -> Option<Probed> {
        match within.as_millis() {
            1 => std::future::pending().await,
            2 => None,
            3 => panic!("as asked"),
            _ => {
                let long = ProbeStep::failed("login", "x".repeat(limits::MAX_LINE));
                Some(Probed { steps: vec![long; limits::MAX_PROBE_STEPS + 1] })
            }
        }
    }

    async fn cancel(&self, _id: &str) {
        self.cancelled.notify_one();
    }

    async fn shutdown(&self) {
        self.daemon.log(LogLevel::Info, "bye");
    }
}

/// The daemon's end of the pipe.
struct Peer {
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
    served: tokio::task::JoinHandle<()>,
}

impl Peer {
    fn connect(known: Arc<Known>) -> Self {
        let (ours, theirs) = tokio::io::duplex(256 * 1024);
        let (reader, writer) = tokio::io::split(theirs);
        let served = tokio::spawn(async move {
            serve_connection::<Sample>(reader, writer, known, std::future::pending()).await;
        });
        let (reader, writer) = tokio::io::split(ours);
        Self { reader: BufReader::new(reader), writer, served }
    }

    async fn started() -> Self {
        let mut peer = Self::connect(Arc::default());
        peer.initialize().await;
        peer
    }

    async fn initialize(&mut self) {
        let about = self.ask(0, "initialize", json!({ "protocol": 1, "settings": {} })).await.unwrap();
        assert_eq!(about["name"], "sample");
    }

    async fn send_raw(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.unwrap();
    }

    async fn send(&mut self, id: u64, method: &str, params: Value) {
        let line = Message::Request { id: Id::Number(id), method: method.into(), params }.to_line();
        self.send_raw(line.as_bytes()).await;
    }

    async fn next(&mut self) -> Option<Message> {
        let mut line = String::new();
        self.reader.read_line(&mut line).await.unwrap();
        (!line.is_empty()).then(|| Message::parse(line.trim_end()).unwrap())
    }

    async fn response(&mut self) -> (Option<Id>, Result<Value, ErrorObject>) {
        match self.next().await.unwrap() {
            Message::Response { id, outcome } => (id, outcome),
            other => panic!("{other:?} is no response"),
        }
    }

    async fn ask(&mut self, id: u64, method: &str, params: Value) -> Result<Value, ErrorObject> {
        self.send(id, method, params).await;
        let (answered, outcome) = self.response().await;
        assert_eq!(answered, Some(Id::Number(id)));
        outcome
    }
}

fn delivery(id: &str, purpose: &str, deadline_ms: u64) -> Value {
    json!({ "id": id, "channel": "email", "to": "ada@example.org", "purpose": purpose, "locale": "en",
        "fields": {}, "deadline_ms": deadline_ms })
}

fn call(id: &str) -> Value {
    json!({ "id": id, "to": "+14155550123", "locale": "en", "fields": {}, "digits": 6, "tries": 3,
        "deadline_ms": 60_000 })
}

#[tokio::test]
async fn bad_frames_each_get_an_error_and_the_next_request_an_answer() {
    let long = vec![b'x'; limits::MAX_LINE + 1];
    let table: &[(&[u8], i64, &str)] = &[
        (b"{", code::PARSE, "not JSON"),
        (b"\xff\xff", code::PARSE, "UTF-8"),
        (&long, code::PARSE, "longer than"),
        (b"[]", code::INVALID_REQUEST, "batches"),
        (br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, code::INVALID_REQUEST, "whole number"),
        (br#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, code::INVALID_REQUEST, "2.0"),
        (br#"{"jsonrpc":"2.0","id":1,"method":"fly"}"#, code::METHOD_NOT_FOUND, "no such method"),
        (br#"{"jsonrpc":"2.0","id":1,"method":"cancel","params":{}}"#, code::INVALID_PARAMS, "`id`"),
        (br#"{"jsonrpc":"2.0","id":1,"method":"deliver"}"#, code::INVALID_PARAMS, "params"),
        (br#"{"jsonrpc":"2.0","id":1,"method":"call","params":{"id":1}}"#, code::INVALID_PARAMS, "params.id"),
        (
            br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocol":1,"settings":{}}}"#,
            code::INVALID_REQUEST,
            "already",
        ),
    ];
    let mut peer = Peer::started().await;
    for (frame, code, text) in table {
        peer.send_raw(frame).await;
        peer.send_raw(b"\n").await;
        let (_, outcome) = peer.response().await;
        let error = outcome.unwrap_err();
        assert_eq!(error.code, *code, "{error}");
        assert!(error.message.contains(text), "{error}");
        peer.ask(7, "ping", Value::Null).await.unwrap();
    }
    // Neither a stray answer nor an unknown notification is worth a word.
    peer.send_raw(b"{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n").await;
    peer.send_raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"fly\"}\n").await;
    peer.ask(8, "ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn half_a_frame_is_told_before_the_end() {
    let mut peer = Peer::started().await;
    peer.send_raw(b"{\"jsonrpc\":").await;
    peer.writer.shutdown().await.unwrap();
    let error = peer.response().await.1.unwrap_err();
    assert!(error.message.contains("within a line"), "{error}");
    assert!(matches!(peer.next().await, Some(Message::Notification { .. })), "the sample says bye");
    assert!(peer.next().await.is_none());
    peer.served.await.unwrap();
}

#[tokio::test]
async fn nothing_works_before_initialize_and_a_wrong_version_is_refused() {
    let mut peer = Peer::connect(Arc::default());
    for (method, params) in
        [("deliver", delivery("a", "ok", 1000)), ("call", call("a")), ("cancel", json!({ "id": "a" }))]
    {
        assert_eq!(peer.ask(1, method, params).await.unwrap_err().code, code::NOT_INITIALIZED);
    }
    peer.ask(2, "ping", Value::Null).await.unwrap();
    let error = peer.ask(3, "initialize", json!({ "protocol": 2, "future": true })).await.unwrap_err();
    assert_eq!(error.code, code::WRONG_PROTOCOL);
    assert_eq!(error.message, "this plugin speaks protocol 1, the daemon asked for 2");
    for params in
        [json!({ "settings": {} }), json!({ "protocol": "1", "settings": {} }), json!({ "protocol": 1 })]
    {
        assert_eq!(peer.ask(4, "initialize", params).await.unwrap_err().code, code::INVALID_PARAMS);
    }
    let error = peer
        .ask(5, "initialize", json!({ "protocol": 1, "settings": { "refuze": true } }))
        .await
        .unwrap_err();
    assert!(error.message.contains("refuze"), "{error}");
    let error = peer
        .ask(6, "initialize", json!({ "protocol": 1, "settings": { "refuse": true } }))
        .await
        .unwrap_err();
    assert_eq!(error.code, code::START_FAILED);
    assert!(error.message.starts_with("the sample was told to refuse: "), "with its source: {error}");
    peer.initialize().await;
}

#[tokio::test]
async fn the_same_id_is_delivered_once_even_over_two_connections() {
    let known = Arc::<Known>::default();
    let mut first = Peer::connect(known.clone());
    first.initialize().await;
    let sent = first.ask(1, "deliver", delivery("a", "ok", 60_000)).await.unwrap();
    assert_eq!(sent, json!({ "disposition": "sent", "detail": "1" }));
    assert_eq!(first.ask(2, "deliver", delivery("a", "ok", 60_000)).await.unwrap(), sent);
    assert_eq!(first.ask(3, "deliver", delivery("b", "ok", 60_000)).await.unwrap()["detail"], "2");
    drop(first);
    let mut second = Peer::connect(known);
    second.initialize().await;
    assert_eq!(second.ask(1, "deliver", delivery("b", "ok", 60_000)).await.unwrap()["detail"], "2");
    assert_eq!(second.ask(2, "deliver", delivery("c", "ok", 60_000)).await.unwrap()["detail"], "1");
}

#[tokio::test]
async fn an_id_that_is_under_way_is_joined_and_an_undelivered_one_is_tried_again() {
    let mut peer = Peer::started().await;
    peer.send(1, "deliver", delivery("a", "until_cancelled", 60_000)).await;
    assert!(matches!(peer.next().await, Some(Message::Notification { .. })), "it has begun");
    peer.send(2, "deliver", delivery("a", "until_cancelled", 60_000)).await;
    peer.send_raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":\"a\"}}\n").await;
    for _ in 0..2 {
        assert_eq!(peer.response().await.1.unwrap()["disposition"], "cancelled");
    }
    let ask = |id| (id, "deliver", delivery("u", "unreachable", 60_000));
    for (id, count) in [(3, "2"), (4, "3")] {
        let (id, method, params) = ask(id);
        assert_eq!(peer.ask(id, method, params).await.unwrap()["detail"], count);
    }
}

#[tokio::test(start_paused = true)]
async fn every_request_is_answered_by_its_deadline() {
    let mut peer = Peer::started().await;
    let begin = tokio::time::Instant::now();
    let ended = peer.ask(1, "deliver", delivery("a", "hang", 1500)).await.unwrap();
    assert_eq!(ended, json!({ "disposition": "unreachable", "detail": "deadline" }));
    assert_eq!(begin.elapsed().as_millis(), 1500);
    let ended = peer.ask(2, "deliver", delivery("b", "hang", u64::MAX)).await.unwrap();
    assert_eq!(ended["detail"], "deadline");
    assert!(begin.elapsed() < limits::MAX_DEADLINE + Duration::from_secs(10));
}

#[tokio::test]
async fn a_plugin_that_panics_or_talks_too_much_does_not_harm_the_session() {
    let mut peer = Peer::started().await;
    let ended = peer.ask(1, "deliver", delivery("a", "panic", 60_000)).await.unwrap();
    assert_eq!(ended["disposition"], "provider_error");
    let ended = peer.ask(2, "deliver", delivery("b", "long", 60_000)).await.unwrap();
    assert_eq!(ended["detail"].as_str().unwrap().chars().count(), limits::MAX_TEXT);
    let mut long = delivery("c", "ok", 60_000);
    long["id"] = json!("x".repeat(limits::MAX_ID + 1));
    assert_eq!(peer.ask(3, "deliver", long.clone()).await.unwrap_err().code, code::INVALID_PARAMS);
    long["id"] = json!("x".repeat(limits::MAX_ID));
    assert_eq!(peer.ask(4, "deliver", long).await.unwrap()["disposition"], "sent");
}

#[tokio::test]
async fn digits_are_checked_by_the_daemon() {
    let mut peer = Peer::started().await;
    for (id, answer, disposition) in [
        ("a", Ok(json!({ "accepted": true, "tries_left": 2 })), "entered"),
        ("b", Ok(json!({ "accepted": false, "tries_left": 2 })), "wrong_digits"),
        ("c", Ok(json!({ "accepted": "yes" })), "unreachable"),
        ("d", Err(ErrorObject::new(code::INTERNAL, "no")), "unreachable"),
    ] {
        peer.send(1, "call", call(id)).await;
        let Some(Message::Notification { method, params }) = peer.next().await else { panic!("no progress") };
        assert_eq!((method.as_str(), params), ("progress", json!({ "id": id, "phase": "prompting" })));
        let Some(Message::Request { id: check, method, params }) = peer.next().await else {
            panic!("no check")
        };
        assert_eq!((method.as_str(), params), ("check", json!({ "id": id, "digits": "508688" })));
        peer.send_raw(Message::Response { id: Some(check), outcome: answer }.to_line().as_bytes()).await;
        assert_eq!(peer.response().await.1.unwrap()["disposition"], disposition);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_daemon_is_not_waited_for_forever() {
    let mut peer = Peer::started().await;
    peer.send(1, "call", call("a")).await;
    assert!(matches!(peer.next().await, Some(Message::Notification { .. })));
    assert!(matches!(peer.next().await, Some(Message::Request { .. })));
    let ended = peer.response().await.1.unwrap();
    assert_eq!(ended["detail"], "the daemon did not answer within 10 s");
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_what_is_under_way_and_then_itself() {
    let mut peer = Peer::started().await;
    peer.send(1, "deliver", delivery("a", "until_cancelled", 60_000)).await;
    assert!(matches!(peer.next().await, Some(Message::Notification { .. })));
    peer.send(2, "deliver", delivery("b", "hang", 60_000)).await;
    peer.send(3, "shutdown", Value::Null).await;
    assert_eq!(peer.response().await.1.unwrap()["disposition"], "cancelled");
    let Some(Message::Notification { method, .. }) = peer.next().await else { panic!("no log") };
    assert_eq!(method, "log");
    assert_eq!(peer.response().await, (Some(Id::Number(3)), Ok(Value::Object(Map::default()))));
    assert!(peer.next().await.is_none());
    peer.served.await.unwrap();
}

#[tokio::test]
async fn requests_past_the_limit_are_refused_and_answers_still_come() {
    let mut peer = Peer::started().await;
    for n in 0..limits::MAX_REQUESTS as u64 {
        peer.send(n, "deliver", delivery(&n.to_string(), "hang", 60_000)).await;
    }
    let error = peer.ask(9999, "deliver", delivery("over", "ok", 60_000)).await.unwrap_err();
    assert_eq!(error.code, code::BUSY);
    peer.ask(10_000, "ping", Value::Null).await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_output_ends_the_session_too() {
    let (input, _keep) = tokio::io::duplex(64);
    let (output, gone) = tokio::io::duplex(64);
    drop(gone);
    let (reader, mut daemon_input) = (input, _keep);
    daemon_input.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").await.unwrap();
    serve_connection::<Sample>(reader, output, Arc::default(), std::future::pending()).await;
}

#[tokio::test]
async fn a_daemon_that_left_is_told_as_gone() {
    let (daemon, queue) = Daemon::new();
    drop(queue);
    assert_eq!(daemon.check("a", "1").await, Err(crate::Gone::Closed));
    let (daemon, mut queue) = Daemon::new();
    let (started, mut has_started) = mpsc::channel(1);
    let asking = tokio::spawn({
        let daemon = daemon.clone();
        async move {
            started.send(()).await.unwrap();
            daemon.check("a", "1").await
        }
    });
    has_started.recv().await.unwrap();
    assert!(queue.recv().await.is_some(), "the question is out");
    daemon.close().await;
    assert_eq!(asking.await.unwrap(), Err(crate::Gone::Closed));
    assert_eq!(daemon.check("a", "1").await, Err(crate::Gone::Closed));
}

#[tokio::test]
async fn a_probe_is_answered_in_bounds_and_in_time() {
    let mut peer = Peer::started().await;
    let probe = |deadline_ms: u64| json!({ "deadline_ms": deadline_ms });
    let probed = peer.ask(1, "probe", probe(60_000)).await.unwrap();
    let steps = probed["steps"].as_array().unwrap();
    assert_eq!(steps.len(), limits::MAX_PROBE_STEPS);
    assert_eq!(steps[0]["detail"].as_str().unwrap().len(), limits::MAX_PROBE_TEXT);
    let late = peer.ask(2, "probe", probe(1)).await.unwrap();
    assert_eq!((&late["steps"][0]["name"], &late["steps"][0]["ok"]), (&json!("time"), &json!(false)));
    assert_eq!(peer.ask(3, "probe", probe(2)).await.unwrap_err().code, code::METHOD_NOT_FOUND);
    assert_eq!(peer.ask(4, "probe", probe(3)).await.unwrap_err().code, code::INTERNAL);
    assert_eq!(peer.ask(5, "probe", json!({})).await.unwrap_err().code, code::INVALID_PARAMS);
}
