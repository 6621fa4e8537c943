//! What the README tells a newcomer to type is what the programs take.

use std::process::Command;

use readmit_tests::{program, run};

const README: &str = include_str!("../../README.md");

#[test]
fn the_configuration_to_try_is_right() {
    let (_, from) = README.split_once("try.toml <<EOF\n").unwrap();
    let (text, _) = from.split_once("EOF\n").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("try.toml");
    std::fs::write(&file, text.replace("$(id -un)", "root").replace("$PWD", "/tmp")).unwrap();
    let ended = run("readmitd", &["--config", file.to_str().unwrap(), "--check-config"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn every_command_line_is_understood() {
    let without_remark = |line: &'static str| line.split(" #").next().unwrap_or(line);
    let lines: Vec<&str> =
        README.lines().filter(|line| line.starts_with("readmit ")).map(without_remark).collect();
    assert!(lines.len() >= 5, "{lines:?}");
    for line in lines {
        // Words before `--help` are read first: an unknown verb or option is refused.
        let script =
            format!("\"{}\"{} --help", program("readmit").display(), line.trim_start_matches("readmit"));
        let ended = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(ended.status.success(), "{line}\n{}", String::from_utf8_lossy(&ended.stderr));
    }
}
