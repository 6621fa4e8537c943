//! Completion in the shells themselves: what they offer behind the first letters of a verb.

use std::path::Path;
use std::process::{Command, Stdio};

use readmit_tests::{program, run};

/// Runs a shell's script with `readmit` in its path.
fn shell(name: &str, arguments: &[&str], home: &Path) -> String {
    let path = program("readmit").parent().unwrap().display().to_string();
    let output = Command::new(name)
        .args(arguments)
        .env("PATH", format!("{path}:/usr/bin:/bin"))
        .env("HOME", home)
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{name} cannot be run ({error}): apt-get install {name}"));
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn script(shell: &str, place: &Path) -> String {
    let ended = run("readmit", &["completions", shell], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    let file = place.join(if shell == "zsh" { "_readmit".to_owned() } else { format!("readmit.{shell}") });
    std::fs::write(&file, ended.output).unwrap();
    file.display().to_string()
}

#[test]
fn bash_completes_verbs_and_options() {
    let home = tempfile::tempdir().unwrap();
    let file = script("bash", home.path());
    let complete = |line: &str| {
        let words: Vec<String> = line.split(' ').map(|word| format!("'{word}'")).collect();
        let script = format!(
            "source {file}; COMP_WORDS=({}); COMP_CWORD={}; _readmit readmit '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1,
            line.rsplit(' ').next().unwrap(),
            line.split(' ').rev().nth(1).unwrap(),
        );
        shell("bash", &["--norc", "-c", &script], home.path())
    };
    assert_eq!(complete("readmit acc"), "account\n");
    assert_eq!(complete("readmit account imp"), "import\n");
    assert!(complete("readmit account import --dr").contains("--dry-run"));
}

#[test]
fn fish_completes_verbs_and_options() {
    let home = tempfile::tempdir().unwrap();
    let file = script("fish", home.path());
    let complete = |line: &str| {
        shell("fish", &["--no-config", "-c", &format!("source {file}; complete -C '{line}'")], home.path())
    };
    assert!(complete("readmit acc").starts_with("account\t"), "{}", complete("readmit acc"));
    assert!(complete("readmit account imp").starts_with("import\t"));
    assert!(complete("readmit account import --dr").contains("--dry-run"));
}

/// zsh completes only for somebody at a terminal: a pseudo terminal of its own types and looks.
#[test]
fn zsh_completes_verbs() {
    let home = tempfile::tempdir().unwrap();
    script("zsh", home.path());
    let script = format!(
        "zmodload zsh/zpty; zpty it zsh -f -i; \
         zpty -w it 'PS1=; fpath=({0} $fpath); autoload -Uz compinit; compinit -u -d {0}/dump; print ready$((6*7))'; \
         zpty -r it seen '*ready42*'; \
         zpty -w -n it $'readmit account imp\\t'; zpty -r it seen '*readmit account import*' && print complete; zpty -d it",
        home.path().display()
    );
    let told = shell("zsh", &["-f", "-c", &script], home.path());
    assert!(told.contains("complete"), "{told}");
}
