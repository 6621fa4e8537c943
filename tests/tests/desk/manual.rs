//! The manual: a page for everything, and none that a reader of man pages finds fault with.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use readmit_tests::{program, run};
use serde_json::Value;

/// The verbs below a command, by what its help lists.
fn verbs(command: &[&str]) -> Vec<String> {
    let ended = run("readmit", &[command, &["--help"]].concat(), "");
    let listed = ended.output.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| line.starts_with("  "));
    let names =
        listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn expected(command: &[&str], pages: &mut BTreeSet<String>) {
    pages.insert(format!("man1/{}.1", [&["readmit"], command].concat().join("-")));
    // What is below `demo` is another program's.
    for verb in verbs(command).iter().filter(|_| command != ["demo"]) {
        expected(&[command, &[verb.as_str()]].concat(), pages);
    }
}

#[test]
fn every_verb_and_key_has_its_page_and_every_page_is_sound() {
    let place = tempfile::tempdir().unwrap();
    let ended = run("readmit", &["manual", "--dir", place.path().to_str().unwrap()], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    let mut pages = BTreeSet::new();
    for section in ["man1", "man5", "man8"] {
        for entry in std::fs::read_dir(place.path().join(section)).unwrap() {
            pages.insert(format!("{section}/{}", entry.unwrap().file_name().to_str().unwrap()));
        }
    }
    let mut wanted = BTreeSet::new();
    expected(&[], &mut wanted);
    assert!(wanted.contains("man1/readmit-account-import.1") && wanted.len() > 40, "{wanted:?}");
    let others =
        ["man5/readmit.toml.5", "man5/readmit-policy.5", "man5/org.readmit.Recovery1.5", "man8/readmitd.8"];
    wanted.extend(others.map(str::to_owned));
    assert_eq!(pages, wanted);

    let files: Vec<_> = pages.iter().map(|page| place.path().join(page)).collect();
    let lint = Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(&files).output();
    let lint = lint.unwrap_or_else(|error| panic!("mandoc cannot be run ({error}): apt-get install mandoc"));
    let found = String::from_utf8_lossy(&lint.stdout);
    assert!(lint.status.success(), "{found}");
    let read = |page: &str| shown(&place.path().join(page));
    every_key_is_told(&read("man5/readmit.toml.5"));
    every_option_is_told(&read("man8/readmitd.8"));
    let import = read("man1/readmit-account-import.1");
    for words in ["--dry-run", "EXAMPLES", "readmit account import people.csv --region US --dry-run", "NOTES"]
    {
        assert!(import.contains(words), "{words}: {import}");
    }
}

/// A page as people read it.
fn shown(page: &Path) -> String {
    let output = Command::new("mandoc").args(["-T", "utf8", "-O", "width=120"]).arg(page).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // Bold is a letter struck over itself.
    let mut plain = String::new();
    for character in text.chars() {
        match character {
            '\u{8}' => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain.replace('\u{2010}', "-").replace('\u{a0}', " ")
}

fn every_key_is_told(page: &str) {
    let ended = run("readmitd", &["--describe-config"], "");
    let keys: Value = serde_json::from_str(&ended.output).unwrap();
    assert!(keys.as_array().unwrap().len() > 30);
    for key in keys.as_array().unwrap() {
        let (section, name) = key["key"].as_str().unwrap().rsplit_once('.').unwrap();
        assert!(page.contains(&format!("[{section}]")), "[{section}]");
        assert!(page.contains(&format!("{name} = ")), "{section}.{name}: {page}");
        let default = key["default"].as_str().unwrap();
        assert!(default.is_empty() || page.contains(&format!("Default: {default}.")), "{name}: {default}");
    }
}

fn every_option_is_told(page: &str) {
    let help = run("readmitd", &["--help"], "").output;
    let options = help.split_whitespace().filter(|word| word.starts_with("--"));
    for option in options.map(|word| word.trim_matches(|c: char| !c.is_alphabetic() && c != '-')) {
        assert!(page.contains(option), "{option}: {page}");
    }
}

#[test]
fn a_page_can_be_read_without_being_installed() {
    let ended = run("readmit", &["manual", "readmit-case"], "");
    assert!(ended.code == 0 && ended.output.contains(".TH READMIT-CASE 1"), "{ended:?}");
    let ended = run("readmit", &["manual", "readmit-nothing"], "");
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.hint().contains("readmit-account-import"), "{ended:?}");
    assert!(program("readmitd").exists());
}
