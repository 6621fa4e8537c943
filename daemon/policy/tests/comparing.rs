//! What a changed verdict means: a table of every kind of change.

#![cfg(test)]

use std::time::Duration;

use readmit_policy::workbench::compare::{Change, Effect, as_followed};
use readmit_recovery::assurance::Level;
use readmit_recovery::facts::Hook;
use readmit_recovery::plan::Plan;
use readmit_recovery::rules::Rules;
use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn part(name: &str) -> Plan {
    match name.strip_prefix("approvals:") {
        Some(number) => Plan::Approvals(number.parse().expect("a number")),
        None => Plan::Factor(name.parse().expect("a factor")),
    }
}

fn all(names: &str) -> Plan {
    Plan::All(names.split_whitespace().map(part).collect())
}

fn any(need: u8, names: &str) -> Plan {
    Plan::Any { need, of: names.split_whitespace().map(part).collect() }
}

fn prove(names: &str) -> Verdict {
    Verdict::Prove { plan: all(names) }
}

fn escalate(to: &str) -> Verdict {
    Verdict::Escalate { to: to.to_owned(), because: "x".to_owned() }
}

fn deny(because: &str) -> Verdict {
    Verdict::Deny { because: because.to_owned() }
}

fn retry(seconds: u64) -> Verdict {
    Verdict::Retry { after: Duration::from_secs(seconds), next_number: false }
}

fn retry_on_next(seconds: u64) -> Verdict {
    Verdict::Retry { after: Duration::from_secs(seconds), next_number: true }
}

fn unable(cause: &str) -> Verdict {
    Verdict::Unable { cause: cause.to_owned() }
}

/// An outcome that is as strict as can be, and then changed.
fn outcome(change: impl FnOnce(&mut Outcome)) -> Verdict {
    let mut outcome = Outcome {
        device: DeviceFate::Deactivate,
        force_password_change: true,
        revoke_sessions: true,
        hold: Some(DAY),
        enroll_within: Some(7 * DAY),
    };
    change(&mut outcome);
    Verdict::Outcome(outcome)
}

fn check(table: &[(Verdict, Verdict, Effect, &str)]) {
    for (before, after, effect, words) in table {
        let change = Change::between(before, after);
        assert_eq!(change.to_string(), *words, "{before:?} → {after:?}");
        assert_eq!(change.effect(), *effect, "{before:?} → {after:?}");
        assert_eq!(change.is_same(), *effect == Effect::Same);
        assert_eq!(Change::between(after, after).effect(), Effect::Same);
    }
}

/// No change is good for somebody who is not the owner both there and back.
fn check_back(before: &Verdict, after: &Verdict) {
    let there = Change::between(before, after).effect();
    let back = Change::between(after, before).effect();
    assert!(
        there == Effect::Weaker || back == Effect::Weaker,
        "{there} and {back}: {before:?} and {after:?}"
    );
}

#[test]
fn a_plan_is_weaker_if_less_is_enough_for_it() {
    let plan = |plan: Plan| Verdict::Prove { plan };
    let table = [
        (prove("password email"), prove("password email"), Effect::Same, "nothing changes"),
        (prove("password email voice"), prove("password voice"), Effect::Weaker, "asks for email no longer"),
        (prove("password voice"), prove("password email voice"), Effect::Stronger, "asks for email too"),
        (prove("password email"), prove("password voice"), Effect::Weaker, "asks for voice instead of email"),
        (
            prove("password email voice"),
            prove("approval"),
            Effect::Weaker,
            "asks for approval instead of password, email and voice",
        ),
        (
            prove("password approvals:2"),
            prove("password approvals:1"),
            Effect::Weaker,
            "asks for 1 approval instead of 2 approvals",
        ),
        (
            prove("password approvals:1"),
            prove("password approvals:2"),
            Effect::Stronger,
            "asks for 2 approvals instead of 1 approval",
        ),
        (
            prove("password email"),
            prove("email password"),
            Effect::Other,
            "asks for the same in another order: email, then password",
        ),
        (
            plan(part("approval")),
            plan(Plan::Approvals(1)),
            Effect::Other,
            "asks for the same in another order: 1 approval",
        ),
        (
            prove("password email"),
            plan(any(1, "email voice")),
            Effect::Weaker,
            "email alone is enough now; voice alone is enough now",
        ),
        (
            plan(any(1, "email voice")),
            prove("email voice"),
            Effect::Stronger,
            "email alone is not enough any longer; voice alone is not enough any longer",
        ),
        (
            plan(any(2, "email voice recovery_code")),
            plan(any(2, "email voice totp")),
            Effect::Weaker,
            "email and totp are enough now; voice and totp are enough now; \
             email and recovery_code are not enough any longer; \
             voice and recovery_code are not enough any longer",
        ),
        (
            prove("password email voice recovery_code totp"),
            plan(any(1, "password email voice recovery_code totp")),
            Effect::Weaker,
            "password alone is enough now; email alone is enough now; voice alone is enough now; \
             2 other ways are enough now",
        ),
    ];
    check(&table);
    for (before, after, effect, _) in &table {
        if matches!(effect, Effect::Weaker | Effect::Stronger) {
            check_back(before, after);
        }
    }
}

#[test]
fn what_people_decided_is_weaker_without_them() {
    check(&[
        (
            escalate("support"),
            prove("password email"),
            Effect::Weaker,
            "asks for password, then email instead of going to support",
        ),
        (
            deny("x"),
            prove("password email"),
            Effect::Weaker,
            "asks for password, then email instead of being denied",
        ),
        (deny("x"), escalate("support"), Effect::Weaker, "goes to support instead of being denied"),
        (escalate("support"), deny("x"), Effect::Stronger, "is denied instead of going to support"),
        (
            prove("password email"),
            escalate("support"),
            Effect::Stronger,
            "goes to support instead of asking for password, then email",
        ),
        (
            prove("password email"),
            deny("x"),
            Effect::Stronger,
            "is denied instead of asking for password, then email",
        ),
        (
            escalate("support"),
            escalate("administrator"),
            Effect::Other,
            "goes to administrator instead of support",
        ),
        (
            Verdict::Escalate { to: "support".to_owned(), because: "other".to_owned() },
            escalate("support"),
            Effect::Other,
            "still goes to support, for another reason",
        ),
        (deny("x"), deny("y"), Effect::Other, "is still denied, for another reason"),
        (
            escalate("support"),
            outcome(|_| ()),
            Effect::Weaker,
            "recovers the account instead of going to support",
        ),
        (outcome(|_| ()), deny("x"), Effect::Stronger, "is denied instead of recovering the account"),
    ]);
}

#[test]
fn what_is_added_to_a_plan_counts() {
    check(&[
        (
            Verdict::Nothing,
            Verdict::Prove { plan: part("approval") },
            Effect::Stronger,
            "asks for approval too",
        ),
        (
            Verdict::Prove { plan: part("approval") },
            Verdict::Nothing,
            Effect::Weaker,
            "asks for approval no longer",
        ),
        (
            Verdict::Nothing,
            escalate("support"),
            Effect::Stronger,
            "goes to support instead of asking for nothing more",
        ),
        (
            escalate("support"),
            Verdict::Nothing,
            Effect::Weaker,
            "asks for nothing more instead of going to support",
        ),
    ]);
}

#[test]
fn a_retry_is_weaker_than_people_and_with_a_shorter_wait() {
    check(&[
        (retry(60), retry(30), Effect::Weaker, "may be tried again after 30 seconds instead of 1 minute"),
        (retry(30), retry(60), Effect::Stronger, "may be tried again after 1 minute instead of 30 seconds"),
        (
            escalate("support"),
            retry(60),
            Effect::Weaker,
            "may be tried again after 1 minute instead of going to support",
        ),
        (
            retry(60),
            escalate("support"),
            Effect::Stronger,
            "goes to support instead of being tried again after 1 minute",
        ),
        (retry(60), retry_on_next(60), Effect::Other, "goes on with the next number on file"),
        (retry_on_next(60), retry(60), Effect::Other, "stays with the number that was called"),
        (retry(60), deny("x"), Effect::Stronger, "is denied instead of being tried again after 1 minute"),
        // No wait is longer than a day, whatever the policy says.
        (
            retry(3 * 86_400),
            retry(2 * 86_400),
            Effect::Other,
            "may be tried again after 48 hours instead of 3 days",
        ),
    ]);
}

#[test]
fn an_outcome_is_weaker_if_it_leaves_more() {
    check(&[
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.hold = None),
            Effect::Weaker,
            "is no longer held for 24 hours",
        ),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.hold = Some(Duration::ZERO)),
            Effect::Weaker,
            "is no longer held for 24 hours",
        ),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.hold = Some(HOUR)),
            Effect::Weaker,
            "is held for 1 hour instead of 24 hours",
        ),
        (outcome(|outcome| outcome.hold = None), outcome(|_| ()), Effect::Stronger, "is held for 24 hours"),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.hold = Some(3 * DAY)),
            Effect::Stronger,
            "is held for 3 days instead of 24 hours",
        ),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.device = DeviceFate::Keep),
            Effect::Weaker,
            "keeps the device instead of deactivating it",
        ),
        (
            outcome(|outcome| outcome.device = DeviceFate::Keep),
            outcome(|_| ()),
            Effect::Stronger,
            "deactivates the device instead of keeping it",
        ),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.force_password_change = false),
            Effect::Weaker,
            "no longer forces a change of password",
        ),
        (
            outcome(|outcome| outcome.force_password_change = false),
            outcome(|_| ()),
            Effect::Stronger,
            "forces a change of password",
        ),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.revoke_sessions = false),
            Effect::Weaker,
            "no longer ends every session",
        ),
        (
            outcome(|outcome| outcome.revoke_sessions = false),
            outcome(|_| ()),
            Effect::Stronger,
            "ends every session",
        ),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.enroll_within = Some(14 * DAY)),
            Effect::Weaker,
            "asks for a new device within 14 days instead of 7 days",
        ),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.enroll_within = Some(DAY)),
            Effect::Stronger,
            "asks for a new device within 24 hours instead of 7 days",
        ),
        (
            outcome(|_| ()),
            outcome(|outcome| outcome.enroll_within = None),
            Effect::Weaker,
            "asks no longer for a new device (within 7 days before)",
        ),
        (
            outcome(|outcome| outcome.enroll_within = None),
            outcome(|_| ()),
            Effect::Stronger,
            "asks for a new device within 7 days",
        ),
    ]);
}

#[test]
fn what_is_weaker_in_one_way_is_weaker_whatever_else_it_is() {
    let change = Change::between(
        &outcome(|outcome| outcome.force_password_change = false),
        &outcome(|outcome| outcome.hold = None),
    );
    assert_eq!(change.effect(), Effect::Weaker);
    assert_eq!(change.to_string(), "is no longer held for 24 hours; forces a change of password");
    assert_eq!(change.differences().len(), 2);
}

#[test]
fn a_policy_that_fails_lets_nobody_in() {
    check(&[
        (
            prove("password email"),
            unable("default.lua:3: boom"),
            Effect::Failing,
            "fails in the policy: default.lua:3: boom",
        ),
        (deny("x"), unable("boom"), Effect::Failing, "fails in the policy: boom"),
        (unable("boom"), unable("bang"), Effect::Other, "still fails, for another cause: bang"),
        (
            unable("boom"),
            prove("password email"),
            Effect::Weaker,
            "asks for password, then email instead of failing in the policy",
        ),
        (
            unable("boom"),
            escalate("support"),
            Effect::Other,
            "goes to support instead of failing in the policy",
        ),
        (unable("boom"), deny("x"), Effect::Stronger, "is denied instead of failing in the policy"),
    ]);
}

#[test]
fn a_verdict_that_the_core_does_not_follow_is_none() {
    let rules = Rules::default();
    let free = Rules { assurance: Level::None, ..Rules::default() };
    let long = outcome(|outcome| outcome.hold = Some(31 * DAY));
    let table = [
        (prove("password email"), Hook::Open, None),
        (prove("email voice"), Hook::Open, Some("below the floor aal2")),
        (prove("voice"), Hook::Proved, None),
        (prove(""), Hook::Proved, Some("at least one factor")),
        (retry(60), Hook::Open, Some("does not fit the hook `open`")),
        (long, Hook::Recovered, Some("longer than 30 days")),
        (
            outcome(|outcome| outcome.enroll_within = Some(Duration::ZERO)),
            Hook::Recovered,
            Some("enroll_within"),
        ),
        (outcome(|_| ()), Hook::Recovered, None),
        (deny("x"), Hook::Failed, None),
    ];
    for (verdict, hook, fault) in table {
        let followed = as_followed(verdict.clone(), hook, &rules);
        match (fault, &followed) {
            (None, _) => assert_eq!(followed, verdict),
            (Some(fault), Verdict::Unable { cause }) => assert!(cause.contains(fault), "{cause}"),
            (Some(_), other) => panic!("{other:?} is followed"),
        }
    }
    assert_eq!(as_followed(prove("email voice"), Hook::Open, &free), prove("email voice"));
}
