//! What one turn of a case adds to the counters.

use readmit_recovery::case::{Case, Transition};
use readmit_recovery::command::Record;
use readmit_recovery::disposition::Disposition;

/// What a turn adds, found before it is committed and counted after.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub(super) opened: Option<&'static str>,
    pub(super) ended: Option<(&'static str, &'static str)>,
    pub(super) proofs: Vec<(String, &'static str)>,
    pub(super) failures: Vec<(String, Disposition)>,
}

impl Tally {
    /// What a transition adds; `before` is the case as it was, none where it opens.
    #[must_use]
    pub fn of(before: Option<&Case>, transition: &Transition) -> Self {
        let case = &transition.case;
        let reason = case.reason.as_str();
        let was_over = before.is_some_and(|before| before.state.is_final());
        let ends = case.state.is_final() && !was_over;
        let mut tally = Self {
            opened: before.is_none().then_some(reason),
            ended: ends.then_some((case.state.as_str(), reason)),
            ..Self::default()
        };
        for record in &transition.records {
            tally.add(record);
        }
        tally
    }

    fn add(&mut self, record: &Record) {
        let said = |name| record.detail.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        let Some(factor) = said("factor") else { return };
        match record.kind {
            "factor_proven" => self.proofs.push((factor.clone(), "right")),
            "proof_refused" => self.proofs.push((factor.clone(), "wrong")),
            "factor_failed" => {
                let disposition = said("disposition").and_then(|word| word.parse().ok());
                self.failures.extend(disposition.map(|disposition| (factor.clone(), disposition)));
            }
            _ => {}
        }
    }
}
