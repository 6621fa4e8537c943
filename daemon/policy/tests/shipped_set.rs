//! The directory `policies/` as a whole: one set, whose tests pass, reach everything, and notice every small mistake.

#![cfg(test)]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use readmit_policy::workbench::CoverageReport;
use readmit_policy::workbench::mutate::{Mutant, Trial, mutants};
use readmit_policy::workbench::testing::{Options, Report, Suite};
use readmit_policy::{Budget, Channels, PolicySet, Sources};

/// The realms that have a policy of their own, and `default`.
const REALMS: [&str; 5] = ["bank", "contacts", "default", "nist_aal2", "small_team"];

fn directory() -> Sources {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    Sources::read(&directory).expect("the directory can be read")
}

/// One policy and its tests.
fn alone(realm: &str) -> Sources {
    let own = [format!("{realm}.lua"), format!("{realm}_test.lua")];
    let files: BTreeMap<String, String> = directory()
        .iter()
        .filter(|(name, _)| own.iter().any(|own| own == name))
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    assert_eq!(files.len(), 2, "{realm} has a policy and tests");
    Sources::from_files(files).expect("two files are a set")
}

fn told(report: &Report) -> String {
    let failed = report.results.iter().filter_map(|result| Some((result, result.failure.as_ref()?)));
    failed
        .map(|(result, why)| {
            let (expected, got) = (why.expected.as_deref(), why.got.as_deref());
            format!(
                "{}:{} {}: {} (expected {expected:?}, got {got:?})\n  {}\n",
                why.file,
                why.line,
                result.name,
                why.message,
                why.journey.join("\n  ")
            )
        })
        .collect()
}

#[test]
fn the_whole_directory_is_one_set_and_every_test_passes() {
    let sources = directory();
    let set = PolicySet::load(sources.clone(), Budget::default(), &Channels::default()).expect("a good set");
    let mut realms: Vec<_> = set.realms().map(|(realm, _)| realm.to_owned()).collect();
    realms.sort();
    assert_eq!(realms, REALMS);
    let report = Suite::load(&sources).expect("tests").run(&set, &Options::default(), &|_| {});
    assert!(report.is_good(), "\n{}", told(&report));
    for realm in REALMS {
        let file = format!("{realm}_test.lua");
        assert!(report.results.iter().any(|result| result.file == file), "{realm} has tests");
    }
}

#[test]
fn the_tests_of_each_policy_reach_every_line_and_verdict_of_it() {
    for realm in REALMS {
        let sources = alone(realm);
        let set =
            PolicySet::watched(sources.clone(), Budget::default(), &Channels::default()).expect("a good set");
        let report = Suite::load(&sources).expect("tests").run(&set, &Options::default(), &|_| {});
        assert!(report.is_good(), "\n{}", told(&report));
        let coverage = CoverageReport::new(&set.coverage(), &sources);
        for file in &coverage.files {
            assert!(file.missed().is_empty(), "{}: lines {:?} are never run", file.file, file.missed());
            let missed: Vec<_> = file.places.iter().filter(|place| place.made == 0).collect();
            assert!(missed.is_empty(), "{}: {missed:?} are never given", file.file);
        }
    }
}

/// Changes that change nothing, each with why; no test can notice them.
const EQUAL: [(&str, &str, &str); 0] = [];

#[test]
fn no_small_mistake_in_a_shipped_policy_goes_unnoticed() {
    let mut survivors = Vec::new();
    for realm in REALMS {
        let sources = alone(realm);
        let suite = Suite::load(&sources).expect("tests");
        let options = Options { threads: 1, stop_at_failure: true, ..Options::default() };
        let channels = Channels::default();
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let trial = Trial { sources: &sources, channels: &channels, most: usize::MAX, threads };
        let test = |set: &PolicySet, _: Option<&Mutant>| {
            let report = suite.run(set, &options, &|_| {});
            report.results.into_iter().find(|result| result.failure.is_some()).map(|result| result.name)
        };
        let report = trial.judge(mutants(&sources), &test, &|_| true).expect("the tests pass unchanged");
        assert!(report.count("killed") > 20, "{realm}: mistakes were made");
        for mutant in report.survivors() {
            let line = mutant.source_line(&sources).map_or("", |(line, _)| line).trim();
            let change = mutant.change();
            let equal = EQUAL
                .iter()
                .any(|(file, text, equal)| *file == mutant.file && line.contains(text) && *equal == change);
            if !equal {
                survivors.push(format!("{mutant}\n    {line}"));
            }
        }
    }
    assert!(survivors.is_empty(), "no test notices:\n{}", survivors.join("\n"));
}
