//! `readmit policy replay`: from a file, from standard input, from the daemon; what it says, and how it ends.

use std::fs;
use std::path::Path;

use readmit_policy::workbench::replay::log::{header, line};
use readmit_policy::workbench::{Journey, Start};
use readmit_policy::{Budget, Channels, PolicySet, Sources};
use readmit_recovery::facts::Question;
use readmit_recovery::id::CaseHandle;
use readmit_recovery::rules::Rules;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake::{Call, Fake, Reply};
use crate::run::{Ended, readmit};

/// No bus: the verb is not to need one.
const NOWHERE: &str = "unix:path=/nonexistent/bus";

/// The shipped policy in a directory of its own, as it is or changed.
pub fn policies(from: &str, to: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let shipped = Sources::shipped().unwrap();
    let text = &shipped.files()["default.lua"];
    assert!(text.contains(from), "the shipped policy says {from}");
    fs::write(directory.path().join("default.lua"), text.replace(from, to)).unwrap();
    directory
}

fn same() -> TempDir {
    policies("", "")
}

fn weaker() -> TempDir {
    policies("\"password\", \"email\", \"voice\"", "\"password\", \"email\"")
}

/// What the daemon would have logged of so many openings, as its bus gives it.
fn decisions(count: u64) -> Vec<Value> {
    let set = PolicySet::load(Sources::shipped().unwrap(), Budget::default(), &Channels::default()).unwrap();
    let (start, rules) = (Start::complete("default").unwrap(), Rules::default());
    (1..=count)
        .map(|id| {
            let mut logged = Value::Null;
            let mut policy = |question: &Question| {
                let mut question = question.clone();
                question.case = CaseHandle::from_random(u128::from(id).to_be_bytes());
                let verdict = set.decide(&question).verdict;
                logged = json!({"id": id, "at": question.now.unix() + id, "case": question.case.as_str(),
                    "version": set.version().as_str(), "hook": "open", "micros": 9,
                    "input": serde_json::to_string(&question).unwrap(),
                    "verdict": serde_json::to_string(&verdict).unwrap()});
                verdict
            };
            let _ = Journey::open(&start, set.version(), &rules, &mut policy);
            logged
        })
        .collect()
}

fn exported(decisions: &[Value]) -> String {
    let lines = decisions.iter().map(|decision| {
        let number = |key: &str| decision[key].as_u64().unwrap();
        let text = |key: &str| decision[key].as_str().unwrap();
        let names = (text("case"), text("version"), text("hook"));
        line((number("id"), number("at"), number("micros")), names, text("input"), text("verdict"))
    });
    header() + &lines.collect::<String>()
}

fn replay(directory: &Path, more: &[&str], input: &str) -> Ended {
    let directory = directory.to_str().unwrap();
    readmit(NOWHERE, &[&["policy", "replay", directory], more].concat(), input)
}

#[test]
fn the_same_policies_change_nothing() {
    let (directory, log) = (same(), exported(&decisions(3)));
    let ended = replay(directory.path(), &["--from", "-", "--fail-if-weaker"], &log);
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    assert!(
        ended.output.starts_with("3 decisions of 3 cases, 2026-01-01 00:00:01Z to 2026-01-01 00:00:03Z,\n")
    );
    assert!(ended.output.ends_with("\n3 decisions come out the same.\n"), "{}", ended.output);
}

#[test]
fn what_is_weaker_is_said_and_may_fail_the_run() {
    let directory = weaker();
    let file = directory.path().join("log.jsonl");
    fs::write(&file, exported(&decisions(2))).unwrap();
    let from = ["--from", file.to_str().unwrap()];
    let ended = replay(directory.path(), &from, "");
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    let told = "\nWEAKER  2 decisions\n  asks for voice no longer\n            2  open, lost, owner\n               \
                decision 1 of case 00000000000000000000000000000001\n               account.email: on file; ";
    assert!(ended.output.contains(told), "{}", ended.output);

    let strict = [&from[..], &["--fail-if-weaker"]].concat();
    let ended = replay(directory.path(), &strict, "");
    assert_eq!(ended.code, 1);
    assert!(ended.output.contains("WEAKER"));
    assert!(ended.error.starts_with("error: the candidate is weaker for 2 decisions\n"), "{}", ended.error);

    let ended = replay(directory.path(), &[&strict[..], &["--json"]].concat(), "");
    assert_eq!(ended.code, 1);
    let answer = ended.json();
    assert_eq!(answer["weaker"], 2);
    assert_eq!((&answer["same"], &answer["decisions"], &answer["cases"]), (&json!(0), &json!(2), &json!(2)));
    let change = &answer["changes"][0];
    assert_eq!(
        (&change["effect"], &change["words"]),
        (&json!("weaker"), &json!(["asks for voice no longer"]))
    );
    assert_eq!(change["example"]["before"]["verdict"], "prove");
    assert_eq!(change["example"]["facts"]["account.phone"], "on file");
    assert!(ended.error.contains("\"error\":\"failed\""), "{}", ended.error);
}

#[test]
fn the_daemon_s_log_is_read_page_by_page() {
    let all = decisions(5);
    let answers = all.clone();
    let fake = Fake::start(move |call: &Call| {
        let after = call.arguments[1].as_u64().unwrap();
        let rest = answers.iter().filter(|decision| decision["id"].as_u64() > Some(after));
        // Pages may be shorter than what is asked for.
        Reply::Value(rest.take(2).cloned().collect())
    });
    let directory = weaker();
    let path = directory.path().to_str().unwrap();
    let ended = readmit(&fake.address, &["policy", "replay", path, "--since", "@1767225602", "--json"], "");
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    let calls: Vec<Value> = fake.calls().into_iter().map(|call| call.arguments).collect();
    assert_eq!(calls, [0, 2, 4, 5].map(|after| json!([1_767_225_602_u64, after, 1000])));
    assert_eq!(fake.calls()[0].method, "Policies1.Decisions");
    // The double pays no heed to the time; the replay does.
    assert_eq!((ended.json()["decisions"].clone(), ended.json()["weaker"].clone()), (json!(4), json!(4)));
}

#[test]
fn a_daemon_that_repeats_itself_is_not_asked_for_ever() {
    let fake = Fake::always(Value::Array(decisions(2)));
    let directory = same();
    let ended = readmit(&fake.address, &["policy", "replay", directory.path().to_str().unwrap()], "");
    assert_eq!(ended.code, 1);
    assert!(ended.error.contains("decisions do not come in their order"), "{}", ended.error);
    assert_eq!(ended.output, "");
}

#[test]
fn a_corrupt_log_is_no_report() {
    let directory = same();
    let log = exported(&decisions(3));
    let cut = &log[..log.len() - 30];
    let corrupt = log.replacen("\"id\":2", "\"id\":\"two\"", 1);
    let table = [
        ("", "line 1: this is no decision log"),
        (cut, "line 4: the log is cut off in the middle of this line"),
        (&corrupt, "line 3: this is no decision: invalid type: string \"two\", expected u64 at column"),
    ];
    for (text, wanted) in table {
        let ended = replay(directory.path(), &["--from", "-"], text);
        assert_eq!((ended.code, ended.output.as_str()), (1, ""), "{ended:?}");
        assert!(ended.error.contains(wanted), "{wanted}: {}", ended.error);
        assert!(ended.hint().contains("readmit policy export"), "{}", ended.error);
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let directory = same();
    let ended = replay(directory.path(), &["--from", "/nonexistent/log"], "");
    assert_eq!(ended.code, 3);
    assert!(ended.error.contains("/nonexistent/log cannot be opened"), "{}", ended.error);
    let ended = replay(directory.path(), &["--from", directory.path().to_str().unwrap()], "");
    assert_eq!(ended.code, 1);
    assert!(ended.error.contains("line 1: the log cannot be read: Is a directory"), "{}", ended.error);
    let broken = policies("return policy", "return polcy");
    let ended = replay(broken.path(), &["--from", "-"], &header());
    assert_eq!(ended.code, 1);
    assert!(ended.error.contains("default.lua:"), "{}", ended.error);
    let ended = replay(directory.path(), &["--from", "-"], &header());
    assert_eq!((ended.code, ended.output.as_str()), (0, "There is no decision since then in the log.\n"));
}

#[test]
fn hostile_texts_in_a_log_do_not_drive_the_terminal() {
    let log = exported(&decisions(1)).replace("\"kind\":\"owner\"", "\"kind\":\"\\u001b[2J\\u202e\"");
    let ended = replay(weaker().path(), &["--from", "-"], &log);
    assert_eq!(ended.code, 0);
    assert!(ended.output.contains("open, lost, \u{fffd}[2J\u{fffd}"), "{}", ended.output);
}
