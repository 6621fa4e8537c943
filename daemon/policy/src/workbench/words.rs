//! Plans, factors and times in plain words, for those who compare policies and those who sign them.

use std::collections::BTreeSet;
use std::time::Duration;

use readmit_recovery::plan::{Atom, Plan};

/// A duration in words, in the largest unit that holds it whole: `24 hours`, `1 minute`; up to two days are told
/// in hours.
#[must_use]
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("day", 86_400), ("hour", 3600), ("minute", 60)];
    let fits = |(name, size): &(&str, u64)| {
        seconds > 0 && seconds.is_multiple_of(*size) && (*name != "day" || seconds > 2 * size)
    };
    let (name, size) = units.into_iter().find(fits).unwrap_or(("second", 1));
    counted(seconds / size, name)
}

/// `1 day`, `2 days`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`; with another word for `and`.
#[must_use]
pub fn list(items: &[String], and: &str) -> String {
    match items {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

/// An atom by its glossary word: `email`, `2 approvals`.
#[must_use]
pub fn atom(atom: &Atom) -> String {
    match atom {
        Atom::Factor(factor) => factor.to_string(),
        Atom::Approvals(number) => counted(u64::from(*number), "approval"),
    }
}

/// Atoms as `email and voice`.
#[must_use]
pub fn atoms<'a>(set: impl IntoIterator<Item = &'a Atom>) -> String {
    let words: Vec<String> = set.into_iter().map(atom).collect();
    list(&words, "and")
}

/// A plan as one clause: `password, then email, then any 1 of (voice or recovery_code)`.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    match plan {
        Plan::Factor(factor) => factor.to_string(),
        Plan::Approvals(number) => counted(u64::from(*number), "approval"),
        Plan::All(parts) => parts.iter().map(nested).collect::<Vec<_>>().join(", then "),
        Plan::Any { need, of } => {
            let parts: Vec<String> = of.iter().map(nested).collect();
            format!("any {need} of {}", list(&parts, "or"))
        }
    }
}

fn nested(part: &Plan) -> String {
    match part {
        Plan::Factor(_) | Plan::Approvals(_) => plan(part),
        Plan::All(parts) | Plan::Any { of: parts, .. } if parts.len() == 1 => plan(part),
        Plan::All(_) | Plan::Any { .. } => format!("({})", plan(part)),
    }
}

/// Whether somebody who has proven `set` holds `asked`, as the core counts it: whoever has two approvals has one,
/// and one approval is the factor of that name.
#[must_use]
pub fn holds(set: &BTreeSet<Atom>, asked: &Atom) -> bool {
    use readmit_recovery::factor::Factor;
    let approvals = |atom: &Atom| match atom {
        Atom::Approvals(number) => *number,
        Atom::Factor(Factor::Approval) => 1,
        Atom::Factor(_) => 0,
    };
    match approvals(asked) {
        0 => set.contains(asked),
        wanted => set.iter().any(|atom| approvals(atom) >= wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_whole() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (3600, "1 hour"),
            (86_400, "24 hours"),
            (172_800, "48 hours"),
            (604_800, "7 days"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn plans_are_told_in_order() {
        let factor = |name: &str| Plan::Factor(name.parse().expect("a factor"));
        let table = [
            (factor("email"), "email"),
            (Plan::Approvals(2), "2 approvals"),
            (Plan::All(vec![factor("password"), factor("email")]), "password, then email"),
            (
                Plan::All(vec![
                    factor("password"),
                    Plan::Any { need: 2, of: vec![factor("email"), factor("voice"), factor("sms")] },
                ]),
                "password, then (any 2 of email, voice or sms)",
            ),
        ];
        for (is, words) in table {
            assert_eq!(plan(&is), words);
        }
    }
}
