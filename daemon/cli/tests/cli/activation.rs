//! What is said of the policies that are in force, wait, or were in force.

use serde_json::{Value, json};

use crate::fake::{Call, Fake, Reply};
use crate::run::{Ended, readmit};

const IN_FORCE: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";
const WAITING: &str = "1111111111112222222222223333333333334444444444445555555555556666";

fn policy(version: &str, state: &str, approved_by: &[&str]) -> Value {
    json!({"version": version, "state": state, "current": state == "in_force", "loaded_at": 1_700_000_000,
        "actor": "directory", "tests": 12, "approved_by": approved_by, "on_disk": state != "in_force",
        "files": ["default.lua", "default_test.lua"]})
}

/// Runs a verb against a daemon that answers with this version and has these.
fn asked(arguments: &[&str], answer: &'static str, there: Value) -> (Ended, Vec<Call>) {
    let fake = Fake::start(move |call| match call.method.as_str() {
        "Policies1.List" => Reply::Value(there.clone()),
        _ => Reply::Value(json!(answer)),
    });
    let ended = readmit(&fake.address, arguments, "");
    (ended, fake.calls())
}

#[test]
fn every_version_is_listed_with_where_it_stands() {
    let mut first = policy(IN_FORCE, "in_force", &["uid:1", "uid:2"]);
    first["refused"] = json!("default.lua:7: a misspelt word");
    let there = json!([first, policy(WAITING, "pending", &["uid:1"]), policy("2222", "earlier", &[])]);
    let (ended, calls) = asked(&["policy", "list"], "", there.clone());
    assert_eq!((ended.code, calls.len()), (0, 1), "{ended:?}");
    for word in [
        "0a1b2c3d4e5f ",
        "in force",
        "111111111111 ",
        "pending",
        "earlier",
        "directory",
        "12",
        "uid:1",
        "default_test",
    ] {
        assert!(ended.output.contains(word), "{word}: {}", ended.output);
    }
    assert!(ended.output.contains("refused:\ndefault.lua:7: a misspelt word"), "{}", ended.output);
    let (ended, _) = asked(&["policy", "list", "--json"], "", there.clone());
    assert_eq!(ended.json(), there);
}

#[test]
fn each_verb_says_what_came_of_it() {
    let in_force = json!([policy(IN_FORCE, "in_force", &[])]);
    let waits = json!([policy(IN_FORCE, "in_force", &[]), policy(WAITING, "pending", &["uid:1"])]);
    let fresh = json!([policy(IN_FORCE, "in_force", &[]), policy(WAITING, "pending", &[])]);
    let replaced = json!([policy("3333", "in_force", &[]), policy(IN_FORCE, "earlier", &[])]);
    let table = [
        (&["policy", "reload"][..], IN_FORCE, in_force.clone(), "are in force; its 12 tests pass."),
        (
            &["policy", "reload"],
            WAITING,
            fresh,
            "wait for two persons; its 12 tests pass: readmit policy activate 1111",
        ),
        (&["policy", "activate", "111111"], WAITING, waits.clone(), "wait for a second person"),
        (&["policy", "activate", "0a1b2c"], IN_FORCE, in_force.clone(), "are in force"),
        (&["policy", "rollback", "0a1b2c"], IN_FORCE, in_force, "are in force"),
        (&["policy", "rollback", "111111"], WAITING, waits, "wait for a second person"),
        (&["policy", "rollback", "0a1b2c"], IN_FORCE, replaced, "others are now"),
    ];
    for (arguments, version, there, words) in table {
        let (ended, calls) = asked(arguments, version, there.clone());
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.output.contains(words) && ended.output.contains(version), "{}", ended.output);
        let given = arguments.get(2).map_or(json!([]), |version| json!([version]));
        assert_eq!(calls[0].arguments, given);
        let (ended, _) = asked(&[arguments, &["--json"]].concat(), version, there);
        assert_eq!((&ended.json()["version"], &ended.json()["tests"]), (&json!(version), &json!(12)));
    }
}

#[test]
fn what_is_refused_says_what_to_do() {
    let table = [
        ("org.readmit.Error.NotAuthorized", 4, "another administrator"),
        ("org.readmit.Error.NotFound", 3, "readmit policy list"),
        ("org.readmit.Error.WrongState", 6, "readmit policy list"),
        ("org.readmit.Error.InvalidArgument", 2, ""),
    ];
    for verb in ["activate", "rollback"] {
        for (name, code, hint) in table {
            let fake = Fake::start(move |_| Reply::Error(name, "why"));
            let ended = readmit(&fake.address, &["policy", verb, "0a1b2c"], "");
            assert_eq!(ended.code, code, "{ended:?}");
            assert!(ended.hint().contains(hint), "{ended:?}");
        }
    }
    let (ended, _) = asked(&["policy", "reload"], WAITING, json!([policy(IN_FORCE, "in_force", &[])]));
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.error.contains("taken its place"), "{ended:?}");
}
