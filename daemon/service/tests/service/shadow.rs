//! A candidate beside the policies in force: it is asked, and touches nothing.

use std::collections::BTreeMap;

use readmit_policy::limits::MAX_FILE_BYTES;
use readmit_policy::workbench::compare::Effect;
use readmit_policy::workbench::replay::{Replay, log};
use readmit_policy::{Budget, Channels, LoadError, PolicySet, Sources};
use readmit_recovery::rules::Rules;
use readmit_store::{DecisionRow, ShadowTally, Store, StoredDecision, Write};
use readmitd::service::Fault;

use crate::house::{ADMIN, ALICE, House, PASSWORD, POLICY, handle, limits};

/// The policy of the house, but a pass alone is enough for a lost device.
fn weaker() -> String {
    POLICY.replace(r#"prove { "password", "email" }"#, r#"any(1, { all { "password", "email" }, "pass" })"#)
}

fn files(text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("default.lua".to_owned(), text.to_owned())])
}

async fn tally(house: &House) -> ShadowTally {
    house.service.settle_shadow().await;
    house.service.shadow().await.expect("read").expect("a shadow").tally
}

async fn changes(house: &House) -> Vec<(String, String)> {
    let found = house.service.differences(Default::default(), 0, 100, ADMIN).await.expect("read");
    found.into_iter().map(|one| (one.stored.row.change, one.words)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_differs_is_kept() {
    let house = House::quiet().await;
    house.add_alice().await;
    house.open(ALICE, "lost").await;
    let version = house.service.start_shadow(files(&weaker()), "uid:7").await.expect("started");
    assert_eq!(house.entries("shadow_started").await[0].0, "uid:7");
    // What was decided before is not asked again; from now on every hook is.
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.open(ALICE, "out_of_sync").await;
    let wanted = ShadowTally { asked: 3, same: 2, weaker: 1, ..ShadowTally::default() };
    assert_eq!(tally(&house).await, wanted);
    let found = house.service.differences(Default::default(), 0, 100, "uid:7").await.expect("read");
    let row = &found[0].stored.row;
    assert_eq!(row.case, handle(&case));
    assert_eq!((row.hook.as_str(), row.change.as_str()), ("open", "weaker"));
    assert!(found[0].words.contains("pass alone"), "{}", found[0].words);
    assert_ne!(row.version, version);
    assert!(row.shadow.contains(r#""pass""#) && !row.verdict.contains(r#""pass""#));
    let (actor, range) = &house.entries("differences_read").await[0];
    assert_eq!((actor.as_str(), &range["first"], &range["rows"]), ("uid:7", &1.into(), &1.into()));
    // The live case is the live policy's.
    let steps = house.view(&case).await.steps;
    assert_eq!(steps.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_shadow_is_asked_no_more_and_stays_to_be_read() {
    let house = House::quiet().await;
    house.add_alice().await;
    assert!(matches!(house.service.stop_shadow(ADMIN).await, Err(Fault::WrongState(_))));
    house.service.start_shadow(files(&weaker()), ADMIN).await.expect("started");
    house.open(ALICE, "lost").await;
    let before = tally(&house).await;
    house.service.stop_shadow("uid:8").await.expect("stopped");
    house.open(ALICE, "lost").await;
    assert_eq!((tally(&house).await, before.asked), (before, 1));
    assert!(house.service.shadow().await.expect("read").expect("a shadow").stopped_at.is_some());
    assert_eq!(changes(&house).await.len(), 1);
    assert_eq!(house.entries("shadow_stopped").await[0].0, "uid:8");
    // The next one begins anew.
    house.service.start_shadow(files(POLICY), ADMIN).await.expect("started");
    assert_eq!((tally(&house).await, changes(&house).await.len()), (ShadowTally::default(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shadow_goes_on_after_a_restart() {
    let mut house = House::quiet().await;
    house.work();
    house.add_alice().await;
    let version = house.service.start_shadow(files(&weaker()), ADMIN).await.expect("started");
    house.open(ALICE, "lost").await;
    house.service.settle_shadow().await;
    let mut house = House::on(house.stop().await, limits(), Vec::new()).await;
    house.work();
    // It is taken up by the work, which tells nothing: so it is asked until it answers.
    let mut opened = 0;
    while house.service.shadow().await.expect("read").expect("a shadow").tally.asked < 2 {
        house.open(ALICE, "lost").await;
        house.service.settle_shadow().await;
        opened += 1;
        assert!(opened < 10_000, "it is never taken up");
    }
    let row = house.service.shadow().await.expect("read").expect("a shadow");
    assert_eq!((row.version, row.stopped_at, row.tally.weaker), (version, None, 2));
    assert_eq!(changes(&house).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_is_taken_whole_or_not_at_all() {
    let house = House::quiet().await;
    let refused = [
        files("return {"),
        files(r#"return { open = function() return prove { "pasword" } end }"#),
        files(&format!("return {{}} --{}", "x".repeat(MAX_FILE_BYTES))),
        BTreeMap::from([("../default.lua".to_owned(), POLICY.to_owned())]),
        BTreeMap::new(),
    ];
    for files in refused {
        let refusal = house.service.start_shadow(files, ADMIN).await;
        assert!(matches!(&refusal, Err(Fault::Refused(why)) if !why.is_empty()), "{refusal:?}");
    }
    assert!(house.service.shadow().await.expect("read").is_none());
}

/// A candidate that fails, loops or eats memory: the live cases go on, and it is said what became of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shadow_that_misbehaves_touches_no_live_case() {
    let house = House::quiet().await;
    house.add_alice().await;
    let bad = [
        ("error('broken')", "broken"),
        ("while true do end", "budget"),
        ("local t = {} while true do t[#t + 1] = string.rep('x', 60000) .. #t end", "budget"),
        ("return prove { 'email' }", "below the floor"),
    ];
    for (body, wanted) in bad {
        // So that it loads: what it is inspected with is no such account.
        let body = format!("if case.account.id == '{ALICE}' then {body} end");
        let candidate =
            POLICY.replace("function policy.open(case)", &format!("function policy.open(case)\n{body}"));
        house.service.start_shadow(files(&candidate), ADMIN).await.expect("started");
        let case = house.open(ALICE, "lost").await;
        house.prove(&case, "password", PASSWORD).await;
        let counted = tally(&house).await;
        assert_eq!((counted.asked, counted.failing, counted.same), (2, 1, 1), "{body}");
        let told = changes(&house).await;
        assert!(told[0].0 == "failing" && told[0].1.contains(wanted), "{body}: {told:?}");
        assert_eq!(house.view(&case).await.state, "proving");
    }
    assert!(house.entries("policy_failed").await.is_empty());
}

/// Nobody works off the queue here: it overflows, and what it does not hold is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_shadow_cannot_keep_up_with_is_dropped_and_counted() {
    let house = House::limited(|limits| {
        limits.opens_per_account.max = 100_000;
        limits.opens_total.max = 100_000;
    })
    .await;
    house.add_alice().await;
    house.service.start_shadow(files(&weaker()), ADMIN).await.expect("started");
    for _ in 0..1030 {
        house.open(ALICE, "out_of_sync").await;
    }
    let counted = tally(&house).await;
    assert_eq!((counted.asked, counted.same, counted.dropped), (1024, 1024, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_decision_log_is_read_page_by_page_and_that_is_journalled() {
    let house = House::quiet().await;
    house.add_alice().await;
    let case = house.open(ALICE, "out_of_sync").await;
    house.prove(&case, "password", PASSWORD).await;
    let read = async |after, limit| {
        let rows = house.service.decisions(Default::default(), after, limit, "uid:9").await.expect("read");
        rows.iter().map(|one| (one.id, one.row.hook.clone())).collect::<Vec<_>>()
    };
    assert_eq!(read(0, 1).await, [(1, "open".to_owned())]);
    assert_eq!(read(1, 10).await, [(2, "proved".to_owned())]);
    assert_eq!(read(2, 10).await, []);
    let entries = house.entries("decisions_read").await;
    let ranges: Vec<_> =
        entries.iter().map(|(_, said)| (said["first"].clone(), said["last"].clone())).collect();
    assert_eq!(ranges, [(1.into(), 1.into()), (2.into(), 2.into())]);
    assert!(entries.iter().all(|(actor, _)| actor == "uid:9"));
    // Large ones come a few at a time.
    let large = |_| {
        Write::Decision(DecisionRow {
            at: readmitd::service::now(),
            case: case.clone().try_into().expect("an id"),
            version: house.service.policies().in_force().version,
            hook: "open".to_owned(),
            input: "x".repeat(1024 * 1024),
            verdict: "{}".to_owned(),
            micros: 1,
        })
    };
    let change = readmit_store::Change {
        at: readmitd::service::now(),
        actor: "test".to_owned(),
        writes: (0..9).map(large).collect(),
    };
    house.store.commit(change).await.expect("logged");
    assert_eq!((read(2, 1000).await.len(), read(9, 1000).await.len()), (7, 2));
}

/// What the daemon logs is what a replay reads: the same policies decide the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_decision_log_replays() {
    let house = House::quiet().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.open(ALICE, "stolen").await;
    let rows = house.service.decisions(Default::default(), 0, 1000, ADMIN).await.expect("read");
    let mut text = log::header();
    for StoredDecision { id, row } in &rows {
        let names = (row.case.as_str(), row.version.as_str(), row.hook.as_str());
        text += &log::line((*id, row.at.unix(), row.micros), names, &row.input, &row.verdict);
    }
    for (policy, same, weaker) in [(POLICY.to_owned(), 3, 0), (weaker(), 2, 1)] {
        let load = |load: fn(Sources, Budget, &Channels) -> Result<PolicySet, LoadError>| {
            let sources = Sources::from_files(files(&policy)).expect("sources");
            load(sources, Budget::default(), &Channels::default()).expect("a set")
        };
        let (candidate, watched) = (load(PolicySet::load), load(PolicySet::watched));
        let rules = Rules::default();
        let mut lines = log::Lines::open(text.as_bytes()).expect("a log");
        let mut replay = Replay::new(&candidate, &watched, &rules);
        while let Some(line) = lines.next_line().expect("a line") {
            replay.line(line).expect("a decision");
        }
        let report = replay.finish().expect("a report");
        assert_eq!((report.same, report.count(Effect::Weaker)), (same, weaker));
    }
}
