//! Plugins, the journal and the screen that says whether all is well.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::run::readmit;
use crate::verbs::{Row, check};

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
    check(Row {
        arguments: &["plugin", "pause", "voice", "--because", "the bill"],
        input: "",
        call: ("Plugins1.Pause", json!(["voice", "the bill"])),
        answer: json!(null),
        keys: &["done", "channel"],
        words: &["readmit plugin resume voice"],
    });
    check(Row {
        arguments: &["plugin", "resume", "voice"],
        input: "",
        call: ("Plugins1.Resume", json!(["voice"])),
        answer: json!(null),
        keys: &["done", "channel"],
        words: &["voice goes on"],
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

pub fn status() -> Value {
    json!({
        "version": "0.1.0", "started_at": 1_700_000_000, "now": 1_700_000_060, "accounts": 7,
        "policy": {"version": "0a1b", "loaded_at": 1_700_000_000, "files": ["default.lua"],
            "pending": {"version": "0c2d", "since": 1_700_000_000, "approved_by": ["uid:0"]}},
        "plugins": [plugin("failed")],
        "queue": {"queued": 4, "taken": 1, "oldest_due": 1_700_000_000, "waits_seconds": 300},
        "cases": {"open": 3, "closed": 8, "by_state": {"escalated": 1, "proving": 2}},
        "alerts": [{"kind": "plugin_failed", "at": 1_700_000_000, "first_at": 1_700_000_000, "count": 2,
            "detail": {"plugin": "voice"}}],
        "journal": {"seq": 12, "head": "00ff00ff", "at": 1_700_000_000},
        "store": {"bytes": 2_097_152, "free_bytes": 10_485_760, "disk_bytes": 104_857_600},
        "degraded": [{"part": "plugin voice", "what": "is failed", "mend": "readmit plugin restart voice"}],
    })
}

#[test]
fn status_is_one_screen() {
    let fake = Fake::always(status());
    let ended = readmit(&fake.address, &["status"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    for words in [
        "running 0.1.0",
        "0a1b, loaded 2023-11-14 22:13:20Z",
        "3 open (1 escalated, 2 proving, 0 held, 0 recovered), 8 ended",
        "4 waiting, 1 being sent, the longest for 5 minutes",
        "entry 12, head 00ff00ff of 2023-11-14",
        "7 accounts, 2 MiB, 10 MiB free",
        "plugin_failed",
        "plugin=voice",
        "! plugin voice: is failed; readmit plugin restart voice",
        "readmit policy activate 0c2d",
        "readmit case list --state escalated",
    ] {
        assert!(ended.output.contains(words), "{words}: {}", ended.output);
    }
    assert!(ended.output.lines().count() < 24, "it fits one screen");
    let document = readmit(&fake.address, &["status", "--json"], "").json();
    assert_eq!(document["daemon"]["version"], "0.1.0");
    assert_eq!(document["problems"].as_array().unwrap().len(), 3);
    for key in ["daemon", "policy", "plugins", "queue", "cases", "alerts", "journal", "store", "degraded"] {
        assert!(!document[key].is_null(), "{key}");
    }
    assert!(document["version"].is_null(), "what is about the daemon stands with it");
    let calls = fake.calls();
    assert!(calls.iter().all(|call| call.method == "Manager1.Status"), "one cheap question: {calls:?}");
}

#[test]
fn a_status_that_may_not_be_seen_is_told() {
    let fake = Fake::start(|_| Reply::Error("org.readmit.Error.NotAuthorized", "no"));
    let ended = readmit(&fake.address, &["status", "--json"], "");
    assert_eq!(ended.code, 4, "{ended:?}");
}
