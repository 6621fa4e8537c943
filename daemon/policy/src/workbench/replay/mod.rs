//! Replay: the questions that were really asked, put to a candidate.
//!
//! Policies are pure, so a question of the log gets from the same version the same verdict, always; whatever differs
//! is the candidate's doing. (Only a decision that was stopped for its processor time may come out otherwise on
//! another machine.) Both verdicts are compared as the core follows them, under the rules of one configuration.
//!
//! Once one verdict of a case has changed, the case would have taken another way, and its later questions might
//! never have been asked. They are compared all the same, and marked.

mod compared;
pub mod log;
mod report;

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::ops::Range;

use readmit_recovery::facts::Hook;
use readmit_recovery::rules::Rules;
use readmit_recovery::time::Timestamp;

use self::compared::{CaseKey, Compared};
use self::log::LogError;
pub use self::report::{Example, Group, Report};
use crate::limits::{MAX_BATCH_BYTES, MAX_BATCH_LINES};
use crate::set::PolicySet;

/// A replay under way: it is given the lines of a log one after the other.
///
/// Lines are gathered, compared on several threads, and counted in the order of the log, so that the report does not
/// depend on the number of threads.
pub struct Replay<'a> {
    candidate: &'a PolicySet,
    watched: &'a PolicySet,
    rules: &'a Rules,
    since: Timestamp,
    threads: NonZeroUsize,
    batch: Vec<u8>,
    ends: Vec<usize>,
    /// Lines before the batch, the first of the log counted.
    behind: u64,
    last: u64,
    turned: HashSet<CaseKey>,
    report: Report,
}

impl<'a> Replay<'a> {
    /// A replay against `candidate`. The same policies, [watched](PolicySet::watched), say which facts an example
    /// turned on.
    #[must_use]
    pub fn new(candidate: &'a PolicySet, watched: &'a PolicySet, rules: &'a Rules) -> Self {
        Self {
            candidate,
            watched,
            rules,
            since: Timestamp::default(),
            threads: NonZeroUsize::MIN,
            batch: Vec::new(),
            ends: Vec::new(),
            behind: 1,
            last: 0,
            turned: HashSet::new(),
            report: Report::default(),
        }
    }

    /// Passes over the decisions before a time.
    #[must_use]
    pub const fn since(mut self, since: Timestamp) -> Self {
        self.since = since;
        self
    }

    /// Compares on so many threads.
    #[must_use]
    pub const fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Takes the next line of the log, without its end. What is wrong with it may be said only by a later call.
    ///
    /// # Errors
    /// [`LogError`], after which nothing else is to be expected of this replay.
    pub fn line(&mut self, line: &[u8]) -> Result<(), LogError> {
        self.batch.extend_from_slice(line);
        self.ends.push(self.batch.len());
        if self.ends.len() >= MAX_BATCH_LINES || self.batch.len() >= MAX_BATCH_BYTES {
            self.compare()?;
        }
        Ok(())
    }

    /// How many lines have been compared so far.
    #[must_use]
    pub const fn compared(&self) -> u64 {
        self.behind - 1
    }

    /// The end of the log.
    ///
    /// # Errors
    /// [`LogError`] about one of the last lines.
    pub fn finish(mut self) -> Result<Report, LogError> {
        self.compare()?;
        self.report.sort();
        Ok(self.report)
    }

    fn compare(&mut self) -> Result<(), LogError> {
        let lines = self.lines();
        let share = lines.len().div_ceil(self.threads.get()).max(1);
        let judge = compared::Judge { candidate: self.candidate, rules: self.rules, since: self.since };
        let (batch, behind) = (&self.batch, self.behind);
        let parts: Vec<Result<Vec<Compared>, LogError>> = std::thread::scope(|scope| {
            let numbered = (behind + 1..).step_by(share);
            let work = |(first, lines): (u64, &'_ [Range<usize>])| {
                let lines: Vec<&[u8]> = lines.iter().map(|line| &batch[line.clone()]).collect();
                move || judge.compare(first, &lines)
            };
            let mut shares = numbered.zip(lines.chunks(share)).map(work);
            // The first share is this thread's own.
            let own = shares.next();
            let helpers: Vec<_> = shares.map(|share| scope.spawn(share)).collect();
            let own = own.map(|share| share());
            let others = helpers
                .into_iter()
                .map(|helper| helper.join().unwrap_or_else(|_| Err(LogError::Interrupted(behind + 1))));
            own.into_iter().chain(others).collect()
        });
        for part in parts {
            for compared in part? {
                self.count(compared)?;
            }
        }
        self.behind += self.ends.len() as u64;
        self.batch.clear();
        self.ends.clear();
        Ok(())
    }

    fn lines(&self) -> Vec<Range<usize>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| start..*end).collect()
    }

    fn count(&mut self, compared: Compared) -> Result<(), LogError> {
        if compared.id <= self.last {
            let Compared { line, id, .. } = compared;
            return Err(LogError::Order { line, id, after: self.last });
        }
        self.last = compared.id;
        if compared.at < self.since {
            return Ok(());
        }
        self.report.see(compared.at, compared.version);
        let turned = self.turned.contains(&compared.case);
        if compared.hook == Hook::Open {
            self.report.cases += 1;
        }
        let Some(changed) = compared.changed else {
            self.report.same += 1;
            return Ok(());
        };
        self.turned.insert(compared.case);
        self.report.add(*changed, turned, |question| self.watched.decide_watched(question).facts);
        Ok(())
    }
}
