//! The bounds of one connection, against a peer that the test plays itself.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use readmit_recovery::id::DeliveryId;
use readmit_recovery::secret::Secret;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, DuplexStream};

use super::*;
use crate::plugins::request::Judge;
use crate::plugins::{CallRequest, Checked, MessageRequest, PluginState};

struct Deaf;

impl Events for Deaf {
    fn progress(&self, _: &DeliveryId, phase: &str) {
        assert_ne!(phase, "fatal", "the daemon fails");
    }

    fn check(&self, _: &DeliveryId, _: Secret) -> BoxFuture<'static, Checked> {
        Box::pin(async { Checked { accepted: false, tries_left: 0 } })
    }

    fn state(&self, _: &str, _: PluginState) {}
}

/// A connection and the plugin's end of it.
fn open() -> (Connection, DuplexStream, tokio::task::JoinHandle<Goodbye>) {
    let (ours, theirs) = tokio::io::duplex(1024);
    let (reader, writer) = tokio::io::split(ours);
    let (connection, life) = Connection::open("p", Arc::new(Deaf), reader, writer);
    (connection, theirs, tokio::spawn(life))
}

fn call() -> Request {
    let call = CallRequest {
        id: DeliveryId::parse("c").expect("an id"),
        to: Secret::new("+14155550123"),
        locale: "en".to_owned(),
        fields: BTreeMap::new(),
        digits: 6,
        tries: 3,
        deadline: Duration::from_secs(60),
    };
    Request::Call(call, Judge::Events)
}

fn message(length: usize) -> Request {
    Request::Message(MessageRequest {
        id: DeliveryId::parse("m").expect("an id"),
        channel: "email".to_owned(),
        to: Secret::new("ada@example.org"),
        purpose: "notice".to_owned(),
        locale: "en".to_owned(),
        fields: BTreeMap::from([("text".to_owned(), Secret::new("x".repeat(length)))]),
        deadline: Duration::from_secs(60),
    })
}

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_call_that_is_cancelled_while_it_waits_to_be_written_is_never_written() {
    let (connection, mut plugin, life) = open();
    for _ in 0..2 * limits::QUEUED_LINES {
        connection.notify("noise", &wire::Done {});
        tokio::task::yield_now().await;
    }
    let cancel = CancellationToken::new();
    let request = call();
    let working = connection.work(&request, PATIENCE, PATIENCE, &cancel);
    let (result, ()) = tokio::join!(biased; working, async { cancel.cancel() });
    assert!(matches!(result, Err(Failure::NotSent)), "{result:?}");
    let reading = tokio::spawn(async move {
        let mut all = String::new();
        plugin.read_to_string(&mut all).await.map(|_| all)
    });
    // A line that is written after all that waited; its answer never comes, because the connection is given up.
    let last = connection.clone();
    let last =
        tokio::spawn(
            async move { last.post("last", &wire::Done {}, Instant::now() + PATIENCE).await.is_ok() },
        );
    assert!(last.await.expect("it ends"));
    while connection.shared.lines.capacity() < limits::QUEUED_LINES {
        tokio::task::yield_now().await;
    }
    connection.give_up("the test is over");
    life.await.expect("it ends");
    drop(connection);
    let all = reading.await.expect("it ends").expect("text");
    assert!(all.contains("noise") && !all.contains("\"call\""), "{all}");
}

#[tokio::test]
async fn a_request_fits_at_the_limit_of_a_line_and_not_past_it() {
    let (connection, plugin, _life) = open();
    let (_, params) = message(0).to_wire(PATIENCE);
    let empty = Message::request(Id::Number(1), method::DELIVER, &params).to_line().len() - 1;
    let room = readmit_plugin::limits::MAX_LINE - empty;
    let cancel = CancellationToken::new();
    let past = connection.work(&message(room + 1), PATIENCE, PATIENCE, &cancel).await;
    assert!(matches!(past, Err(Failure::TooLong)), "{past:?}");
    // The number of the second request has as many digits as that of the first.
    let at = message(room);
    let reading = async {
        let mut line = String::new();
        BufReader::new(plugin).read_line(&mut line).await.expect("a line");
        connection.give_up("the test is over");
        line
    };
    let (at, line) = tokio::join!(connection.work(&at, PATIENCE, PATIENCE, &cancel), reading);
    assert_eq!(line.len(), readmit_plugin::limits::MAX_LINE + 1);
    assert!(matches!(at, Err(Failure::Lost)), "{at:?}");
}

#[tokio::test]
async fn faults_are_forgiven_up_to_the_limit() {
    let (connection, _plugin, life) = open();
    for _ in 0..limits::FAULTS {
        connection.fault("a test");
    }
    assert!(!connection.is_closed(), "at the limit");
    connection.fault("one more");
    assert!(connection.is_closed(), "past the limit");
    assert_eq!(life.await.expect("it ends").why, "it keeps breaking the protocol; last: one more");
}

#[tokio::test]
async fn a_fault_of_the_daemon_itself_ends_what_is_under_way_at_once() {
    let (connection, mut plugin, life) = open();
    let progress = wire::Progress { id: "c".to_owned(), phase: "fatal".to_owned() };
    let line = Message::notification(method::PROGRESS, &progress).to_line();
    let (cancel, request) = (CancellationToken::new(), call());
    let working = connection.work(&request, PATIENCE, PATIENCE, &cancel);
    let (result, _) = tokio::join!(biased; working, plugin.write_all(line.as_bytes()));
    assert!(matches!(result, Err(Failure::Lost)), "{result:?}");
    assert!(life.await.is_err_and(|error| error.is_panic()));
    assert!(connection.is_closed());
}

#[tokio::test]
async fn nothing_is_asked_of_a_plugin_that_is_gone() {
    let (connection, plugin, life) = open();
    drop(plugin);
    let goodbye = life.await.expect("it ends");
    assert!(goodbye.by_itself);
    let result = connection.work(&call(), PATIENCE, PATIENCE, &CancellationToken::new()).await;
    assert!(matches!(result, Err(Failure::NotSent)), "{result:?}");
    assert!(connection.try_admit().is_none());
    assert!(connection.admit().await.is_none());
}
