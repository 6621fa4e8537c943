//! What a set of policies must stand before it comes into force: it is read whole, loads, and passes its own tests.
//!
//! All of it happens on a thread of its own, so that no decision waits for it. What then becomes of the set is up to
//! `activation`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use readmit_policy::workbench::testing::{Options, Report, Suite};
use readmit_policy::{Budget, Channels, LoadError, PolicySet, Sources};
use readmit_recovery::id::PolicyVersion;
use readmit_recovery::rules::Rules;
use readmit_store::Found;
use thiserror::Error;

use super::limits::{MAX_TEST_CHARS, MAX_TESTS_TOLD};
use crate::config::Activation as Rule;

/// Where policies come from, and what is asked of them.
#[derive(Clone, Debug)]
pub struct PolicyOptions {
    /// The directory with one file a realm.
    pub directory: PathBuf,
    /// What one decision may use up.
    pub budget: Budget,
    /// What plans may name beyond the built-in factors.
    pub channels: Channels,
    /// What the configuration says to the core, for the tests.
    pub rules: Rules,
    /// Who brings policies into force.
    pub activation: Rule,
    /// Whether a set without tests of its own is refused.
    pub require_tests: bool,
    /// How long all tests of a set may take.
    pub tests_for: Duration,
}

/// Why a set of policies does not come into force.
#[derive(Debug, Error)]
pub enum Inadmissible {
    /// There is no directory any more.
    #[error(
        "{}: is not there, and the policies in force came from it: make it again with its files; to give policies up for good, put the shipped default.lua there",
        .0.display()
    )]
    NoDirectory(PathBuf),
    /// It cannot be read or loaded.
    #[error(transparent)]
    Policies(#[from] LoadError),
    /// It is to have tests, and has none.
    #[error(
        "there is no test in the set, and policy.require_tests asks for one: write one in default_test.lua; `readmit policy test` runs it"
    )]
    NoTests,
    /// Tests fail.
    #[error("{failed} of {count} tests of the set fail:\n{told}")]
    Tests {
        /// How many.
        failed: usize,
        /// Of how many.
        count: usize,
        /// The first of them: file, line, name, and why.
        told: String,
    },
    /// The tests were stopped.
    #[error(
        "the tests of the set are not done in {} s: make them fewer, or raise policy.tests_seconds; `readmit policy test` shows which take long",
        .0.as_secs_f32()
    )]
    Slow(Duration),
    /// The store was changed by something else than the daemon.
    #[error(
        "the sources on file are missing, or are not those of version {0}: restore the store from its backup"
    )]
    Altered(PolicyVersion),
    /// The thread that looked at it died.
    #[error("the daemon met a defect of its own while it looked at the set: its log says more")]
    Defect,
}

/// A set that may come into force.
pub(super) struct Admitted {
    pub(super) set: PolicySet,
    /// How many tests of its own it passed.
    pub(super) tests: u32,
}

impl PolicyOptions {
    /// What is found where the policies are. Without a directory it is the policy that is built in, if that
    /// `counts`.
    pub(super) async fn look(&self, built_in: BuiltIn) -> Result<(Found, Sources), Inadmissible> {
        let directory = self.directory.clone();
        aside(move || found(&directory, built_in)).await
    }

    /// Loads a set and runs its tests.
    pub(super) async fn admit(&self, sources: Sources) -> Result<Admitted, Inadmissible> {
        let options = self.clone();
        aside(move || options.examine(sources)).await
    }

    /// Loads a set as the store gives it back, and runs its tests.
    pub(super) async fn admit_files(
        &self,
        files: BTreeMap<String, String>,
    ) -> Result<Admitted, Inadmissible> {
        self.admit(Sources::from_files(files)?).await
    }

    /// Loads a set that was in force before, from what the store has of it.
    pub(super) async fn restore(
        &self,
        version: &PolicyVersion,
        files: BTreeMap<String, String>,
    ) -> Result<PolicySet, Inadmissible> {
        let (options, version) = (self.clone(), version.clone());
        let restored = move || {
            let sources = Sources::from_files(files)?;
            if *sources.version() != version {
                return Err(Inadmissible::Altered(version));
            }
            Ok(PolicySet::restore(sources, options.budget, &options.channels)?)
        };
        aside(restored).await
    }

    /// How many different persons it takes to bring a set into force that waits.
    pub(super) const fn persons(&self) -> usize {
        match self.activation {
            Rule::Saved => 1,
            Rule::TwoPersons => 2,
        }
    }

    fn examine(&self, sources: Sources) -> Result<Admitted, Inadmissible> {
        let suite = Suite::load(&sources)?;
        let set = PolicySet::load(sources, self.budget, &self.channels)?;
        if suite.is_empty() && !self.require_tests {
            return Ok(Admitted { set, tests: 0 });
        }
        let until = Instant::now() + self.tests_for;
        let options = Options {
            rules: self.rules.clone(),
            channels: self.channels.clone(),
            // The other processors are for those who decide meanwhile.
            threads: 1,
            until: Some(until),
            ..Options::default()
        };
        let report = suite.run(&set, &options, &|_| ());
        if report.failed() > 0 {
            return Err(failing(&report));
        }
        if Instant::now() >= until {
            return Err(Inadmissible::Slow(self.tests_for));
        }
        let tests = u32::try_from(report.passed()).unwrap_or(u32::MAX);
        if tests == 0 && self.require_tests {
            Err(Inadmissible::NoTests)
        } else {
            Ok(Admitted { set, tests })
        }
    }
}

/// Whether the policy that is built in counts where there is no directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BuiltIn {
    Counts,
    DoesNotCount,
}

impl BuiltIn {
    /// It counts as long as nothing else was ever in force: a directory that goes away does not change the rules.
    pub(super) fn beside(in_force: &readmit_store::Activation) -> Self {
        let was_built_in = matches!(in_force.found, Found::BuiltIn(_));
        let is_shipped = || Sources::shipped().is_ok_and(|shipped| *shipped.version() == in_force.version);
        if was_built_in || is_shipped() { Self::Counts } else { Self::DoesNotCount }
    }
}

fn found(directory: &Path, built_in: BuiltIn) -> Result<(Found, Sources), Inadmissible> {
    if directory.exists() {
        let sources = Sources::read(directory)?;
        return Ok((Found::Files(sources.version().clone()), sources));
    }
    if built_in == BuiltIn::DoesNotCount {
        return Err(Inadmissible::NoDirectory(directory.to_owned()));
    }
    let sources = Sources::shipped()?;
    Ok((Found::BuiltIn(sources.version().clone()), sources))
}

fn failing(report: &Report) -> Inadmissible {
    let failing = report.results.iter().filter_map(|result| Some((result, result.failure.as_ref()?)));
    let mut told: Vec<String> = failing
        .take(MAX_TESTS_TOLD)
        .map(|(result, failure)| {
            let message: String = failure.message.chars().take(MAX_TEST_CHARS).collect();
            format!("{}:{}: {}: {message}", result.file, result.line, result.name)
        })
        .collect();
    let (failed, count) = (report.failed(), report.results.len());
    if failed > told.len() {
        told.push(format!("and {} more; `readmit policy test` shows all of them", failed - told.len()));
    }
    Inadmissible::Tests { failed, count, told: told.join("\n") }
}

async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Inadmissible> + Send + 'static,
) -> Result<T, Inadmissible> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the policies were not looked at to the end");
        Err(Inadmissible::Defect)
    })
}
