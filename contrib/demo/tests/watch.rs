//! The whole demonstration, as a person starts it: real daemon, real plugins, real bus, mail and telephone.

#![cfg(test)]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use readmit_demo::binaries::Binaries;

/// The directory that cargo builds programs into: beside this test's own program, or one above it.
fn programs() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let deps = own.parent().unwrap();
    let directory = if deps.ends_with("deps") { deps.parent().unwrap() } else { deps };
    match Binaries::find(directory) {
        Ok(_) => directory.to_owned(),
        Err(missing) => panic!("{missing}"),
    }
}

fn demo(arguments: &[&str]) -> Output {
    Command::new(programs().join("readmit-demo"))
        .args(arguments)
        .env_remove("READMIT_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs the demonstration to its good end and returns what it told, a line each, without who told it.
fn story(arguments: &[&str]) -> Vec<String> {
    let output = demo(arguments);
    let told = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}\n{told}\n{errors}", output.status);
    assert!(errors.is_empty(), "{errors}");
    told.lines().map(|line| line.trim().to_owned()).collect()
}

/// Asserts that these appear in the story, in this order.
fn assert_told(story: &[String], wanted: &[&str]) {
    let mut rest = story.iter();
    for wanted in wanted {
        assert!(
            rest.any(|line| line.contains(wanted)),
            "{wanted:?} was not told, or not in its place:\n{}",
            story.join("\n")
        );
    }
}

const GOOD_END: [&str; 7] = [
    "the phone is proven",
    "signs in, once, without a device; the lost one is deactivated",
    "left to do: change_password, enroll",
    "the recovery is complete",
    "a code of the lost phone is now rejected",
    "active devices: Alice's new phone",
    "form one unbroken chain",
];

/// J9: "All factors proven: the person may sign in once, and the device is deactivated". On the way J5 to J7, J12,
/// J14 and J16.
#[test]
fn the_whole_journey() {
    let story = story(&["--watch", "--fast"]);
    assert_told(
        &story,
        &[
            "one after the other: password, email, voice",
            "look in the spam folder",
            "http://localhost:8080/link/",
            "the e-mail address is proven",
            "rings; +18005550100 is calling",
            "what the page shows",
        ],
    );
    assert_told(&story, &GOOD_END);
    assert_told(&story, &["was recovered", "was enrolled", "this was not me"]);
    assert_eq!(story.last().map(String::as_str), Some("Done. Nothing is left behind."));
}

/// J8: "the exact cause is recorded, a plain-words cause and the next thing to do are shown, and the person may
/// retry".
#[test]
fn a_first_call_that_fails_is_explained_and_tried_again() {
    let table = [
        ("--busy", "[busy] The line was busy. End any other call on that phone, then call again."),
        ("--no-answer", "[no_answer] The phone rang, but nobody answered."),
        ("--decline", "[declined] The call was declined on the phone. Call again and accept it"),
        ("--wrong-digits", "[wrong_digits] The digits typed on the phone were not the ones on the page."),
    ];
    for (flag, explained) in table {
        let story = story(&["--watch", "--fast", flag]);
        assert_told(&story, &[explained, "\"Call me again\"", "what the page shows"]);
        assert_told(&story, &GOOD_END);
    }
}

/// J7: "voicemail cannot pass", and digits that are not on the page do not either: each call takes three tries.
#[test]
fn wrong_digits_may_be_typed_three_times_in_a_call() {
    let story = story(&["--watch", "--fast", "--wrong-digits"]);
    let wrong = story.iter().filter(|line| line.contains("which is not what the page shows")).count();
    assert_eq!(wrong, 3, "{}", story.join("\n"));
}

#[test]
fn a_kept_directory_has_a_readable_configuration_and_no_sockets() {
    let around = tempfile::tempdir().unwrap();
    let kept = around.path().join("kept");
    let kept_text = kept.to_str().unwrap();
    story(&["--watch", "--fast", "--keep", kept_text]);
    let checked = Command::new(programs().join("readmitd"))
        .args(["--check-config", "--config"])
        .arg(kept.join("readmit.toml"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(kept.join("policies/default.lua").is_file());
    assert!(kept.join("readmit.db").is_file());
    assert!(!kept.join("bus").exists());
    let again = demo(&["--watch", "--fast", "--keep", kept_text]);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
}

/// The directory, the daemon and the plugins go, however the demonstration ends.
#[test]
fn nothing_is_left_behind_by_an_interrupt_or_a_kill() {
    use std::io::{BufRead, BufReader};
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::KILL] {
        let around = tempfile::tempdir().unwrap();
        let mut child = Command::new(programs().join("readmit-demo"))
            .args(["--watch", "--fast", "--no-answer"])
            .env("TMPDIR", around.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.by_ref().any(|line| line.unwrap().contains("rings;")), "no call came");
        let daemons = processes_with(around.path());
        assert!(!daemons.is_empty(), "the daemon names its configuration on its command line");
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, signal).unwrap();
        let status = child.wait().unwrap();
        assert!(!status.success());
        if signal == rustix::process::Signal::INT {
            assert_eq!(status.code(), Some(130));
            assert_eq!(std::fs::read_dir(around.path()).unwrap().count(), 0, "the directory stays");
        }
        // The end of a process can be waited for without being its parent.
        for daemon in daemons {
            let poll = [rustix::event::PollFd::new(&daemon, rustix::event::PollFlags::IN)];
            let patience = rustix::event::Timespec { tv_sec: 20, tv_nsec: 0 };
            let ended = rustix::event::poll(&mut { poll }, Some(&patience)).unwrap();
            assert_eq!(ended, 1, "the daemon lives on after {signal:?}");
        }
    }
}

/// Handles of the processes that have this path on their command line.
fn processes_with(path: &std::path::Path) -> Vec<std::os::fd::OwnedFd> {
    let wanted = path.to_str().unwrap();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|id| {
            let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(wanted)
        })
        .filter_map(|id| {
            let id = rustix::process::Pid::from_raw(id)?;
            rustix::process::pidfd_open(id, rustix::process::PidfdFlags::empty()).ok()
        })
        .collect()
}
