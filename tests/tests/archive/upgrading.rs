//! A new schema: whenever the daemon is killed while it brings the database there, the next start goes on, and nothing is
//! lost.

use std::process::{Command, Stdio};

use readmit_tests::{World, program, run};
use rusqlite::Connection;
use serde_json::json;

use crate::kit::*;

/// As a daemon of the version before left the database.
const OLDER_SCHEMA: &str = include_str!("../../../daemon/store/tests/fixtures/to-schema-7.sql");

/// A stopped world whose database is of an older schema, and the newest one.
async fn of_an_older_schema() -> (World, i64) {
    let mut world = World::builder().start().await;
    world.person("alice").await;
    accounts(&world, "a", 200).await;
    world.stop().await;
    let newest = schema(&world);
    downgrade(&world);
    (world, newest)
}

fn downgrade(world: &World) {
    Connection::open(state(world, "readmit.db")).unwrap().execute_batch(OLDER_SCHEMA).unwrap();
}

fn schema(world: &World) -> i64 {
    let raw = Connection::open(state(world, "readmit.db")).unwrap();
    raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn copy(world: &World) -> String {
    state(world, "readmit.db.schema-7.bak").display().to_string()
}

async fn is_whole(world: &World, moment: &str) {
    assert_eq!(world.desk.account("alice").await["id"], "alice", "{moment}");
    assert_eq!(world.desk.account_ids().await.len(), 201, "{moment}");
    assert_eq!(cli(world, &["audit", "verify"])["ok"], true, "{moment}");
    let checked = cli(world, &["backup", "--verify", &copy(world)]);
    assert_eq!(checked["schema"], 7, "{moment}: {checked}");
    for left in ["readmit.db.copy", "readmit.db.schema-7.bak.part"] {
        assert!(!state(world, left).exists(), "{moment}: {left}");
    }
}

#[tokio::test]
async fn a_daemon_that_is_killed_on_the_way_to_a_new_schema_goes_on_at_the_next_start() {
    let (mut world, newest) = of_an_older_schema().await;
    // The copy is begun, is written, is there; the schema is made, and the database is served.
    for moment in
        ["readmit.db.copy", "readmit.db.schema-7.bak.part", "readmit.db.schema-7.bak", "readmit.db.anchor"]
    {
        let config = world.config();
        let mut daemon = Command::new(program("readmitd"));
        daemon.arg("--config").arg(config).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(killed_at(&mut daemon, &world.directory().join("state"), moment), "{moment} never came");
        let found = schema(&world);
        assert!(found == 7 || found == newest, "{moment}: {found}");
        world.start().await;
        is_whole(&world, moment).await;
        world.stop().await;
        assert_eq!(schema(&world), newest, "{moment}");
        // And the way back, by the copy.
        let back = restore(&world, &["--accept-rollback", &copy(&world)]);
        assert_eq!(back.code, 0, "{moment}: {back:?}");
        for file in std::fs::read_dir(world.directory().join("state")).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.contains(".replaced-") || name.ends_with(".bak") {
                std::fs::remove_file(path).unwrap();
            }
        }
        downgrade(&world);
    }
}

#[tokio::test]
async fn a_configuration_that_keeps_things_too_short_or_too_long_is_refused() {
    let world = World::builder().start().await;
    let config = std::fs::read_to_string(world.config()).unwrap();
    for (key, wrong) in [
        ("journal_days", json!(29)),
        ("journal_days", json!(1_000_000)),
        ("decisions_days", json!(0)),
        ("cases_days", json!(90)),
        ("differences_days", json!(-1)),
        ("journal_days", json!("for ever")),
    ] {
        let file = world.directory().join("wrong.toml");
        std::fs::write(&file, format!("{config}\n[retention]\n{key} = {wrong}\n")).unwrap();
        let ended = run("readmitd", &["--config", file.to_str().unwrap()], "");
        let line = config.lines().count() + 3;
        let said = format!("wrong.toml:{line}");
        assert!(
            ended.code == 1 && ended.error.contains(key) && ended.error.contains(&said),
            "{key} = {wrong}: {ended:?}"
        );
    }
}

const DAY: u64 = 24 * 3600;

/// The daemon removes what is old while it runs, and what stays proves itself, against the checkpoint and against an export
/// from before.
#[tokio::test]
async fn what_is_old_goes_while_the_daemon_runs_and_the_rest_stays_provable() {
    let days = "[retention]\njournal_days = 30\n";
    let world = World::builder().clock().config(days).start().await;
    world.person("alice").await;
    accounts(&world, "a", 300).await;
    // What was not exported does not go, however old it is.
    until_exported(&world, 256).await;
    let export = world.directory().join("before.jsonl").display().to_string();
    let exported = cli(&world, &["audit", "export", "-o", &export]);
    world.clock.advance(40 * DAY);
    let mut look = tokio::time::interval(std::time::Duration::from_millis(200));
    let pruned = async {
        loop {
            let report = cli(&world, &["audit", "verify"]);
            assert_eq!(report["ok"], true, "{report}");
            if report["checkpoint"].is_object() {
                return report["checkpoint"].clone();
            }
            look.tick().await;
        }
    };
    let checkpoint = readmit_tests::patiently("old entries to be removed", pruned).await;
    assert_eq!(checkpoint["rule"], "journal_days=30");
    let seq = checkpoint["seq"].as_u64().unwrap();
    assert!(seq >= 256 && seq <= exported["last"].as_u64().unwrap(), "{checkpoint}");
    let text = std::fs::read_to_string(export).unwrap();
    let line = text.lines().find(|line| line.contains(&format!("\"seq\":{seq},"))).unwrap();
    assert!(line.contains(checkpoint["hash"].as_str().unwrap()), "the export ends where the journal begins");
    assert!(world.desk.journal().await.iter().any(|entry| entry["kind"] == "journal.pruned"));
    let log = world.directory().join("daemon.log");
    let report = cli(&world, &["audit", "verify", "--require-heads", "--heads", log.to_str().unwrap()]);
    assert_eq!(report["heads"]["problems"], json!([]), "{report}");
}
