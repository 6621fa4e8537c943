//! Every way to fail has its exit code, its word and a hint.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, start_bus};
use crate::run::readmit;

const ERRORS: [(&str, i32, &str); 11] = [
    ("org.readmit.Error.NotFound", 3, "not_found"),
    ("org.readmit.Error.WrongState", 6, "wrong_state"),
    ("org.readmit.Error.InvalidArgument", 2, "usage"),
    ("org.readmit.Error.RateLimited", 5, "rate_limited"),
    ("org.readmit.Error.Refused", 1, "refused"),
    ("org.readmit.Error.NotAuthorized", 4, "not_authorized"),
    ("org.readmit.Error.Unavailable", 7, "unavailable"),
    ("org.freedesktop.DBus.Error.AccessDenied", 4, "not_authorized"),
    ("org.freedesktop.DBus.Error.NoReply", 7, "unavailable"),
    ("org.freedesktop.DBus.Error.UnknownMethod", 1, "failed"),
    ("org.example.Error.Strange", 1, "failed"),
];

#[test]
fn every_error_of_the_bus_has_its_exit_code() {
    for (name, code, word) in ERRORS {
        let fake = Fake::start(move |_| Reply::Error(name, "It is so. Do that."));
        let ended = readmit(&fake.address, &["case", "show", "c1"], "");
        assert_eq!(ended.code, code, "{name}: {ended:?}");
        assert!(ended.output.is_empty() && ended.error.starts_with("error: "), "{name}: {ended:?}");
        assert!(ended.error.contains("It is so. Do that."), "{name}: {ended:?}");
        assert!(ended.hint().len() > 20, "{name}: {ended:?}");

        let ended = readmit(&fake.address, &["case", "show", "c1", "--json"], "");
        assert_eq!(ended.code, code);
        assert!(ended.output.is_empty());
        let error: Value = serde_json::from_str(&ended.error).unwrap();
        assert_eq!(error["error"], word);
        let keys: Vec<&String> = error.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error", "hint", "message"]);
    }
}

#[test]
fn a_hint_names_the_command_that_helps() {
    let not_found = Fake::start(|_| Reply::Error("org.readmit.Error.NotFound", "no"));
    for (arguments, hint) in [
        (&["account", "show", "x"][..], "readmit account list"),
        (&["codes", "issue", "x"], "readmit account list"),
        (&["pass", "issue", "x"], "readmit account list"),
        (&["pass", "send", "x"], "readmit account list"),
        (&["device", "delete", "x"], "readmit device list"),
        (&["case", "approve", "x", "--because", "y"], "readmit case list"),
        (&["plugin", "restart", "x"], "readmit plugin list"),
        (&["policy", "explain", "x", "--reason", "lost"], "readmit account list"),
        (&["recover", "--case", "x"], "readmit recover ACCOUNT"),
    ] {
        let ended = readmit(&not_found.address, arguments, "");
        assert_eq!(ended.code, 3, "{arguments:?}");
        assert!(ended.hint().contains(hint), "{arguments:?}: {ended:?}");
    }
    let refused =
        Fake::start(|_| Reply::Error("org.readmit.Error.Refused", "default.lua:7: a misspelt word"));
    assert!(readmit(&refused.address, &["policy", "reload"], "").hint().contains("stay in force"));
}

#[test]
fn a_daemon_that_is_not_there_is_told() {
    let (mut bus, address, _directory) = start_bus();
    for arguments in [&["status"][..], &["account", "list"], &["recover", "alice", "--reason", "lost"]] {
        let ended = readmit(&address, arguments, "");
        assert_eq!(ended.code, 7, "{arguments:?}: {ended:?}");
        assert!(ended.hint().contains("systemctl start readmitd"), "{ended:?}");
    }
    bus.kill().unwrap();
    bus.wait().unwrap();
    assert_eq!(readmit(&address, &["account", "list"], "").code, 7, "nor the bus");
    assert_eq!(readmit("unix:path=/nowhere/bus", &["status"], "").code, 7);
    let ended = readmit("nonsense", &["account", "list"], "");
    assert_eq!(ended.code, 2);
    assert!(ended.hint().contains("--bus session"));
}

#[test]
fn usage_is_told_before_anything_is_done() {
    let fake = Fake::always(json!(null));
    for arguments in [
        &["frobnicate"][..],
        &["account"],
        &["account", "add"],
        &["account", "set", "alice"],
        &["account", "add", "alice", "--attribute", "x"],
        &["case", "approve", "c1"],
        &["case", "resolve", "c1", "--action", "forgive", "--because", "x"],
        &["case", "list", "--state", "lost"],
        &["policy", "explain", "alice"],
        &["policy", "explain", "alice", "--reason", "bored"],
        &["pass", "send"],
        &["pass", "issue", "alice", "--valid", "soon"],
        &["pass", "issue", "alice", "--valid", "99999999w"],
        &["audit", "read", "--since", "yesterday"],
        &["recover", "alice", "--case", "c1"],
        &["recover", "alice", "--json"],
        &["account", "set-password", "alice"],
        &["completions", "tcl"],
    ] {
        let ended = readmit(&fake.address, arguments, "");
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(!ended.error.is_empty(), "{arguments:?}");
    }
    assert_eq!(fake.calls(), []);
    let ended = readmit(&fake.address, &["account", "add", "--json"], "");
    let error: Value = serde_json::from_str(&ended.error).unwrap();
    assert_eq!((ended.code, &error["error"]), (2, &json!("usage")));
}

#[test]
fn help_and_version_are_answers() {
    for arguments in
        [&["--help"][..], &["recover", "--help"], &["account", "add", "--help"], &["--version", "--json"]]
    {
        let ended = readmit("unix:path=/nowhere/bus", arguments, "");
        assert_eq!(ended.code, 0, "{arguments:?}");
        assert!(ended.output.contains("readmit"), "{arguments:?}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let ended = readmit("unix:path=/nowhere/bus", &["completions", shell], "");
        assert!(ended.code == 0 && ended.output.contains("set-password"), "{shell}");
    }
}
