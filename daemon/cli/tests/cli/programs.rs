//! The verbs that run the project's other programs, with doubles of those beside a copy of the command line.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::run::{Ended, finish};

/// A copy of the command line, alone or beside another program.
pub fn beside(program: Option<(&str, &str)>, arguments: &[&str]) -> Ended {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("readmit");
    copy_by_cp(Path::new(env!("CARGO_BIN_EXE_readmit")), &copy);
    if let Some((name, script)) = program {
        write(&directory.path().join(name), script);
    }
    let mut command = Command::new(copy);
    command.args(arguments).env("PATH", "/nowhere");
    finish(command, "")
}

fn write(file: &Path, script: &str) {
    let staged = file.with_extension("staged");
    std::fs::write(&staged, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&staged, std::fs::Permissions::from_mode(0o755)).unwrap();
    copy_by_cp(&staged, file);
}

/// By a process of its own, so that no other test's child holds the file open for writing when it is run.
fn copy_by_cp(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-p").arg(from).arg(to).status().unwrap().success());
}

#[test]
fn a_check_shows_what_the_daemon_s_program_finds() {
    let good = ("readmitd", r#"test "$*" = "--check-config --json --config r.toml" && echo '[]'"#);
    let ended = beside(Some(good), &["config", "check", "r.toml", "--json"]);
    assert_eq!((ended.code, ended.json()), (0, json!({"ok": true, "file": "r.toml", "problems": []})));

    let problem =
        r#"[{"file":"r.toml","line":7,"key":"case.open_hour","message":"unknown key","hint":"open_hours"}]"#;
    let script = format!("echo '{problem}'; exit 1");
    let bad = ("readmitd", script.as_str());
    let ended = beside(Some(bad), &["config", "check", "r.toml"]);
    assert_eq!(ended.code, 1);
    assert_eq!(ended.output, "r.toml:7: case.open_hour: unknown key\n  hint: open_hours\n");
    assert!(ended.error.contains("the configuration has a problem"));
    let ended = beside(Some(bad), &["config", "check", "r.toml", "--json"]);
    assert_eq!(ended.json()["problems"][0]["line"], 7);

    let broken = ("readmitd", "echo it fell over >&2; exit 3");
    let ended = beside(Some(broken), &["config", "check"]);
    assert!(ended.code == 1 && ended.error.contains("it fell over"), "{ended:?}");
}

#[test]
fn a_demonstration_gets_the_arguments_as_they_are() {
    let demo = ("readmit-demo", r#"echo "demo:$*"; exit 5"#);
    let ended = beside(Some(demo), &["demo", "--script", "-x", "y"]);
    assert_eq!((ended.code, ended.output.as_str()), (5, "demo:--script -x y\n"));
    for flag in ["--help", "--version", "-h"] {
        assert_eq!(beside(Some(demo), &["demo", flag]).output, format!("demo:{flag}\n"));
    }
}

#[test]
fn a_program_that_is_missing_can_be_built() {
    for (arguments, program) in [(&["demo"][..], "readmit-demo"), (&["config", "check"], "readmitd")] {
        let ended = beside(None, arguments);
        assert_eq!(ended.code, 1);
        assert!(ended.hint().contains(&format!("cargo build --release -p {program}")), "{ended:?}");
    }
}
