//! Requirement: where polkit or the bus keep somebody out, the doctor says which of them does, and how to mend it.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::system::{OLGA, Plan, ROOT, System, User};

/// What the doctor says about a check to a user: `level: what -> mend`.
fn says(system: &System, user: User, check: &str) -> String {
    let place = system.place().display();
    let line = format!("{place}/readmit doctor --json --config {place}/readmit.toml");
    let ended = system.run(user, &[], &line);
    let answer: Value =
        serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let findings = answer["findings"].as_array().unwrap().iter();
    let about: Vec<String> = findings
        .filter(|finding| finding["check"] == check)
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap();
            format!("{}: {} -> {}", text("level"), text("what"), text("mend"))
        })
        .collect();
    assert_eq!(about.len(), 1, "{check}: {about:?} of {answer:#}");
    about.into_iter().next().unwrap()
}

#[track_caller]
fn has(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn polkit_is_told_apart_well_hanging_and_gone() {
    let mut system = System::start(Plan::default()).await;
    has(&says(&system, ROOT, "polkit"), &["ok: answers, and knows ", " actions of Readmit's"]);
    has(&says(&system, ROOT, "anchor"), &["ok: the journal leads to entry "]);
    // Whoever may not see something is told that, and by whom it can be seen.
    has(&says(&system, OLGA, "bus"), &["ok: "]);
    has(&says(&system, OLGA, "daemon"), &["note: you may not see it -> run readmit doctor as root"]);
    let pid = Pid::from_raw(i32::try_from(system.polkit()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    has(
        &says(&system, ROOT, "polkit"),
        &["failure: does not answer: it does not answer in time -> systemctl status polkit"],
    );
    system.kill_polkit().await;
    has(&says(&system, ROOT, "polkit"), &["warning: is not on this bus", "apt install polkitd"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_that_are_not_installed_are_missed() {
    let system = System::start(Plan { has_actions: false, ..Plan::default() }).await;
    let said = says(&system, ROOT, "polkit");
    has(&said, &["failure: answers, and knows no action of Readmit's", "/usr/share/polkit-1/actions"]);
}

/// A bus that lets the daemon have its name, and nobody call it.
const CLOSED: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><policy user="readmit"><allow own="org.readmit.Recovery1"/></policy></busconfig>
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_lets_nobody_call_is_named() {
    let system = System::start(Plan { bus_policy: CLOSED, ..Plan::default() }).await;
    for user in [ROOT, OLGA] {
        let said = says(&system, user, "bus");
        has(&said, &["failure: the bus does not let you call the daemon -> install the bus policy"]);
    }
}
