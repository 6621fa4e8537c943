//! The steps of a test, as they are told when it fails.
//!
//! While a test runs, only what was done is kept. Journeys are the same whenever the same is done, so the story of a
//! failed test is found out by doing it again.

use readmit_recovery::case::State;
use readmit_recovery::command::Record;
use readmit_recovery::rules::Rules;

use super::machine::cut;
use super::viewing::open;
use crate::PolicySet;
use crate::limits::MAX_TOLD_STEPS;
use crate::workbench::start::span;
use crate::workbench::{Action, Journey, Start, Step};

/// What was done in one test, over all its cases, in order.
#[derive(Default)]
pub(super) struct Story {
    deeds: Vec<Deed>,
}

enum Deed {
    Open(Box<Start>),
    Act { case: usize, action: Action },
}

impl Story {
    /// A case is opened.
    pub fn open(&mut self, start: Start) {
        self.deeds.push(Deed::Open(Box::new(start)));
    }

    /// A step is tried.
    pub fn act(&mut self, case: usize, action: Action) {
        self.deeds.push(Deed::Act { case, action });
    }

    /// How much was done.
    pub const fn len(&self) -> usize {
        self.deeds.len()
    }

    /// Each step with what came of it; where there are too many, the last ones.
    pub fn lines(&self, set: &PolicySet, rules: &Rules) -> Vec<String> {
        let mut policy = |question: &_| set.decide(question).verdict;
        let mut journeys: Vec<Journey> = Vec::new();
        let has_many = self.deeds.iter().filter(|deed| matches!(deed, Deed::Open(_))).count() > 1;
        let label = |case: usize| if has_many { format!("case {}: ", case + 1) } else { String::new() };
        let mut lines = Vec::new();
        for deed in &self.deeds {
            lines.push(match deed {
                Deed::Open(start) => {
                    let (journey, step) = Journey::open(start, set.version(), rules, &mut policy);
                    let line =
                        format!("{}{start} → {}", label(journeys.len()), after(&journey, None, None, &step));
                    journeys.push(journey);
                    line
                }
                Deed::Act { case, action } => {
                    let Some(journey) = journeys.get_mut(*case) else { continue };
                    let before = journey.clone();
                    let came_of_it = match journey.act(action, rules, &mut policy) {
                        Ok(step) => after(journey, Some(&before), Some(action), &step),
                        Err(stuck) => format!("cannot be done: {stuck}"),
                    };
                    format!("{}{action} → {came_of_it}", label(*case))
                }
            });
        }
        lines.iter_mut().for_each(|line| *line = cut(line));
        let passed_over = lines.len().saturating_sub(MAX_TOLD_STEPS);
        if passed_over > 0 {
            lines.drain(..passed_over);
            lines.insert(0, format!("… {passed_over} earlier steps"));
        }
        lines
    }
}

/// How a case stands after a step, and what else the journal says of it.
fn after(journey: &Journey, before: Option<&Journey>, action: Option<&Action>, step: &Step) -> String {
    let notes = step.records.iter().filter_map(|record| note(record, action));
    let notes: String = notes.map(|note| format!(" ({note})")).collect();
    format!("{}{notes}", standing(journey, before))
}

fn standing(journey: &Journey, before: Option<&Journey>) -> String {
    let case = &journey.case;
    match &case.state {
        State::Proving => match &case.plan {
            Some(plan) if before.is_none_or(|before| before.case.plan != case.plan) => {
                format!("proving: {plan}")
            }
            _ => format!("proving, open: {}", open(journey).join(", ")),
        },
        State::Held { until, .. } => format!("held for {}", span(until.since(journey.now))),
        State::Recovered { tasks, .. } if tasks.is_empty() => "recovered".to_owned(),
        State::Recovered { tasks, .. } => {
            let tasks: Vec<_> = tasks.iter().map(|task| task.as_str()).collect();
            format!("recovered, left to do: {}", tasks.join(", "))
        }
        State::Escalated { to, because } => format!("escalated to {to}: {because}"),
        State::Denied { because } => format!("denied: {because}"),
        state @ (State::Completed { .. } | State::Vetoed | State::Cancelled | State::Expired) => {
            state.as_str().to_owned()
        }
    }
}

/// What a record of the journal tells that the step itself does not.
fn note(record: &Record, action: Option<&Action>) -> Option<String> {
    let detail = |name: &str| {
        record
            .detail
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    };
    match record.kind {
        "policy_failed" => Some(format!("the policy failed: {}", detail("cause"))),
        "factor_failed" => {
            let said = match action {
                Some(Action::Fail(_, disposition)) => disposition.as_str() == detail("disposition"),
                _ => false,
            };
            (!said).then(|| format!("{} failed: {}", detail("factor"), detail("disposition")))
        }
        _ => None,
    }
}
