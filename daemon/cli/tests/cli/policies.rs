//! The verbs that ask the daemon about its policies: what they send, show and write.

use std::os::unix::fs::PermissionsExt as _;

use readmit_policy::workbench::replay::log::Lines;
use serde_json::{Value, json};

use crate::fake::{Call, Fake, Reply};
use crate::run::readmit;
use crate::verbs::{Row, check};

const VERSION: &str = "0a1b";

fn decision(id: u64) -> Value {
    let input = json!({"hook": "open", "case": "c1", "reason": "lost", "facts": {
        "account": {"id": "alice", "realm": "default"}, "device": null, "client": {"address": "203.0.113.9"}}});
    json!({"id": id, "at": 1_700_000_000 + id, "case": "c1", "version": VERSION, "hook": "open", "micros": 17,
        "input": input.to_string(), "verdict": r#"{"verdict":"deny","because":"not alice"}"#})
}

/// A daemon with so many decisions, of which one page holds two.
fn log(count: u64) -> Fake {
    Fake::start(move |call| {
        assert_eq!(call.method, "Policies1.Decisions");
        let after = call.arguments[1].as_u64().unwrap();
        Reply::Value((after + 1..=count.min(after + 2)).map(decision).collect())
    })
}

#[test]
fn the_whole_log_is_written_page_by_page() {
    let fake = log(5);
    let ended = readmit(&fake.address, &["policy", "export", "--since", "@17"], "");
    assert_eq!((ended.code, ended.error.as_str()), (0, ""));
    let calls: Vec<Value> = fake.calls().into_iter().map(|call| call.arguments).collect();
    assert_eq!(calls, [0, 2, 4, 5].map(|after| json!([17, after, 1000])));
    let lines: Vec<Value> = ended.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]), (6, &json!({"readmit_decisions": 1})));
    assert_eq!(
        (&lines[5]["id"], &lines[5]["micros"], &lines[5]["version"]),
        (&json!(5), &json!(17), &json!(VERSION))
    );
    assert_eq!(
        (&lines[1]["input"]["reason"], &lines[1]["verdict"]["verdict"]),
        (&json!("lost"), &json!("deny"))
    );
    // What replays a log takes it for one.
    assert!(Lines::open(ended.output.as_bytes()).is_ok());
}

#[test]
fn a_file_is_written_whole_for_its_owner_alone_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.jsonl");
    let name = path.to_str().unwrap();
    let ended = readmit(&log(3).address, &["policy", "export", "-o", name, "--json"], "");
    assert_eq!((ended.code, ended.json()), (0, json!({"file": name, "decisions": 3, "redacted": false})));
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written.lines().count(), 4);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let broken = Fake::start(|call| match call.arguments[1].as_u64() {
        Some(0) => Reply::Value(json!([decision(1)])),
        _ => Reply::Error("org.readmit.Error.Unavailable", "not now"),
    });
    let ended = readmit(&broken.address, &["policy", "export", "-o", name], "");
    assert_eq!(ended.code, 7, "{ended:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");
    let nowhere = directory.path().join("none/log.jsonl");
    let ended = readmit(&log(1).address, &["policy", "export", "-o", nowhere.to_str().unwrap()], "");
    assert!(ended.code == 1 && ended.error.contains("cannot be written"), "{ended:?}");
}

#[test]
fn a_redacted_log_names_nobody() {
    let ended = readmit(&log(2).address, &["policy", "export", "--redact"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    for secret in ["alice", "203.0.113.9", "\"c1\""] {
        assert!(!ended.output.contains(secret), "{secret}: {}", ended.output);
    }
    let lines: Vec<Value> =
        ended.output.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["input"], lines[1]["input"]);
    assert_eq!(lines[0]["case"], lines[0]["input"]["case"]);
    let again = readmit(&log(2).address, &["policy", "export", "--redact"], "");
    assert_ne!(ended.output, again.output, "the key is another one each time");
}

#[test]
fn an_unreadable_decision_is_not_handed_out_redacted() {
    let fake = Fake::start(|_| {
        let mut decision = decision(1);
        decision["input"] = json!("alice");
        Reply::Value(json!([decision]))
    });
    let ended = readmit(&fake.address, &["policy", "export", "--redact"], "");
    assert_eq!(ended.code, 1);
    assert!(!ended.output.contains("alice") && ended.error.contains("cannot be redacted"), "{ended:?}");
}

fn candidate() -> Value {
    json!({"version": VERSION, "current": false, "shadow": true, "loaded_at": 1_700_000_000, "files": ["default.lua"],
        "asked": 9, "same": 8, "weaker": 1, "failing": 0, "stronger": 0, "other": 0, "dropped": 3})
}

fn shadowed() -> Fake {
    Fake::start(|call| match call.method.as_str() {
        "Policies1.List" => Reply::Value(json!([
            {"version": "ffff", "current": true, "loaded_at": 1_700_000_000, "files": ["default.lua"]},
            candidate(),
        ])),
        "Policies1.Differences" => {
            Reply::Value(json!([{"id": 4, "at": 1_700_000_009, "case": "c1", "version": "ffff",
            "hook": "open", "change": "weaker", "words": "asks for voice no longer", "input": "{\"reason\":\"lost\"}",
            "verdict": "{\"verdict\":\"prove\"}", "shadow": "{\"verdict\":\"deny\"}"}]))
        }
        other => panic!("{other}"),
    })
}

#[test]
fn a_candidate_is_sent_as_its_files() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("default.lua"), "return {}").unwrap();
    std::fs::write(directory.path().join("notes.txt"), "no policy").unwrap();
    let fake = Fake::always(json!(VERSION));
    let name = directory.path().to_str().unwrap();
    let ended = readmit(&fake.address, &["policy", "shadow", name, "--json"], "");
    assert_eq!((ended.code, ended.json()), (0, json!({"version": VERSION})));
    let call =
        Call { method: "Policies1.Shadow".to_owned(), arguments: json!([{"default.lua": "return {}"}]) };
    assert_eq!(fake.calls(), [call]);
    let refused =
        Fake::start(|_| Reply::Error("org.readmit.Error.Refused", "default.lua: the policy has no `open`"));
    let ended = readmit(&refused.address, &["policy", "shadow", name], "");
    assert!(
        ended.code == 1 && ended.error.contains("no `open`") && ended.hint().contains("policy check"),
        "{ended:?}"
    );
    let ended = readmit(&fake.address, &["policy", "shadow", "/nonexistent"], "");
    assert_eq!((ended.code, fake.calls().len()), (1, 1), "{ended:?}");
}

#[test]
fn what_a_candidate_differs_in_is_shown() {
    let fake = shadowed();
    let ended = readmit(&fake.address, &["policy", "shadow", "--show", "--after", "3", "--limit", "7"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(fake.calls()[1].arguments, json!([0, 3, 7]));
    for word in [VERSION, "running", "asks for voice no longer", "weaker", "dropped", "c1"] {
        assert!(ended.output.contains(word), "{word}: {}", ended.output);
    }
    let shown = readmit(&fake.address, &["policy", "shadow", "--show", "--json"], "").json();
    assert_eq!((&shown["asked"], &shown["dropped"], &shown["shadow"]), (&json!(9), &json!(3), &json!(true)));
    let difference = &shown["differences"][0];
    assert_eq!(
        (&difference["input"]["reason"], &difference["shadow"]["verdict"]),
        (&json!("lost"), &json!("deny"))
    );
    let none = Fake::always(json!([{"version": "ffff", "current": true}]));
    let ended = readmit(&none.address, &["policy", "shadow", "--show"], "");
    assert!(ended.code == 3 && ended.hint().contains("shadow DIR"), "{ended:?}");
}

#[test]
fn a_candidate_is_stopped() {
    check(Row {
        arguments: &["policy", "shadow", "--stop"],
        input: "",
        call: ("Policies1.StopShadow", json!([])),
        answer: json!(null),
        keys: &["done"],
        words: &["asked no longer", "--show"],
    });
    for wrong in [
        &["policy", "shadow"][..],
        &["policy", "shadow", "--stop", "--show"],
        &["policy", "shadow", "x", "--stop"],
    ] {
        assert_eq!(readmit("unix:path=/nonexistent", wrong, "").code, 2, "{wrong:?}");
    }
}

#[test]
fn an_explanation_shows_lines_facts_and_factors() {
    let line = |line: u32, text: &str, ran: bool| json!({"file": "default.lua", "line": line, "text": text, "ran": ran});
    check(Row {
        arguments: &["policy", "explain", "alice", "--reason", "lost", "--known", "--address", "203.0.113.7"],
        input: "",
        call: (
            "Policies1.Explain",
            json!(["alice", "lost", {"known": true, "address": "203.0.113.7", "detail": true}]),
        ),
        answer: json!({"verdict": "prove", "plan": "password, email, voice", "version": VERSION, "micros": 17,
            "minimal_sets": ["password and email and voice"], "lines": ["default.lua:4", "default.lua:9"],
            "decided_at": ["default.lua:9"], "facts": [{"fact": "account.kind", "value": "owner"}],
            "factors": [{"factor": "voice", "asked": true, "because": "asked in step 3 of 3"},
                {"factor": "totp", "asked": false, "because": "no other device"}],
            "source": [line(4, "  if case.reason", true), line(5, "  end", false), line(9, "  return prove", true)],
            "outcome": {"verdict": "outcome", "device": "deactivate", "force_password_change": true}}),
        keys: &[
            "verdict",
            "plan",
            "version",
            "micros",
            "minimal_sets",
            "lines",
            "decided_at",
            "facts",
            "factors",
            "source",
            "outcome",
        ],
        words: &[
            "prove",
            "password, email, voice",
            "is enough",
            "17 µs",
            "=>    9    return prove",
            " >    4",
            "account.kind  owner",
            "asked in step 3 of 3",
            "no other device",
            "the password must be changed",
        ],
    });
}

/// Four accounts, of which one page holds two: one is ready, one by rule not, two lack something.
fn accounts() -> Fake {
    let row = |account: &str, ready: bool, by_rule: bool, missing: &[&str]| {
        json!({"account": account, "realm": "default", "kind": "owner", "ready": ready, "by_rule": by_rule,
            "ways": {"lost": if ready { "alone" } else { "escalate" }, "damaged": "with_people"},
            "missing": missing, "to": "support", "because": ["no phone"]})
    };
    let rows = [
        row("alice", true, false, &[]),
        row("bob", false, false, &["no verified phone number", "no recovery codes"]),
        row("carol", false, true, &[]),
        row("dave", false, false, &["no password"]),
    ];
    Fake::start(move |call| {
        let after = call.arguments[1].as_str().unwrap().to_owned();
        let rest = rows.iter().filter(|row| row["account"].as_str().unwrap() > after.as_str());
        Reply::Value(rest.take(2).cloned().collect())
    })
}

#[test]
fn accounts_without_a_way_back_are_listed() {
    let fake = accounts();
    let ended = readmit(&fake.address, &["policy", "readiness", "--realm", "default", "--kind", "owner"], "");
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    let calls: Vec<Value> = fake.calls().into_iter().map(|call| call.arguments).collect();
    let filter = json!({"realm": "default", "kind": "owner"});
    assert_eq!(calls, ["", "bob", "dave"].map(|after| json!([filter, after, 200])));
    for word in
        ["bob", "no verified phone number; or no recovery codes", "lost", "4 accounts: 1 ready, 2 for want"]
    {
        assert!(ended.output.contains(word), "{word}: {}", ended.output);
    }
    assert!(!ended.output.contains("alice") && !ended.output.contains("carol"), "{}", ended.output);
    let all = readmit(&fake.address, &["policy", "readiness", "--all"], "").output;
    assert!(all.contains("alice") && all.contains("by rule, support decides: no phone"), "{all}");
    let answer = readmit(&fake.address, &["policy", "readiness", "--json"], "").json();
    let counts = ["looked", "ready", "lacking", "by_rule"].map(|key| answer[key].as_u64().unwrap());
    assert_eq!((counts, answer["accounts"].as_array().unwrap().len()), ([4, 1, 2, 1], 2));
}

#[test]
fn a_job_can_fail_if_anybody_lacks_something() {
    let ended = readmit(&accounts().address, &["policy", "readiness", "--fail-if-any", "--json"], "");
    assert_eq!((ended.code, ended.json()["lacking"].as_u64()), (1, Some(2)));
    let error: Value = serde_json::from_str(&ended.error).unwrap();
    assert!(error["hint"].as_str().unwrap().contains("account set"), "{error}");
    let none = Fake::always(json!([]));
    let ended = readmit(&none.address, &["policy", "readiness", "--fail-if-any"], "");
    assert!(ended.code == 0 && ended.output.contains("No account lacks anything"), "{ended:?}");
}
