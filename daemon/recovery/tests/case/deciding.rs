//! What a policy's verdicts do, and what they cannot do.

use std::time::Duration;

use readmit_recovery::assurance::Level;
use readmit_recovery::case::Standing;
use readmit_recovery::facts::Hook;
use readmit_recovery::limits::{LONGEST_ENROLLMENT, LONGEST_HOLD};
use readmit_recovery::plan::Plan;
use readmit_recovery::rules::Rules;
use readmit_recovery::verdict::{Outcome, Verdict};

use crate::kit::{Desk, Script, check, factor, outcome, plan, support_rules};

fn escalate() -> Verdict {
    Verdict::Escalate { to: "administrator".to_owned(), because: "members".to_owned() }
}

fn deny() -> Verdict {
    Verdict::Deny { because: "no".to_owned() }
}

fn unable() -> Verdict {
    Verdict::Unable { cause: "default.lua:7: attempt to index nil".to_owned() }
}

/// Brings a case to the point where `hook` is asked.
const TO_THE_HOOK: [(Hook, &str); 4] = [
    (Hook::Open, ""),
    (Hook::Proved, "right password"),
    (Hook::Failed, "right password; ask email; end email unreachable"),
    (Hook::Recovered, "right password; ask email; right email"),
];

fn answered(hook: Hook, verdict: Verdict, given: &str) -> Desk {
    let mut desk = Desk::open(Script::new(plan("password email")).answer(hook, verdict));
    desk.all(given);
    desk
}

#[test]
fn people_decide_where_the_policy_says_so_and_where_it_cannot_answer() {
    for (hook, given) in TO_THE_HOOK {
        assert_eq!(answered(hook, escalate(), given).state(), "escalated", "{hook:?}");
        assert_eq!(answered(hook, deny(), given).state(), "denied", "{hook:?}");
        let desk = answered(hook, unable(), given);
        assert_eq!(desk.state(), "escalated", "{hook:?}");
        assert_eq!(
            desk.recorded("policy_failed", "cause").as_deref(),
            Some("default.lua:7: attempt to index nil")
        );
        assert!(desk.told_of_last().contains("alert(policy_failed)"));
        assert_eq!(desk.case.next_deadline().map(|at| at.unix()), Some(desk.now + 14 * 24 * 3600));
    }
}

#[test]
fn a_verdict_of_another_hook_is_none() {
    let verdicts = [
        Verdict::Prove { plan: plan("password email") },
        Verdict::Retry { after: Duration::ZERO, next_number: false },
        Verdict::Outcome(outcome()),
        Verdict::Nothing,
    ];
    for (hook, given) in TO_THE_HOOK {
        for verdict in &verdicts {
            let desk = answered(hook, verdict.clone(), given);
            let fits = verdict.fits(hook);
            let cause = (!fits).then(|| format!("the verdict does not fit the hook `{}`", hook.as_str()));
            assert_eq!(desk.recorded("policy_failed", "cause"), cause, "{verdict:?} to {hook:?}");
            assert_eq!(desk.state() == "escalated", !fits, "{verdict:?} to {hook:?}");
        }
    }
}

#[test]
fn a_plan_that_is_none_or_below_the_floor_lets_nobody_in() {
    let below = ["password", "email voice", "email sms voice", "2 of password email voice", "resync"];
    for words in below {
        let desk = Desk::open(Script::new(plan(words)));
        assert_eq!(desk.state(), "escalated", "{words}");
        assert!(
            desk.recorded("policy_failed", "cause")
                .is_some_and(|cause| cause.contains("below the floor aal2"))
        );
        assert_eq!(desk.case.plan, None);
    }
    let none = [Plan::All(Vec::new()), Plan::Approvals(0), Plan::Any { need: 0, of: vec![plan("pass")] }];
    for plan in none {
        for level in [Level::None, Level::Aal1, Level::Aal2] {
            let rules = Rules { assurance: level, ..support_rules() };
            let desk = Desk::open_with(Standing::Known, Script::new(plan.clone()), rules);
            assert_eq!(desk.state(), "escalated", "{plan:?}");
        }
    }
    let lower = Rules { assurance: Level::Aal1, ..support_rules() };
    let mut desk = Desk::open_with(Standing::Known, Script::new(plan("password")), lower);
    desk.all("right password");
    assert_eq!(desk.state(), "recovered");
}

/// A case that opened under a lower floor meets the present one before it ends.
#[test]
fn what_was_proven_is_held_against_the_floor_of_today() {
    let lower = Rules { assurance: Level::Aal1, ..support_rules() };
    let mut desk = Desk::open_with(Standing::Known, Script::new(plan("email voice")), lower);
    desk.all("ask email; right email; ask voice");
    desk.rules.assurance = Level::Aal2;
    assert_eq!(desk.told("digits right"), "escalated | clear(voice) alert(policy_failed)");
    assert!(!desk.script.asked.iter().any(|asked| asked.hook == Hook::Recovered));
}

#[test]
fn proved_may_ask_for_more_and_asking_again_asks_for_nothing() {
    let more = Verdict::Prove { plan: plan("recovery_code") };
    let mut desk = Desk::open(Script::new(plan("password email")).answer(Hook::Proved, more));
    desk.all("right password; ask email; right email");
    let steps = |desk: &Desk| -> Vec<String> {
        desk.case.view(desk.now()).steps.iter().map(|step| step.factor.to_string()).collect()
    };
    assert_eq!(steps(&desk), ["password", "email", "recovery_code"]);
    assert_eq!((desk.state(), desk.told("right recovery_code").starts_with("recovered")), ("proving", true));
    assert_eq!(desk.case.proven, [factor("password"), factor("email"), factor("recovery_code")]);
    // What is asked for is proven already: the case goes on.
    let same = Verdict::Prove { plan: plan("password") };
    let mut desk = Desk::open(Script::new(plan("password email")).answer(Hook::Proved, same));
    desk.all("right password; ask email; right email");
    assert_eq!(desk.state(), "recovered");
}

#[test]
fn a_policy_that_always_asks_for_more_ends_with_people() {
    let mut script = Script::new(plan("password totp"));
    for at in 0..20 {
        script = script.once(Hook::Proved, Verdict::Prove { plan: plan(&format!("channel_{at}")) });
    }
    let mut desk = Desk::open(script);
    desk.all("right password; right totp");
    for at in 0..20 {
        if desk.state() != "proving" {
            assert!(at > 3, "some more is allowed");
            assert!(desk.recorded("policy_failed", "cause").is_some());
            return;
        }
        desk.all(&format!("ask channel_{at}; right channel_{at}"));
    }
    panic!("the plan grew for ever");
}

#[test]
fn an_outcome_has_limits() {
    let day = Duration::from_secs(24 * 3600);
    let with = |hold, enroll_within| Outcome { hold, enroll_within, ..outcome() };
    let table = [
        (with(Some(LONGEST_HOLD), None), "held"),
        (with(Some(LONGEST_HOLD + day), None), "escalated"),
        (with(Some(Duration::ZERO), None), "recovered"),
        (with(None, Some(LONGEST_ENROLLMENT)), "recovered"),
        (with(None, Some(LONGEST_ENROLLMENT + day)), "escalated"),
        (with(None, Some(Duration::ZERO)), "escalated"),
    ];
    for (outcome, wanted) in table {
        let mut desk = Desk::open(Script::new(plan("password totp")).outcome(outcome.clone()));
        desk.all("right password; right totp");
        assert_eq!(desk.state(), wanted, "{outcome:?}");
    }
}

#[test]
fn the_policy_is_told_what_is_proven_and_what_failed() {
    let mut desk = Desk::open(Script::new(plan("password email voice")));
    desk.all(
        "right password; ask email; right email; ask voice; end voice busy; ask voice; end voice hung_up",
    );
    let asked = &desk.script.asked;
    let hooks: Vec<&str> = asked.iter().map(|asked| asked.hook.as_str()).collect();
    assert_eq!(hooks, ["open", "proved", "proved", "failed", "failed"]);
    assert_eq!(asked[2].proven, [factor("password"), factor("email")]);
    assert_eq!(asked[2].factor, Some(factor("email")));
    let failures: Vec<(u32, &str)> =
        asked[4].failures.iter().map(|failure| (failure.count, failure.disposition.as_str())).collect();
    assert_eq!(failures, [(1, "busy"), (2, "hung_up")]);
    assert_eq!(asked[4].failure.as_ref(), asked[4].failures.last());
}

#[test]
fn a_failed_step_goes_where_the_policy_says() {
    let table = [
        (Verdict::Retry { after: Duration::from_secs(60), next_number: false }, "proving"),
        (escalate(), "escalated"),
        (deny(), "denied"),
        (unable(), "escalated | alert(policy_failed)"),
    ];
    for (verdict, wanted) in table {
        let script = Script::new(plan("email password")).answer(Hook::Failed, verdict);
        assert_eq!(check(script, "ask email", "end email rejected"), wanted);
    }
}
