//! What is promised, and the tests that hold it: `tests/requirements.toml`, checked both ways.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The standard whose sections the sources quote.
const NIST: &str = "NIST SP 800-63B-4";
const WCAG: &str = "WCAG 2.2";

/// Where sources claim to follow a standard.
const CLAIMING: [&str; 3] = ["contrib/portal", "daemon", "plugins"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every requirement with its tests, as `file::test`.
fn requirements() -> BTreeMap<String, Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements.toml");
    let table: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    let entries = table["requirement"].as_array().unwrap();
    let mut found = BTreeMap::new();
    for entry in entries {
        let id = entry["id"].as_str().unwrap().to_owned();
        assert!(entry["says"].as_str().is_some_and(|says| says.len() > 10), "{id} says something");
        let tests = entry["tests"].as_array().unwrap().iter().map(|test| test.as_str().unwrap().to_owned());
        assert!(found.insert(id.clone(), tests.collect()).is_none(), "{id} is there twice");
    }
    found
}

/// Every Rust file below a directory of the project, by its path from the root.
fn sources(below: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut next = vec![root().join(below)];
    while let Some(place) = next.pop() {
        for entry in fs::read_dir(&place).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                next.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The numbers that follow `sign` in a text: `J1`, `RFC 6238`, `§4.2.1`.
fn numbered(text: &str, sign: &str) -> BTreeSet<String> {
    let is_start = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric());
    let number = |(at, _): (usize, &str)| {
        let rest = &text[at + sign.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = rest[..end].trim_end_matches('.');
        (is_start(&text[..at]) && !number.is_empty()).then(|| format!("{sign}{number}"))
    };
    text.match_indices(sign).filter_map(number).collect()
}

/// The end-to-end tests of a file with their doc comments.
fn documented_tests(text: &str) -> Vec<(String, String)> {
    let (mut found, mut doc, mut is_test) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        if let Some(words) = line.trim().strip_prefix("///") {
            doc += words;
        } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            if let (true, Some((name, _))) = (is_test, name) {
                found.push((name.to_owned(), doc.clone()));
            }
            (doc, is_test) = (String::new(), false);
        }
    }
    found
}

#[test]
fn every_test_that_is_named_exists() {
    for (id, tests) in requirements() {
        assert!(!tests.is_empty(), "{id} has no test");
        for test in tests {
            let (file, name) =
                test.split_once("::").unwrap_or_else(|| panic!("{id}: {test} is not file::test"));
            let text =
                fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
            assert!(text.contains(&format!("fn {name}(")), "{id}: {file} has no test {name}");
        }
    }
}

#[test]
fn every_journey_has_a_whole_and_real_test() {
    let requirements = requirements();
    for number in 1..=16 {
        let id = format!("J{number}");
        let tests = requirements.get(&id).unwrap_or_else(|| panic!("{id} is not in requirements.toml"));
        assert!(tests.iter().any(|test| test.starts_with("tests/tests/")), "{id} has no end-to-end test");
    }
}

#[test]
fn every_end_to_end_test_that_quotes_a_requirement_is_named() {
    let requirements = requirements();
    let mut quoting = 0;
    for (file, text) in sources("tests/tests") {
        for (name, doc) in documented_tests(&text) {
            let test = format!("{file}::{name}");
            for id in numbered(&doc, "J") {
                quoting += 1;
                let named = requirements.get(&id).is_some_and(|tests| tests.contains(&test));
                assert!(named, "{test} quotes {id}, and requirements.toml does not name it there");
            }
        }
    }
    assert!(quoting >= 16, "the tests were read");
}

#[test]
fn every_standard_that_the_sources_claim_to_follow_is_tested() {
    let mut claimed = BTreeMap::new();
    for (file, text) in CLAIMING.into_iter().flat_map(sources).filter(|(file, _)| file.contains("/src/")) {
        for line in text.lines() {
            for id in numbered(line, "RFC ") {
                claimed.insert(id, file.clone());
            }
            if line.contains(WCAG) {
                claimed.insert(WCAG.to_owned(), file.clone());
            }
            if line.contains(NIST) || line.contains("ASVS") {
                let standard = if line.contains(NIST) { NIST } else { "ASVS" };
                for section in numbered(line, "§") {
                    claimed.insert(format!("{standard} {section}"), file.clone());
                }
            }
        }
    }
    let requirements = requirements();
    for (id, file) in &claimed {
        assert!(
            requirements.contains_key(id),
            "{file} claims {id}, and requirements.toml names no test of it"
        );
    }
    for id in requirements.keys().filter(|id| !id.starts_with('J')) {
        assert!(claimed.contains_key(id), "requirements.toml has {id}, which no source claims");
    }
    assert!(claimed.len() > 20, "the sources were read: {claimed:?}");
}
