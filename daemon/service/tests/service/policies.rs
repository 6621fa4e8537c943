//! Versions of the policies: an open case stays with its own, and nothing that is refused comes into force.

use readmit_store::Store;
use readmitd::service::{Fault, NoPolicies, Policies, Signal};
use rusqlite::Connection;

use crate::house::{
    ADMIN, ALICE, House, PASSWORD, POLICY, handle, limits, policy_options, within, write_policy,
};

const STRICTER: &str = r#"return {
  open = function(case) return escalate { to = "support", because = "by the new rules" } end,
  recovered = function(case) return outcome { device = "keep" } end,
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_case_stays_with_its_version_across_reload_and_restart() {
    let house = House::quiet().await;
    house.add_alice().await;
    let case = house.open(ALICE, "out_of_sync").await;
    let before = house.service.policies().in_force().version;
    write_policy(house.directory.path(), STRICTER);
    let after = house.service.reload_policies("uid:0").await.expect("loaded");
    assert_ne!(before, after);
    let new = house.open(ALICE, "out_of_sync").await;
    assert_eq!(house.view(&new).await.state, "escalated");
    let directory = house.stop().await;

    let house = House::on(directory, limits(), Vec::new()).await;
    assert_eq!(house.service.policies().in_force().version, after);
    house.prove(&case, "password", PASSWORD).await;
    assert_eq!(house.view(&case).await.state, "proving");
    assert_eq!(house.service.show(&case).await.expect("a case").0.policy, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_set_changes_nothing_and_is_told() {
    let mut house = House::quiet().await;
    let before = house.service.policies().in_force().version;
    for broken in
        ["return {", "return { open = 7 }", "return { open = function() return prove { \"pasword\" } end }"]
    {
        write_policy(house.directory.path(), broken);
        let refused = house.service.reload_policies("uid:7").await;
        let Err(Fault::Refused(why)) = refused else { panic!("{broken}: {refused:?}") };
        assert!(why.contains("default.lua"), "{why}");
        let in_force = house.service.policies().in_force();
        assert_eq!((in_force.version, in_force.refused), (before.clone(), Some(why.clone())));
        assert_eq!(within(house.signals.recv()).await, Ok(Signal::PoliciesRefused { why }));
    }
    let told = house.entries("policies_refused").await;
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|(actor, _)| actor == "uid:7"));
    // Started with them, the daemon goes on with the last good set.
    let directory = house.stop().await;
    let house = House::on(directory, limits(), Vec::new()).await;
    assert_eq!(house.service.policies().in_force().version, before);
    // Mended, they are in force, and the refusal is over.
    write_policy(house.directory.path(), STRICTER);
    house.service.reload_policies("uid:7").await.expect("loaded");
    assert_eq!(house.service.policies().in_force().refused, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_good_set_nothing_starts() {
    let directory = crate::house::private_directory();
    let broken = write_policy(directory.path(), "return {");
    let broken = broken.parent().expect("a directory");
    let store = crate::house::store(directory.path());
    let options = policy_options(directory.path());
    assert_eq!(options.directory, broken);
    assert!(matches!(Policies::load(options.clone(), &*store).await, Err(NoPolicies::Inadmissible(_))));
    // Once a set has been in force, it is what is fallen back on.
    let other = House::quiet().await;
    assert!(Policies::load(options, &*other.store).await.is_ok());
}

/// The sources of an open case's version are gone: people get the case, and are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_version_sends_its_cases_to_people() {
    let house = House::quiet().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    write_policy(house.directory.path(), STRICTER);
    let version = house.service.show(&case).await.expect("a case").0.policy;
    let directory = house.stop().await;
    let database = Connection::open(directory.path().join("readmit.db")).expect("a database");
    let deleted =
        database.execute("DELETE FROM policies WHERE version = ?1", [version.as_str()]).expect("deleted");
    assert!(deleted > 0);
    drop(database);

    let mut house = House::on(directory, limits(), Vec::new()).await;
    house.prove(&case, "password", PASSWORD).await;
    let view = house.view(&case).await;
    assert_eq!((view.state, view.escalated_to.as_deref()), ("escalated", Some("support")));
    let alert = Signal::Alert { kind: "policy_failed".to_owned(), detail: Vec::new() };
    while within(house.signals.recv()).await.expect("told") != alert {}
    assert!(!house.entries("policy_failed").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_decision_is_in_the_log_of_decisions() {
    let house = House::quiet().await;
    house.add_alice().await;
    let case = house.open(ALICE, "out_of_sync").await;
    house.prove(&case, "password", PASSWORD).await;
    let decisions = house.store.decisions(Default::default(), 0, 10).await.expect("decisions");
    let hooks: Vec<_> = decisions.iter().map(|one| one.row.hook.as_str()).collect();
    assert_eq!(hooks, ["open", "proved"]);
    assert!(
        decisions.iter().all(|one| one.row.case == handle(&case)
            && one.row.version == house.service.policies().in_force().version)
    );
    // No whole address is in what the policy was told.
    assert!(
        decisions.iter().all(|one| !one.row.input.contains(crate::house::EMAIL)
            && !one.row.input.contains(crate::house::PHONE))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explaining_changes_nothing() {
    let house = House::quiet().await;
    house.add_alice().await;
    let rows = house.journal().await.len();
    let explained = house.service.explain(ALICE, "lost", &Default::default()).await.expect("explained");
    assert_eq!((explained.verdict(), explained.cause), ("prove", None));
    assert_eq!(house.journal().await.len(), rows);
    assert_eq!(house.store.counts().await.expect("counts").cases, 0);
    let unknown = house.service.explain("nobody", "lost", &Default::default()).await;
    assert!(matches!(unknown, Err(Fault::NotFound(_))));
    write_policy(house.directory.path(), &POLICY.replace("\"resync\"", "case.account.missing.deeper"));
    if house.service.reload_policies(ADMIN).await.is_ok() {
        let explained =
            house.service.explain(ALICE, "out_of_sync", &Default::default()).await.expect("explained");
        assert_eq!(explained.verdict(), "escalate");
        assert!(explained.cause.is_some_and(|cause| cause.contains("default.lua")));
    }
}
