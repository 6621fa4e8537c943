//! The page that teaches policy writing (`policies/WRITING.md`): every example on it does what the page says.
//!
//! What a block is stands behind the word `lua`, where readers of the page do not see it:
//!
//! - `policy`: a whole policy, which loads, and which the blocks after it are about;
//! - `tests`: a file of tests, which pass on the last policy;
//! - `failing: TEXT`: a file of tests of which one fails, with this text;
//! - `open`, `proved`, `failed`, `recovered`: the inside of a hook, which loads;
//! - `refused HOOK: TEXT`: the inside of a hook, which does not, with this text in the problem;
//! - `support open: TEXT`: the inside of the hook, which loads, and then sends a usual case to support for this cause.

#![cfg(test)]

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
        "proved" => {
            ("case, factor", "function policy.open(case) return prove { \"password\", \"email\" } end")
        }
        "failed" => {
            ("case, failure", "function policy.open(case) return prove { \"password\", \"email\" } end")
        }
        "recovered" => ("case", "function policy.open(case) return prove { \"password\", \"email\" } end"),
        other => panic!("`{other}` is no hook"),
    };
    format!(
        "local policy = {{}}\n{open}\nfunction policy.{hook}({arguments})\n{inside}\nend\nreturn policy\n"
    )
}

fn run(policy: &str, tests: &str) -> Report {
    let (set, sources) =
        load(&[("default.lua", policy), ("default_test.lua", tests)]).expect("a good policy with tests");
    Suite::load(&sources).expect("tests").run(&set, &Options::default(), &|_| {})
}

fn told(report: &Report) -> String {
    let failures = report.results.iter().filter_map(|result| Some((&result.name, result.failure.as_ref()?)));
    failures
        .map(|(name, why)| format!("{name}: {} {:?} {:?}\n", why.message, why.expected, why.got))
        .collect()
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

/// What is wrong with a block; `policy` is the last whole policy before it.
fn wrong(Block { marker, text, .. }: &Block, policy: &mut String) -> Result<(), String> {
    let (kind, wanted) = marker.split_once(": ").unwrap_or((marker, ""));
    match kind.split(' ').collect::<Vec<_>>()[..] {
        ["policy"] => {
            policy.clone_from(text);
            load(&[("default.lua", text)]).map(drop).map_err(|error| reasons(&error))
        }
        ["tests"] => {
            let report = run(policy, text);
            if report.is_good() { Ok(()) } else { Err(told(&report)) }
        }
        ["failing"] => {
            let failed = told(&run(policy, text));
            if failed.contains(wanted) && !wanted.is_empty() {
                Ok(())
            } else {
                Err(format!("fails with: {failed}"))
            }
        }
        ["refused", hook] if !wanted.is_empty() => match load(&[("default.lua", &around(hook, text))]) {
            Ok(_) => Err("it is not refused".to_owned()),
            Err(error) if reasons(&error).contains(wanted) => Ok(()),
            Err(error) => Err(reasons(&error)),
        },
        ["support", hook] => {
            let looks = format!(
                "test(\"a usual case\", function()\nlocal case = open {{}}\nexpect(case.to):is(\"support\")\n\
                 expect(case.cause):contains([==[{wanted}]==])\nend)"
            );
            let report = run(&around(hook, text), &looks);
            if report.is_good() && !wanted.is_empty() { Ok(()) } else { Err(told(&report)) }
        }
        [hook @ ("open" | "proved" | "failed" | "recovered")] => {
            load(&[("default.lua", &around(hook, text))]).map(drop).map_err(|error| reasons(&error))
        }
        _ => Err("it does not say what it is".to_owned()),
    }
}

#[test]
fn every_example_does_what_the_page_says() {
    let mut policy = String::new();
    let lua: Vec<Block> = blocks().into_iter().filter(|block| block.language == "lua").collect();
    let wrong = lua.iter().filter_map(|block| {
        let why = wrong(block, &mut policy).err()?;
        Some(format!("line {}, lua {}:\n{why}", block.line, block.marker))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for kind in ["policy", "tests", "failing: ", "refused open: ", "support open: ", "open"] {
        assert!(
            lua.iter().any(|block| block.marker.starts_with(kind)),
            "the page has a block of the kind `{kind}`"
        );
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
    assert!(
        include_str!("../../../policies/README.md").contains("(WRITING.md)"),
        "README.md leads to the page"
    );
}
