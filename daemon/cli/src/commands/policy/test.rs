//! `readmit policy test`: the tests of a set of policies, through the real core.

mod coverage;
mod junit;
mod told;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use readmit_policy::workbench::testing::{Options, Report, Suite};
use readmit_policy::{PolicySet, Sources};

use super::set::{Surroundings, directory, read, refused};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{Output, write};
use crate::work;

const EXAMPLES: &str = "\
Examples:
  readmit policy test                              the tests of the directory you are in
  readmit policy test policies 'stolen phone'      those with these words in their file or name
  readmit policy test policies --watch             again at each save, until Ctrl-C
  readmit policy test policies --junit tests.xml   for continuous integration
  readmit policy test policies --coverage          which lines and verdicts no test reaches
  readmit policy test policies --min-coverage 90 --lcov coverage.info --html coverage.html

A test is written in Lua, in a file that ends in _test.lua beside the policy:

  test(\"a stolen phone forces a new password\", function()
    local case = open { reason = \"stolen\" }
    case:prove(\"password\"):prove(\"email\"):prove(\"voice\")
    expect(case.state):is(\"held\")
    expect(case.outcome.force_password_change):is(true)
  end)

Lines count on which a statement begins. Verdicts are the places where prove, escalate, deny, retry or outcome is \
called, or any, all or approvals in a return; calls of the same word on one line are one place. --min-coverage wants \
its share of both. Of the hooks' answers, default is a hook that the policy leaves out, nothing is no verdict, and \
unable an error.

Exit codes: 0 all passed, 1 one failed, there was none, or too little is reached, 2 usage.

JSON: {passed, failed, micros, tests: [{file, line, name, passed, micros, failure: {message, file, line, expected, \
got, journey: [step]}}]}, with --watch one document a run. With an option about coverage also coverage: {lines: \
{hit, of, percent}, verdicts: {hit, of, percent}, files: [{file, lines: {…, missed: [[from, to]]}, verdicts: {…, \
missed: [{line, column, word}]}}], answers: [{file, hook, given: {WORD: times}}]}.";

/// Run the tests of a set of policies, as journeys through the real core
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Test {
    /// The directory of the policies [default: this one if it holds policies, else the daemon's]
    directory: Option<PathBuf>,
    /// Run only tests with this text in `file: name`, in small or capital letters
    pattern: Option<String>,
    /// Begin no further test after one has failed
    #[arg(long)]
    fail_fast: bool,
    /// Run so many files at the same time [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Write the results to a file, as the XML that continuous integration reads
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run the tests again whenever a file is saved, until Ctrl-C
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    coverage: coverage::Wanted,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// Runs the verb.
pub async fn run(test: Test, context: &mut Context) -> Result<(), Failure> {
    let directory = directory(test.directory.clone());
    if !directory.is_dir() {
        let shown = directory.display();
        return Err(Failure::new(Kind::NotFound, format!("{shown} is no directory")).with_hint(format!(
            "to run the tests of this directory that are about it: readmit policy test . '{shown}'"
        )));
    }
    let (test, output) = (Arc::new(test), context.output);
    if test.watch {
        return watch::run(&test, &directory, output).await;
    }
    once(&test, read(&directory)?, output).await
}

/// What one run came to.
struct Ran {
    set: PolicySet,
    report: Report,
    took: Duration,
}

/// Runs the tests once, telling of each failure as it comes.
async fn once(test: &Arc<Test>, sources: Sources, output: Output) -> Result<(), Failure> {
    let running = Arc::clone(test);
    let ran = work::aside(move || running.try_all(sources, output)).await??;
    test.finish(&ran, output)
}

impl Test {
    fn try_all(&self, sources: Sources, output: Output) -> Result<Ran, Failure> {
        let started = Instant::now();
        let suite = Suite::load(&sources).map_err(|error| refused(&error))?;
        if suite.is_empty() {
            return Err(Failure::new(Kind::Failed, "there is no file of tests").with_hint(
                "write default_test.lua beside default.lua; readmit policy test --help has an example",
            ));
        }
        let set = match self.coverage.is_any() {
            true => self.surroundings.watch(sources)?,
            false => self.surroundings.accept(sources)?,
        };
        let mut options = Options {
            rules: self.surroundings.rules(),
            channels: self.surroundings.channels(),
            pattern: self.pattern.clone(),
            stop_at_failure: self.fail_fast,
            ..Options::default()
        };
        if let Some(threads) = self.threads {
            options.threads = usize::from(threads);
        }
        let report = suite.run(&set, &options, &|result| {
            if let Some(failure) = result.failure.as_ref().filter(|_| !output.is_json()) {
                // If nobody listens any more, the end of the run says so.
                let _ = write(&told::failure(result, failure, output.style()));
            }
        });
        Ok(Ran { set, report, took: started.elapsed() })
    }

    fn finish(&self, ran: &Ran, output: Output) -> Result<(), Failure> {
        if let Some(file) = &self.junit {
            put(file, &junit::document(&ran.report))?;
        }
        let covered = self.coverage.report(&ran.set, &directory(self.directory.clone()))?;
        let mut document = told::document(&ran.report, ran.took);
        if let Some(covered) = &covered {
            document["coverage"] = coverage::document(covered);
        }
        output.answer(&document, |style| {
            let covered = covered.as_ref().map(|covered| self.coverage.text(covered, style));
            told::summary(&ran.report, &ran.set, ran.took, style) + &covered.unwrap_or_default()
        })?;
        if ran.report.is_good() {
            return covered.map_or(Ok(()), |covered| self.coverage.check(&covered));
        }
        Err(match (ran.report.failed(), &self.pattern) {
            (0, Some(pattern)) => {
                Failure::new(Kind::Failed, format!("no test has `{pattern}` in its file or name"))
                    .with_hint("leave the pattern out to run all of them")
            }
            (0, None) => Failure::new(Kind::Failed, "the files of tests hold no test")
                .with_hint("readmit policy test --help shows how a test is written"),
            (failed, _) => {
                Failure::new(Kind::Failed, format!("{failed} of {} tests failed", ran.report.results.len()))
                    .with_hint(
                        "mend the policy or the test, and run one alone with a part of its name as PATTERN",
                    )
            }
        })
    }
}

/// Writes a file that the person has named.
fn put(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|error| Failure::new(Kind::Failed, format!("{} cannot be written: {error}", file.display())))
}
