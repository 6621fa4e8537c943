//! Webhooks that are not the provider's, or not what was asked for: every one gets the same answer, and none is heard.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::kit::{CODE, PATIENCE, Plugin, Provider, free_address};

#[path = "../../fuzz/entries.rs"]
mod entries;

/// What readers look for, so that inputs get further than random bytes would.
const PIECES: &[&str] = &[
    "CallSid=CA1",
    "&",
    "=",
    "%",
    "%41",
    "+",
    "Digits=123456",
    "CallStatus=completed",
    "CallStatus=failed",
    "SipResponseCode=404",
    "ErrorCode=13224",
    "CallDuration=4294967296",
    "AccountSid=AC1",
    "bodySHA256=",
    "?",
    "\n",
    "{\"uuid\":\"a-1\"",
    "\"dtmf\":{\"digits\":\"1\"}",
    "\"status\":\"busy\"",
    "\"sip_code\":99999",
    "{",
    "}",
    ",",
    "[",
    "]",
    "\"",
    "null",
    "/calls/00112233445566778899aabbccddeeff/",
    "keys/1",
    "answer",
    "status",
    "silence/2",
    "\u{1}",
    "\u{2}",
    "\u{3}",
    "\u{4}",
    "é",
    "-1",
    "18446744073709551616",
    "eyJhbGciOiJIUzI1NiJ9",
    ".",
];

fn start(listen: &str, changes: Value) -> (Plugin, Provider) {
    let provider = Provider::twilio(listen, &[]);
    let mut plugin = Plugin::spawn();
    plugin.twilio(&provider.base_url(), listen, changes);
    (plugin, provider)
}

/// What became of the webhooks between the answer and the right digits.
fn among(steps: &[Value]) -> (Plugin, Vec<Value>, Vec<String>) {
    let listen = free_address();
    let (mut plugin, mut provider) = start(&listen, json!({}));
    let first = [json!({ "do": "status", "word": "ringing" }), json!({ "do": "answer" })];
    let last = [json!({ "do": "keys", "digits": CODE }), json!({ "do": "status", "word": "completed" })];
    provider.plan(&[first.as_slice(), steps, last.as_slice()].concat());
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    let webhooks = provider.planned();
    (plugin, webhooks[2..webhooks.len() - 2].to_vec(), ended.checks)
}

/// What whoever is refused sees.
fn refused(webhook: &Value) -> bool {
    webhook["status"] == 404
        && webhook["content"] == "not found\n"
        && webhook["shape"] == json!(["content-length", "content-type", "date"])
}

#[test]
fn a_stranger_learns_nothing_and_is_not_heard() {
    let keys = |sign: &str| json!({ "do": "keys", "digits": "111111", "sign": sign });
    let elsewhere = |path: &str| json!({ "do": "post", "url": format!("https://calls.example.org{path}") });
    let nobody = "/readmit/calls/00112233445566778899aabbccddeeff";
    let steps = [
        keys("none"),
        keys("forged"),
        keys("other_url"),
        keys("other_body"),
        keys("sha256"),
        json!({ "do": "status", "word": "completed", "sign": "forged" }),
        json!({ "do": "answer", "sign": "forged" }),
        // Signed well, and of no call, of another call, of another account, or of no place.
        elsewhere(&format!("{nobody}/answer")),
        elsewhere(&format!("{nobody}/status")),
        elsewhere("/readmit/calls/x/answer"),
        elsewhere("/readmit/calls"),
        elsewhere("/"),
        elsewhere("/calls/00112233445566778899aabbccddeeff/answer"),
        json!({ "do": "keys", "digits": "111111", "huge": true }),
        json!({ "do": "keys", "digits": "111111", "method": "PUT" }),
        json!({ "do": "keys", "digits": "111111", "method": "GET" }),
    ];
    let (plugin, webhooks, checks) = among(&steps);
    assert_eq!(webhooks.len(), steps.len());
    for (webhook, step) in webhooks.iter().zip(&steps) {
        assert!(refused(webhook), "{step} {webhook}");
    }
    assert_eq!(checks, [CODE], "nothing else was asked about");
    let log = plugin.finish(&["111111"]);
    for why in ["it is not signed", "its signature does not fit: check public_url"] {
        assert_eq!(log.matches(why).count(), 1, "{why}: once in a while, not once each:\n{log}");
    }
}

/// An answer may get lost on its way to the provider, which then asks again: it gets the same answer, and the entry
/// counts once. Anything older is refused.
#[test]
fn a_repeated_webhook_counts_once() {
    let again = json!({ "do": "again" });
    let steps = [
        json!({ "do": "answer" }),
        json!({ "do": "keys", "digits": "111111" }),
        again.clone(),
        again.clone(),
        json!({ "do": "answer" }),
    ];
    let (plugin, webhooks, checks) = among(&steps);
    assert_eq!(webhooks[0]["status"], 200, "the answer once more");
    assert_eq!(webhooks[1]["content"], webhooks[2]["content"]);
    assert_eq!(webhooks[1]["content"], webhooks[3]["content"]);
    assert!(refused(&webhooks[4]), "{}", webhooks[4]);
    assert_eq!(checks, ["111111", CODE], "each entry was asked about once");
    plugin.finish(&["111111"]);
}

#[test]
fn an_entry_of_before_and_a_call_that_is_over_are_refused() {
    let listen = free_address();
    let (mut plugin, mut provider) = start(&listen, json!({}));
    let talk = [json!({ "do": "answer" }), json!({ "do": "keys", "digits": "111111" })];
    let more = [json!({ "do": "keys", "digits": CODE }), json!({ "do": "status", "word": "completed" })];
    provider.plan(&[talk.as_slice(), more.as_slice()].concat());
    assert_eq!(plugin.call().disposition, "entered");
    let webhooks = provider.planned();
    // The URL of its first entry, as the provider was told it.
    let old = webhooks[0]["document"]["keys"].clone();
    assert!(old.as_str().unwrap().ends_with("/keys/1"), "{old}");

    let first = [json!({ "do": "answer" }), json!({ "do": "keys", "digits": "222222", "url": old })];
    provider.plan(&[first.as_slice(), more.as_slice()].concat());
    let ended = plugin.call();
    assert_eq!(
        (ended.disposition.as_str(), ended.checks.as_slice()),
        ("entered", [CODE.to_owned()].as_slice())
    );
    assert!(refused(&provider.planned()[1]), "a webhook of another call, which is over");
    plugin.finish(&["111111", "222222"]);
}

/// Another call's webhook, signed well, on this call's URL: the first one that came binds the call.
#[test]
fn a_call_is_one_calls() {
    let other = json!({ "do": "status", "word": "busy", "parameters": { "CallSid": "CAffffffffffffffffffffffffffffffff" } });
    let account = json!({ "do": "status", "word": "busy", "parameters": { "AccountSid": "ACffffffffffffffffffffffffffffffff" } });
    let (plugin, webhooks, _) = among(&[other, account]);
    assert!(webhooks.iter().all(refused), "{webhooks:?}");
    plugin.finish(&[]);
}

#[test]
fn a_signature_may_be_over_the_port() {
    let (plugin, webhooks, _) = among(&[json!({ "do": "status", "word": "in-progress", "sign": "port" })]);
    assert_eq!(webhooks[0]["status"], 204);
    plugin.finish(&[]);
}

#[test]
fn webhooks_come_by_a_socket_in_the_file_system() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("webhook.sock").display().to_string();
    let (mut plugin, mut provider) = start(&path, json!({}));
    let talk = [json!({ "do": "answer" }), json!({ "do": "keys", "digits": CODE })];
    provider.plan(&[talk.as_slice(), &[json!({ "do": "status", "word": "completed" })]].concat());
    assert_eq!(plugin.call().disposition, "entered");
    plugin.finish(&[]);
}

/// One line of a request, and what comes back.
pub fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    // A connection that is closed upon what it was sent may be reset.
    let _reset = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn a_listener_under_a_flood_still_lives() {
    let listen = free_address();
    let (mut plugin, mut provider) = start(&listen, json!({}));
    // Idle connections, to the limit and past it, which never say a word.
    let idle: Vec<_> = (0..200).map(|_| TcpStream::connect(&listen).unwrap()).collect();
    for request in [
        "\0\0\0\0\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(100)),
        "POST /readmit/calls HTTP/1.1\r\nContent-Length: -1\r\n\r\n".to_owned(),
    ] {
        let answer = exchange(&listen, &request);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    let flood = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000)
        + "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answers = exchange(&listen, &flood);
    assert!(answers.contains("HTTP/1.1 404") && answers.contains("HTTP/1.1 503"), "there is a limit");
    drop(idle);
    // The bucket fills again by itself.
    let end = Instant::now() + PATIENCE;
    let calm = "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    while !exchange(&listen, calm).starts_with("HTTP/1.1 404") {
        assert!(Instant::now() < end, "it never takes requests again");
    }
    provider.plan(&[json!({ "do": "status", "word": "busy" })]);
    assert_eq!(plugin.call().disposition, "busy");
    plugin.finish(&[]);
}

/// The short run of the fuzz target: the same entry, its corpus, and inputs at random.
#[test]
fn no_bytes_are_heard_that_are_not_signed() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/webhooks");
    let mut seeds = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        entries::feed(&std::fs::read(entry.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 5, "{seeds} seeds");
    let mut runner = TestRunner::new(ProptestConfig::with_cases(3000));
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
    ];
    let input = prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    runner
        .run(&input, |bytes| {
            entries::feed(&bytes);
            Ok(())
        })
        .unwrap();
}
