//! Why a recovery would open as it would: lines, facts, factors, and what would follow.

use std::collections::BTreeMap;

use readmit_recovery::secret::Secret;
use readmit_recovery::verdict::{DeviceFate, Verdict};
use readmitd::service::{ExplanationDetail, Fault};

use crate::house::{ADMIN, ALICE, House, POLICY, by, write_policy};

async fn detail(house: &House, reason: &str) -> ExplanationDetail {
    house.service.explain_in_detail(ALICE, reason, &Default::default()).await.expect("explained")
}

fn facts(detail: &ExplanationDetail) -> BTreeMap<&str, &str> {
    detail.facts.iter().map(|(fact, value)| (fact.as_str(), value.as_str())).collect()
}

fn factors(detail: &ExplanationDetail) -> BTreeMap<&str, (bool, &str)> {
    detail.factors.iter().map(|one| (one.factor.as_str(), (one.asked, one.because.as_str()))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_explained_down_to_each_factor() {
    let house = House::quiet().await;
    house.add_alice().await;
    let rows = house.journal().await.len();
    let detail = detail(&house, "lost").await;
    // The policy of the house begins with an empty line; `open` with the third.
    assert_eq!(detail.lines, ["default.lua:4", "default.lua:7"]);
    assert_eq!(detail.decided_at, ["default.lua:7"]);
    let wanted = [("account", "a record"), ("account.kind", "owner"), ("reason", "lost")];
    assert_eq!(facts(&detail), wanted.into_iter().collect());
    let wanted = [
        ("password", (true, "asked in step 1 of 2")),
        ("email", (true, "asked in step 2 of 2")),
        ("voice", (false, "not asked here; it would be with: reason is \"damaged\"")),
        ("recovery_code", (false, "no recovery codes; it would be asked with: reason is \"stolen\"")),
        ("totp", (false, "no other device; it would be asked with: reason is \"not_working\"")),
        ("resync", (false, "not asked here; it would be with: reason is \"out_of_sync\"")),
        ("contact", (false, "no recovery contact, and the policy does not ask for it here")),
        ("approval", (false, "the policy does not ask for it here")),
        ("pass", (false, "the policy does not ask for it here")),
    ];
    assert_eq!(factors(&detail), wanted.into_iter().collect());
    let Some(Verdict::Outcome(outcome)) = detail.outcome else { panic!("{:?}", detail.outcome) };
    assert_eq!((outcome.device, outcome.force_password_change), (DeviceFate::Deactivate, true));
    let source: Vec<_> = detail.source.iter().map(|line| (line.line, line.ran)).collect();
    assert_eq!(source, [(3, false), (4, true), (5, false), (6, false), (7, true), (8, false)]);
    assert!(detail.source[4].text.contains("\"lost\"") && detail.source[4].file == "default.lua");
    assert_eq!(house.journal().await.len(), rows, "nothing is changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_proven_is_said() {
    let house = House::quiet().await;
    house.add_alice().await;
    let detail = detail(&house, "stolen").await;
    let asked = factors(&detail)["recovery_code"];
    assert_eq!(asked, (true, "asked in step 2 of 2, but it cannot be proven: no recovery codes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_fact_that_would_turn_the_decision_is_named() {
    let house = House::with_policy(include_str!("../../../../policies/default.lua")).await;
    let properties = readmitd::service::AccountProperties {
        emails: Some(vec!["alice@example.org".to_owned()]),
        ..Default::default()
    };
    house.service.add_account(ALICE, &properties, ADMIN).await.expect("added");
    house.service.set_password(ALICE, Secret::new("correct horse battery"), &by(ADMIN)).await.expect("set");
    let detail = detail(&house, "lost").await;
    assert!(detail.outcome.is_none());
    let voice = factors(&detail)["voice"];
    assert_eq!(voice, (false, "no verified phone number; it would be asked with: phone on file"));
    assert_eq!(facts(&detail)["account.phone"], "nil");
    // The verdict is made in a function of the policy's own: both lines are told.
    assert_eq!(detail.decided_at.len(), 2, "{:?}", detail.decided_at);
    for place in &detail.decided_at {
        assert!(detail.lines.contains(place), "{place} in {:?}", detail.lines);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_policy_and_a_new_one_are_explained_as_they_are() {
    let house = House::quiet().await;
    house.add_alice().await;
    detail(&house, "lost").await;
    let broken = format!("function policy.open(case)\n  if case.account.id == '{ALICE}' then error('x') end");
    write_policy(house.directory.path(), &POLICY.replace("function policy.open(case)", &broken));
    house.service.reload_policies(ADMIN).await.expect("loaded");
    let detail = detail(&house, "lost").await;
    assert_eq!((detail.lines.as_slice(), detail.decided_at.len()), (&["default.lua:4".to_owned()][..], 0));
    assert_eq!(facts(&detail)["account.id"], ALICE);
    assert!(detail.outcome.is_none() && detail.factors.iter().all(|factor| !factor.asked));
    let unknown = house.service.explain_in_detail("nobody", "lost", &Default::default()).await;
    assert!(matches!(unknown, Err(Fault::NotFound(_))));
    let unknown = house.service.explain_in_detail(ALICE, "bored", &Default::default()).await;
    assert!(matches!(unknown, Err(Fault::InvalidArgument(_))));
}
