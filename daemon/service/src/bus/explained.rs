//! Explanations on the bus.

use std::collections::{BTreeSet, HashMap};

use readmit_recovery::case::State;
use readmit_recovery::plan::Atom;
use readmit_recovery::verdict::{DeviceFate, Verdict};
use zbus::wire::Variant;

use super::dict::{Dict, In, Out};
use crate::service::{Explanation, ExplanationDetail, Fault};

/// Takes the key `detail` out of a context.
pub(super) fn wants_detail(context: &mut HashMap<String, Variant<'_>>) -> Result<bool, Fault> {
    let Some(detail) = context.remove("detail") else { return Ok(false) };
    let mut one = In::new("context", HashMap::from([("detail".to_owned(), detail)]));
    Ok(one.flag("detail")?.unwrap_or_default())
}

/// What would be asked.
pub(super) fn explained(explanation: &Explanation) -> Out {
    let case = &explanation.case;
    let (to, because) = match &case.state {
        State::Escalated { to, because } => (Some(to.as_str()), Some(because.as_str())),
        State::Denied { because } => (None, Some(because.as_str())),
        _ => (None, None),
    };
    let sets: Vec<String> = case.plan.iter().flat_map(|plan| plan.minimal_sets()).map(in_words).collect();
    Out::new()
        .put("verdict", explanation.verdict())
        .put("version", explanation.version.as_str())
        .put("micros", explanation.micros)
        .maybe("plan", case.plan.as_ref().map(ToString::to_string))
        .put("minimal_sets", sets)
        .maybe("to", to)
        .maybe("because", because)
        .maybe("cause", explanation.cause.as_deref())
}

fn in_words(set: BTreeSet<Atom>) -> String {
    let words: Vec<String> = set.into_iter().map(|atom| atom.to_string()).collect();
    words.join(" and ")
}

/// And why.
pub(super) fn detail(answer: Out, detail: &ExplanationDetail) -> Out {
    let facts = detail.facts.iter();
    let facts: Vec<Dict> = facts
        .map(|(fact, value)| Out::new().put("fact", fact.as_str()).put("value", value.as_str()).done())
        .collect();
    let factors: Vec<Dict> = detail
        .factors
        .iter()
        .map(|explained| {
            Out::new()
                .put("factor", explained.factor.as_str())
                .put("asked", explained.asked)
                .put("because", explained.because.as_str())
                .done()
        })
        .collect();
    let source: Vec<Dict> = detail
        .source
        .iter()
        .map(|line| {
            Out::new()
                .put("file", line.file.as_str())
                .put("line", line.line)
                .put("text", line.text.as_str())
                .put("ran", line.ran)
                .done()
        })
        .collect();
    answer
        .put("lines", detail.lines.clone())
        .put("decided_at", detail.decided_at.clone())
        .put("facts", facts)
        .put("factors", factors)
        .put("source", source)
        .maybe("outcome", detail.outcome.as_ref().map(outcome))
}

fn outcome(verdict: &Verdict) -> Dict {
    match verdict {
        Verdict::Outcome(outcome) => Out::new()
            .put("verdict", "outcome")
            .put(
                "device",
                match outcome.device {
                    DeviceFate::Deactivate => "deactivate",
                    DeviceFate::Keep => "keep",
                },
            )
            .put("force_password_change", outcome.force_password_change)
            .put("revoke_sessions", outcome.revoke_sessions)
            .maybe("hold", outcome.hold.map(|hold| hold.as_secs()))
            .maybe("enroll_within", outcome.enroll_within.map(|within| within.as_secs()))
            .done(),
        Verdict::Escalate { to, because } => Out::new()
            .put("verdict", "escalate")
            .put("to", to.as_str())
            .put("because", because.as_str())
            .done(),
        Verdict::Deny { because } => {
            Out::new().put("verdict", "deny").put("because", because.as_str()).done()
        }
        Verdict::Unable { cause } => Out::new().put("verdict", "failing").put("cause", cause.as_str()).done(),
        // What does not fit the hook never gets here.
        Verdict::Prove { .. } | Verdict::Retry { .. } | Verdict::Nothing => Out::new().done(),
    }
}
