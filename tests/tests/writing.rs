//! The commands on the page that teaches policy writing, as an author types them.

use std::fs;

use readmit_tests::run;

const PAGE: &str = include_str!("../../policies/WRITING.md");

/// The texts of the fenced blocks whose first line begins with this.
fn blocks(sign: &str) -> Vec<&'static str> {
    let parts = PAGE.split("\n```").skip(1).step_by(2);
    let fits = |block: &&str| block.starts_with(sign);
    parts.filter(fits).filter_map(|block| block.split_once('\n')).map(|(_, text)| text).collect()
}

fn commands() -> impl Iterator<Item = Vec<&'static str>> {
    let lines = blocks("console").into_iter().flat_map(str::lines);
    lines.filter_map(|line| line.strip_prefix("$ readmit ")).map(|words| words.split(' ').collect())
}

/// What a reader does first: the policy, the check, the test.
#[test]
fn the_first_rule_is_checked_and_tested_as_the_page_says() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().to_str().unwrap();
    fs::write(place.path().join("default.lua"), blocks("lua policy")[0]).unwrap();
    let checked = run("readmit", &["policy", "check", "--no-types", directory], "");
    assert_eq!(checked.code, 0, "{checked:?}");
    let none = run("readmit", &["policy", "test", directory], "");
    assert_eq!(none.code, 1, "no test is no success: {none:?}");
    fs::write(place.path().join("default_test.lua"), blocks("lua tests")[0]).unwrap();
    let tested = run("readmit", &["policy", "test", directory], "");
    assert_eq!(tested.code, 0, "{tested:?}");
}

#[test]
fn every_command_and_option_on_the_page_is_there() {
    let mut verbs = 0;
    for words in commands() {
        let help = run("readmit", &[words[0], words[1], "--help"], "");
        assert_eq!(help.code, 0, "{words:?}: {help:?}");
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.output.contains(option), "{words:?}: {}", help.output);
        }
        verbs += 1;
    }
    assert!(verbs >= 12, "the commands were found: {verbs}");
}
