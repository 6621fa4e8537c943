//! Steps, failures and ends in words that need no manual.

use std::collections::BTreeMap;

use readmit_recovery::factor::Factor;
use readmit_recovery::plan::Plan;
use readmit_recovery::verdict::{DeviceFate, Outcome};

use crate::workbench::course::{End, Failed, Failing};
use crate::workbench::words::{counted, list, span};

/// Where a journey ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terminal {
    pub kind: TerminalKind,
    pub title: String,
    pub lines: Vec<String>,
}

/// What an end means for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TerminalKind {
    Recovered,
    People,
    Denied,
}

impl Terminal {
    pub fn of(end: &End) -> Self {
        match end {
            End::Recovered(outcome) => {
                let title = "Back in".to_owned();
                Self { kind: TerminalKind::Recovered, title, lines: outcome_lines(outcome) }
            }
            End::People { to, because } => Self {
                kind: TerminalKind::People,
                title: format!("Goes to {to}"),
                lines: vec![because.clone()],
            },
            End::Denied { because } => {
                Self { kind: TerminalKind::Denied, title: "Refused".to_owned(), lines: vec![because.clone()] }
            }
            End::Stuck(atom) => Self {
                kind: TerminalKind::People,
                title: "Only support can help".to_owned(),
                lines: vec![format!("nothing is on file to prove {atom} with")],
            },
        }
    }
}

fn outcome_lines(outcome: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(hold) = outcome.hold.filter(|hold| !hold.is_zero()) {
        lines.push(format!("waits {} first, in which the owner can stop it", span(hold)));
    }
    lines.push(match outcome.device {
        DeviceFate::Deactivate => "device deactivated".to_owned(),
        DeviceFate::Keep => "device kept".to_owned(),
    });
    if outcome.force_password_change {
        lines.push("new password".to_owned());
    }
    if outcome.revoke_sessions {
        lines.push("signed out everywhere".to_owned());
    }
    if let Some(within) = outcome.enroll_within {
        lines.push(format!("new device within {}", span(within)));
    }
    lines
}

/// What a part of a plan asks for.
pub(super) fn step_name(part: &Plan) -> String {
    match part {
        Plan::Approvals(1) | Plan::Factor(Factor::Approval) => "Approval by a member of staff".to_owned(),
        Plan::Approvals(number) => format!("Approval by {number} members of staff"),
        Plan::Factor(factor) => match factor {
            Factor::Password => "Password".to_owned(),
            Factor::Email => "Link or code by e-mail".to_owned(),
            Factor::Voice => "Phone call: six digits on the keypad".to_owned(),
            Factor::RecoveryCode => "Recovery code saved before".to_owned(),
            Factor::Totp => "Code of another device".to_owned(),
            Factor::Resync => "Two codes of the device in a row".to_owned(),
            Factor::Pass => "Access pass from support".to_owned(),
            Factor::Contact => "Code from a recovery contact".to_owned(),
            Factor::Approval => "Approval by a member of staff".to_owned(),
            Factor::Channel(name) => format!("Code by {name}"),
        },
        Plan::All(_) | Plan::Any { .. } => "Several steps".to_owned(),
    }
}

/// What follows when a factor fails, factor by factor.
pub(super) fn failures(all: &[Failing]) -> BTreeMap<Factor, Vec<String>> {
    let mut told: BTreeMap<Factor, Vec<String>> = BTreeMap::new();
    let mut usual: BTreeMap<Factor, Option<&Failed>> = BTreeMap::new();
    let mut others: BTreeMap<(&Factor, &Failed), Vec<String>> = BTreeMap::new();
    for failing in all {
        let first = failing.verdicts.first();
        if let Some(known) = usual.get(&failing.factor) {
            if let Some(first) = first.filter(|first| Some(*first) != *known) {
                let word = failing.disposition.as_str().replace('_', " ");
                others.entry((&failing.factor, first)).or_default().push(word);
            }
        } else {
            usual.insert(failing.factor.clone(), first);
            told.insert(failing.factor.clone(), in_turn(&failing.verdicts));
        }
    }
    for ((factor, follows), dispositions) in others {
        let line = format!("{}: {}", list(&dispositions, "or"), follow(follows));
        told.entry(factor.clone()).or_default().push(line);
    }
    told
}

fn in_turn(verdicts: &[Failed]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut last: Option<&Failed> = None;
    for (verdict, number) in verdicts.iter().zip(1_u64..) {
        if last != Some(verdict) {
            let times = if number == 1 {
                "if it fails".to_owned()
            } else {
                format!("after {}", counted(number, "failure"))
            };
            lines.push(format!("{times}: {}", follow(verdict)));
        }
        last = Some(verdict);
    }
    lines
}

fn follow(failed: &Failed) -> String {
    match failed {
        Failed::Again(after) if after.is_zero() => "again at once".to_owned(),
        Failed::Again(after) => format!("again after {}", span(*after)),
        Failed::People(to) => to.clone(),
        Failed::Denied => "refused".to_owned(),
    }
}
