//! One decision held against the candidate.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use readmit_recovery::facts::Hook;
use readmit_recovery::id::{CaseHandle, PolicyVersion};
use readmit_recovery::rules::Rules;
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::Verdict;

use super::log::{LogError, Logged, parse};
use crate::limits::MAX_REMEMBERED;
use crate::set::PolicySet;
use crate::workbench::compare::{Change, as_followed};

/// What a line of the log came to.
pub(super) struct Compared {
    pub line: u64,
    pub id: u64,
    pub at: Timestamp,
    pub version: PolicyVersion,
    pub case: CaseKey,
    pub hook: Hook,
    pub changed: Option<Box<Changed>>,
}

/// A decision that comes out otherwise.
pub(super) struct Changed {
    pub change: Change,
    pub logged: Logged,
    /// The candidate's verdict.
    pub after: Verdict,
}

/// Names a case in 16 bytes: a log of a year has hundreds of thousands of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CaseKey([u64; 2]);

impl CaseKey {
    fn of(case: &CaseHandle) -> Self {
        Self([0_u8, 1].map(|half| {
            let mut hasher = DefaultHasher::new();
            (half, case.as_str()).hash(&mut hasher);
            hasher.finish()
        }))
    }
}

/// Holds decisions against a candidate.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub candidate: &'a PolicySet,
    pub rules: &'a Rules,
    pub since: Timestamp,
}

impl Judge<'_> {
    /// Compares lines of the log, of which the first has this number.
    pub fn compare(self, first: u64, lines: &[&[u8]]) -> Result<Vec<Compared>, LogError> {
        let mut known = Known::default();
        (first..).zip(lines).map(|(number, line)| self.one(number, line, &mut known)).collect()
    }

    fn one(self, line: u64, text: &[u8], known: &mut Known) -> Result<Compared, LogError> {
        let mut logged = parse(line, text)?;
        let mut compared = Compared {
            line,
            id: logged.id,
            at: logged.at,
            version: logged.version.clone(),
            case: CaseKey::of(&logged.case),
            hook: logged.hook,
            changed: None,
        };
        if logged.at < self.since {
            return Ok(compared);
        }
        let after = self.candidate.decide(&logged.input).verdict;
        if after != logged.verdict {
            logged.verdict = as_followed(logged.verdict, logged.hook, self.rules);
            let after = as_followed(after, logged.hook, self.rules);
            let change = known.change(&logged.verdict, &after);
            if !change.is_same() {
                compared.changed = Some(Box::new(Changed { change, logged, after }));
            }
        }
        Ok(compared)
    }
}

/// Changes that were met before: the same few come again and again, and comparing large plans takes its time.
#[derive(Default)]
struct Known(Vec<(Verdict, Verdict, Change)>);

impl Known {
    fn change(&mut self, before: &Verdict, after: &Verdict) -> Change {
        if let Some((.., change)) = self.0.iter().find(|(was, is, _)| was == before && is == after) {
            return change.clone();
        }
        let change = Change::between(before, after);
        if self.0.len() < MAX_REMEMBERED {
            self.0.push((before.clone(), after.clone(), change.clone()));
        }
        change
    }
}
