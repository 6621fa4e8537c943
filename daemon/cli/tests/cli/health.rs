//! Plugins, the journal and the screen that says whether all is well.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::run::{Ended, readmit};
use crate::verbs::{Row, case, check};

fn plugin(state: &str) -> Value {
    json!({"plugin": "voice", "version": "1.0", "channels": ["voice"], "state": state, "restarts": 2,
        "since": 1_700_000_000, "last_error": "the trunk refused"})
}

#[test]
fn plugins() {
    check(Row {
        arguments: &["plugin", "list"],
        input: "",
        call: ("Plugins1.List", json!([])),
        answer: json!([plugin("running")]),
        keys: &["plugin", "version", "channels", "state", "restarts", "since", "last_error"],
        words: &["voice", "running", "the trunk refused"],
    });
    check(Row {
        arguments: &["plugin", "test", "email", "a@example.org"],
        input: "",
        call: ("Plugins1.Test", json!(["email", "a@example.org"])),
        answer: json!({"disposition": "sent", "detail": "250 ok"}),
        keys: &["disposition", "detail"],
        words: &["email: sent (250 ok)"],
    });
    check(Row {
        arguments: &["plugin", "restart", "voice"],
        input: "",
        call: ("Plugins1.Restart", json!(["voice"])),
        answer: json!(null),
        keys: &["done", "plugin"],
        words: &["starting anew"],
    });
    let fake = Fake::always(json!({"disposition": "busy"}));
    let ended = readmit(&fake.address, &["plugin", "test", "voice", "+14155550123"], "");
    assert_eq!(ended.code, 1);
    assert!(ended.output.contains("busy") && ended.hint().contains("readmit plugin list"));
}

#[test]
fn the_journal() {
    check(Row {
        arguments: &["audit", "read", "--since", "@1700000000", "--limit", "3"],
        input: "",
        call: ("Audit1.Read", json!([1_700_000_000, 3])),
        answer: json!([{"seq": 4, "at": 1_700_000_001, "actor": "uid 0", "kind": "opened", "case": "c1",
            "account": "alice", "detail": "{}", "hash": "00ff"}]),
        keys: &["seq", "at", "actor", "kind", "case", "account", "detail", "hash"],
        words: &["uid 0", "opened", "c1"],
    });
    check(Row {
        arguments: &["audit", "verify"],
        input: "",
        call: ("Audit1.Verify", json!([])),
        answer: json!({"ok": true, "rows": 12, "head": "00ff"}),
        keys: &["ok", "rows", "head"],
        words: &["ok", "12", "00ff"],
    });
    let fake = Fake::always(
        json!({"ok": false, "rows": 12, "head": "00ff", "broken": 5, "why": "the hash differs"}),
    );
    let ended = readmit(&fake.address, &["audit", "verify", "--json"], "");
    assert_eq!((ended.code, &ended.json()["broken"]), (1, &json!(5)));
}

fn status(forbidden: bool, arguments: &[&str]) -> Ended {
    let fake = Fake::start(move |call| match call.method.as_str() {
        "Policies1.List" => Reply::Value(
            json!([{"version": "0a1b", "current": true, "loaded_at": 1_700_000_000, "refused": "default.lua:3: no"}]),
        ),
        "Plugins1.List" => Reply::Value(json!([plugin("failed")])),
        "Cases1.List" if call.arguments[0]["open"] == true => Reply::Value(json!([case(), case()])),
        "Cases1.List" => Reply::Value(json!([case()])),
        "Audit1.Verify" if forbidden => Reply::Error("org.readmit.Error.NotAuthorized", "no"),
        "Audit1.Verify" => Reply::Value(json!({"ok": true, "rows": 12, "head": "00ff"})),
        other => panic!("status asks for {other}"),
    });
    readmit(&fake.address, arguments, "")
}

#[test]
fn status_is_one_screen() {
    let ended = status(false, &["status"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    for words in [
        "running",
        "0a1b",
        "2 open, 1 escalated",
        "12 entries, head 00ff",
        "readmit plugin restart voice",
        "default.lua:3: no",
        "readmit case list --state escalated",
    ] {
        assert!(ended.output.contains(words), "{words}: {}", ended.output);
    }
    assert!(ended.output.lines().count() < 24, "it fits one screen");
    let document = status(false, &["status", "--json"]).json();
    for key in ["daemon", "policy", "plugins", "cases", "journal", "problems"] {
        assert!(!document[key].is_null(), "{key}");
    }
    let document = status(true, &["status", "--json"]).json();
    assert_eq!(document["journal"]["error"], "not_authorized");
    assert_eq!(document["cases"], json!({"open": 2, "escalated": 1}));
}
