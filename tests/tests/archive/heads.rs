//! Heads leave the store, and a store that is not the one that was is not served.

use readmit_tests::World;
use serde_json::Value;

use crate::kit::*;

fn logged(world: &World) -> Vec<u64> {
    let log = world.log();
    let heads = log.lines().filter(|line| line.contains("readmit::head"));
    let seq = |line: &str| {
        let (_, rest) = line.split_once("READMIT_JOURNAL_SEQ=")?;
        rest.split_whitespace().next()?.parse().ok()
    };
    heads.map(|line| seq(line).unwrap_or_else(|| unreachable!("{line}"))).collect()
}

/// At start, while it runs, and at the stop: into the log with every field, and into the anchor.
#[tokio::test]
async fn heads_are_exported_at_start_while_running_and_at_the_stop() {
    let mut world = World::builder().start().await;
    assert_eq!(logged(&world).len(), 1, "at start");
    let before = anchor(&world)["seq"].as_u64().unwrap();
    accounts(&world, "a", 300).await;
    until_exported(&world, before + 256).await;
    assert!(logged(&world).len() >= 2, "while it runs");
    world.desk.add_account("last", serde_json::json!({})).await.unwrap();
    assert!(world.stop().await.success());
    let heads = logged(&world);
    assert_eq!(heads.last(), anchor(&world)["seq"].as_u64().as_ref(), "at the stop");
    assert!(heads.is_sorted());
    for field in
        ["MESSAGE_ID=", "READMIT_JOURNAL_HASH=", "READMIT_JOURNAL_SIGNATURE=", "READMIT_JOURNAL_PUBLIC_KEY="]
    {
        assert!(world.log().contains(field), "{field}");
    }
    world.start().await;
    let log = world.directory().join("daemon.log");
    let report = cli(&world, &["audit", "verify", "--require-heads", "--heads", log.to_str().unwrap()]);
    assert_eq!(report["heads"]["problems"], serde_json::json!([]));
    assert!(report["heads"]["found"].as_u64() >= Some(3), "{report}");
}

fn broken(world: &World) -> String {
    let log = world.directory().join("daemon.log");
    let ended = world.cli(&["audit", "verify", "--heads", log.to_str().unwrap()], "");
    assert_eq!(ended.code, 1, "{ended:?}");
    ended.error
}

/// The database alone put back is refused; with its anchor put back, too, the heads outside tell.
#[tokio::test]
async fn an_earlier_state_is_not_served_silently() {
    let mut world = World::builder().start().await;
    world.stop().await;
    let files = ["readmit.db", "readmit.db.anchor"];
    let earlier = files.map(|name| std::fs::read(state(&world, name)).unwrap());
    world.start().await;
    accounts(&world, "a", 5).await;
    world.stop().await;
    std::fs::write(state(&world, files[0]), &earlier[0]).unwrap();
    let said = refused_start(&world);
    assert!(said.contains("put back to an earlier state") && said.contains("readmit restore"), "{said}");
    std::fs::write(state(&world, files[1]), &earlier[1]).unwrap();
    world.start().await;
    let said = broken(&world);
    assert!(said.contains("cut off at the end") && said.contains("BACKUP.md"), "{said}");
    // Written on to the same length, it tells another story.
    accounts(&world, "b", 9).await;
    let said = broken(&world);
    assert!(said.contains("is another than the one that was signed"), "{said}");
}

#[tokio::test]
async fn a_database_that_was_replaced_with_its_key_is_named() {
    let mut world = World::builder().start().await;
    accounts(&world, "a", 3).await;
    world.stop().await;
    std::fs::remove_dir_all(world.directory().join("state")).unwrap();
    world.start().await;
    let said = broken(&world);
    assert!(said.contains("was signed with another key"), "{said}");
}

/// Nobody's word counts as a head but that of the journal's key; and no head at all is said.
#[tokio::test]
async fn what_is_no_head_is_not_compared() {
    let world = World::builder().start().await;
    let log = world.log().replace("READMIT_JOURNAL_SEQ=", "READMIT_JOURNAL_SEQ=9");
    let report = world.cli(&["audit", "verify", "--heads", "-", "--json"], &log);
    assert_eq!(report.code, 0, "{report:?}");
    let report: Value = serde_json::from_str(&report.output).unwrap();
    assert_eq!((&report["heads"]["found"], &report["heads"]["forged"]), (&0.into(), &1.into()), "{report}");
    let ended = world.cli(&["audit", "verify", "--heads", "-", "--require-heads"], "");
    assert!(ended.code == 1 && ended.error.contains("no head"), "{ended:?}");
}
