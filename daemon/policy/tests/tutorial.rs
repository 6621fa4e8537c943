//! The page that teaches policy writing (`policies/WRITING.md`): every example on it does what the page says.
//!
//! What a block is stands behind the word `lua`, where readers of the page do not see it:
//!
//! - `policy`: a whole policy, which loads, and which the blocks after it are about;
//! - `tests`: a file of tests, which pass on the last policy;
//! - `failing: TEXT`: a file of tests of which one fails, with this text;
//! - `open`, `proved`, `failed`, `recovered`: the inside of a hook, which loads;
//! - `refused HOOK: TEXT`: the inside of a hook, which does not, with this text in the problem.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use readmit_policy::workbench::testing::{Options, Report, Suite};
use readmit_policy::{Budget, Channels, LoadError, PolicySet, Sources};

const PAGE: &str = include_str!("../../../policies/WRITING.md");

/// One fenced block.
struct Block {
    /// Where it begins on the page, counted from 1.
    line: usize,
    language: String,
    /// What stands behind the language.
    marker: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for (at, line) in PAGE.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(""), Some(block)) => blocks.push(block),
            (Some(info), None) => {
                let (language, marker) = info.split_once(' ').unwrap_or((info, ""));
                let (language, marker) = (language.to_owned(), marker.to_owned());
                open = Some(Block { line: at + 1, language, marker, text: String::new() });
            }
            (Some(_), Some(block)) => panic!("line {}: a block within that of line {}", at + 1, block.line),
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last block ends");
    blocks
}

fn load(files: &[(&str, &str)]) -> Result<(PolicySet, Sources), LoadError> {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let sources = Sources::from_files(files)?;
    Ok((PolicySet::load(sources.clone(), Budget::default(), &Channels::default())?, sources))
}

/// A policy around the inside of a hook.
fn around(hook: &str, inside: &str) -> String {
    let (arguments, open) = match hook {
        "open" => ("case", ""),
        "proved" => ("case, factor", "function policy.open(case) return prove { \"password\", \"email\" } end"),
        "failed" => ("case, failure", "function policy.open(case) return prove { \"password\", \"email\" } end"),
        "recovered" => ("case", "function policy.open(case) return prove { \"password\", \"email\" } end"),
        other => panic!("`{other}` is no hook"),
    };
    format!("local policy = {{}}\n{open}\nfunction policy.{hook}({arguments})\n{inside}\nend\nreturn policy\n")
}

fn run(policy: &str, tests: &str) -> Report {
    let (set, sources) =
        load(&[("default.lua", policy), ("default_test.lua", tests)]).expect("a good policy with tests");
    Suite::load(&sources).expect("tests").run(&set, &Options::default(), &|_| {})
}

fn told(report: &Report) -> String {
    let failures = report.results.iter().filter_map(|result| Some((&result.name, result.failure.as_ref()?)));
    failures.map(|(name, why)| format!("{name}: {} {:?} {:?}\n", why.message, why.expected, why.got)).collect()
}

fn reasons(error: &LoadError) -> String {
    let mut text = error.to_string();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!("\n{error}"));
        cause = error.source();
    }
    text
}

#[test]
fn every_example_does_what_the_page_says() {
    let mut policy = String::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for Block { line, marker, text, .. } in blocks().iter().filter(|block| block.language == "lua") {
        let (kind, wanted) = marker.split_once(": ").unwrap_or((marker, ""));
        *seen.entry(kind.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
        match kind.split(' ').collect::<Vec<_>>()[..] {
            ["policy"] => {
                if let Err(error) = load(&[("default.lua", text)]) {
                    panic!("line {line}: {}", reasons(&error));
                }
                policy.clone_from(text);
            }
            ["tests"] => {
                let report = run(&policy, text);
                assert!(report.is_good(), "line {line}: {}", told(&report));
            }
            ["failing"] => {
                let report = run(&policy, text);
                assert!(report.failed() > 0, "line {line}: every test passes");
                assert!(told(&report).contains(wanted), "line {line}: {}", told(&report));
            }
            ["refused", hook] => {
                assert!(!wanted.is_empty(), "line {line}: say why it is refused");
                match load(&[("default.lua", &around(hook, text))]) {
                    Ok(_) => panic!("line {line}: it is not refused"),
                    Err(error) => {
                        assert!(reasons(&error).contains(wanted), "line {line}: {}", reasons(&error));
                    }
                }
            }
            [hook @ ("open" | "proved" | "failed" | "recovered")] => {
                if let Err(error) = load(&[("default.lua", &around(hook, text))]) {
                    panic!("line {line}: {}", reasons(&error));
                }
            }
            _ => panic!("line {line}: `lua {marker}` does not say what the block is"),
        }
    }
    for kind in ["policy", "tests", "failing", "refused", "open"] {
        assert!(seen.contains_key(kind), "the page has a block of the kind `{kind}`");
    }
}

#[test]
fn every_other_block_is_a_command() {
    let others: Vec<Block> = blocks().into_iter().filter(|block| block.language != "lua").collect();
    assert!(others.len() >= 4, "the commands were found");
    for Block { line, language, marker, text } in others {
        assert_eq!(language, "console", "line {line}");
        assert!(["", "daemon"].contains(&marker.as_str()), "line {line}: {marker}");
        for command in text.lines() {
            assert!(command.starts_with("$ readmit policy "), "line {line}: {command}");
        }
    }
}

/// Links on the page lead to files, and the page for looking things up leads here.
#[test]
fn the_page_leads_to_what_is_there() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut links = 0;
    for part in PAGE.split("](").skip(1) {
        let target = part.split(')').next().unwrap_or_default();
        assert!(directory.join(target).is_file(), "{target} is not there");
        links += 1;
    }
    assert!(links >= 6, "the links were found");
    assert!(include_str!("../../../policies/README.md").contains("(WRITING.md)"), "README.md leads to the page");
}
