//! Running the tests against every mutant.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use parking_lot::Mutex;
use readmit_recovery::rules::Rules;
use thiserror::Error;

use super::{Mutant, Operator};
use crate::limits::MAX_TRIALS_AT_ONCE;
use crate::load_error::LoadError;
use crate::meter::Budget;
use crate::set::PolicySet;
use crate::sources::{Sources, stem};
use crate::vocabulary::Channels;
use crate::workbench::testing::{Options, Suite};

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A test failed on it.
    Killed {
        /// The test.
        by: String,
    },
    /// One of its decisions used up its budget: an endless loop, say. That counts as killed.
    Stopped,
    /// Every test passed.
    Survived,
    /// It does not load. It counts for nothing.
    Invalid,
}

impl Fate {
    /// Its name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Killed { .. } => "killed",
            Self::Stopped => "stopped",
            Self::Survived => "survived",
            Self::Invalid => "invalid",
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Mutants that have been judged.
    pub done: usize,
    /// Mutants in all.
    pub of: usize,
    /// Those that survived.
    pub survived: usize,
}

/// What became of the mutants of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MutationReport {
    /// Each mutant that was tried, in order.
    pub mutants: Vec<(Mutant, Fate)>,
    /// How many more there are that were not tried.
    pub left_out: usize,
}

impl MutationReport {
    /// How many mutants have come to this end: see [`Fate::as_str`].
    #[must_use]
    pub fn count(&self, fate: &str) -> usize {
        self.mutants.iter().filter(|(_, is)| is.as_str() == fate).count()
    }

    /// The mutants that no test noticed, in order.
    pub fn survivors(&self) -> impl Iterator<Item = &Mutant> {
        self.mutants.iter().filter(|(_, fate)| *fate == Fate::Survived).map(|(mutant, _)| mutant)
    }

    /// How many of the mutants that load were noticed, in percent, rounded down to a tenth; 100 if there is none.
    #[must_use]
    pub fn score(&self) -> f64 {
        let noticed = self.count("killed") + self.count("stopped");
        let tenths = (noticed * 1000).checked_div(noticed + self.count("survived")).unwrap_or(1000);
        f64::from(u16::try_from(tenths).unwrap_or(1000)) / 10.0
    }

    /// For each kind of change how many were noticed and how many loaded.
    #[must_use]
    pub fn by_operator(&self) -> BTreeMap<Operator, (usize, usize)> {
        let mut counts: BTreeMap<Operator, (usize, usize)> = BTreeMap::new();
        for (mutant, fate) in self.mutants.iter().filter(|(_, fate)| *fate != Fate::Invalid) {
            let (noticed, loaded) = counts.entry(mutant.operator).or_default();
            *noticed += usize::from(*fate != Fate::Survived);
            *loaded += 1;
        }
        counts
    }
}

/// Why no mutant was judged.
#[derive(Debug, Error)]
pub enum NotJudged {
    /// The policies are refused as they are.
    #[error("the policies are refused as they are, before any change")]
    Refused(#[from] LoadError),
    /// A test fails without any change.
    #[error("the test `{test}` fails on the policies as they are, so it cannot tell a mistake from none")]
    Failing {
        /// The test.
        test: String,
    },
    /// There is no test.
    #[error("there is no test, so nothing can be noticed")]
    NoTests,
}

/// Runs tests over a set, which is the mutant if one is given, and names the first that fails.
pub type Tests<'a> = dyn Fn(&PolicySet, Option<&Mutant>) -> Option<String> + Sync + 'a;

/// Mutants before their judges.
pub struct Trial<'a> {
    /// The policies that the mutants were made from.
    pub sources: &'a Sources,
    /// The channels that plans may name.
    pub channels: &'a Channels,
    /// How many mutants are tried at most. Of more than that, so many are tried, spread evenly over all.
    pub most: usize,
    /// How many are tried at the same time, up to [`MAX_TRIALS_AT_ONCE`].
    pub threads: NonZeroUsize,
}

impl Trial<'_> {
    /// Tries the mutants against the tests beside the policies, one test after the other until one fails.
    ///
    /// # Errors
    /// [`NotJudged`] if there are no tests, or they do not pass on the policies as they are.
    pub fn run(
        &self,
        mutants: Vec<Mutant>,
        rules: &Rules,
        watch: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Result<MutationReport, NotJudged> {
        if Suite::load(self.sources)?.is_empty() {
            return Err(NotJudged::NoTests);
        }
        let options = |pattern| Options {
            rules: rules.clone(),
            channels: self.channels.clone(),
            pattern,
            threads: 1,
            stop_at_failure: true,
            until: None,
        };
        let all = options(None);
        let test = |set: &PolicySet, mutant: Option<&Mutant>| {
            // The tests are loaded with the mutant: they may require what was changed.
            let suite = Suite::load(set.sources()).ok()?;
            // Those that are about the changed file are the likeliest to notice.
            let near = mutant.map(|mutant| options(Some(format!("{}_test.", stem(&mutant.file)))));
            near.iter().chain([&all]).find_map(|options| {
                let report = suite.run(set, options, &|_| ());
                let failed = report.results.into_iter().find(|result| result.failure.is_some());
                failed.map(|result| format!("{}: {}", result.file, result.name))
            })
        };
        self.judge(mutants, &test, watch)
    }

    /// Tries the mutants. `watch` is told of each
    /// mutant that is done, and ends the trial by saying no: then what is not done is left out.
    ///
    /// # Errors
    /// [`NotJudged`] if the tests do not pass on the policies as they are.
    pub fn judge(
        &self,
        mutants: Vec<Mutant>,
        test: &Tests<'_>,
        watch: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Result<MutationReport, NotJudged> {
        let unchanged = PolicySet::restore(self.sources.clone(), Budget::default(), self.channels)?;
        if let Some(test) = test(&unchanged, None) {
            return Err(NotJudged::Failing { test });
        }
        let found = mutants.len();
        let mutants = spread(mutants, self.most);
        let fates = self.fates(&mutants, test, watch);
        let judged = mutants.into_iter().zip(fates);
        let mutants: Vec<_> = judged.filter_map(|(mutant, fate)| Some((mutant, fate?))).collect();
        Ok(MutationReport { left_out: found - mutants.len(), mutants })
    }

    fn fates(
        &self,
        mutants: &[Mutant],
        test: &Tests<'_>,
        watch: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Vec<Option<Fate>> {
        let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let fates = Mutex::new(vec![None; mutants.len()]);
        let progress = Mutex::new(Progress { of: mutants.len(), ..Progress::default() });
        let work = || {
            while !is_over.load(Relaxed) {
                let at = next.fetch_add(1, Relaxed);
                let Some(mutant) = mutants.get(at) else { return };
                let fate = self.fate(mutant, test);
                let mut progress = progress.lock();
                progress.done += 1;
                progress.survived += usize::from(fate == Fate::Survived);
                if let Some(place) = fates.lock().get_mut(at) {
                    *place = Some(fate);
                }
                if !watch(*progress) {
                    is_over.store(true, Relaxed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.threads.get().min(mutants.len()).min(MAX_TRIALS_AT_ONCE) {
                scope.spawn(work);
            }
            work();
        });
        fates.into_inner()
    }

    fn fate(&self, mutant: &Mutant, test: &Tests<'_>) -> Fate {
        // Made-up cases would only find a mutant's slips before the tests can.
        let load = |sources| PolicySet::restore(sources, Budget::default(), self.channels).ok();
        let Some(set) = mutant.apply(self.sources).ok().and_then(load) else { return Fate::Invalid };
        match test(&set, Some(mutant)) {
            _ if set.has_exhausted() => Fate::Stopped,
            Some(by) => Fate::Killed { by },
            None => Fate::Survived,
        }
    }
}

/// So many of them, evenly.
fn spread(mutants: Vec<Mutant>, most: usize) -> Vec<Mutant> {
    let found = mutants.len();
    if found <= most {
        return mutants;
    }
    // One is taken whenever the count of those that should be taken so far grows.
    let due = |at: usize| at * most / found;
    let all = mutants.into_iter().enumerate();
    all.filter(|(at, _)| due(at + 1) > due(*at)).map(|(_, mutant)| mutant).collect()
}
