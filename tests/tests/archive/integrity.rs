//! A journal that somebody with the disk in hand changes under a running daemon: it is told in every way there is, without
//! anybody asking, and the daemon goes on.

use readmit_tests::{Builder, Signals, World, free_address};
use rusqlite::Connection;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::kit::*;

const HOUR: u64 = 3600;

/// A world with everything that tells, and the address of its metrics.
fn told() -> (Builder, String) {
    let address = free_address().to_string();
    let builder =
        World::builder().clock().manager(None).config(&format!("[metrics]\nlisten = \"{address}\""));
    (builder, address)
}

/// Somebody else's hand on the database.
fn tamper(world: &World, sql: &str) {
    let raw = Connection::open(state(world, "readmit.db")).unwrap();
    raw.busy_timeout(readmit_tests::PATIENCE).unwrap();
    let unguarded =
        "DROP TRIGGER IF EXISTS journal_is_not_changed; DROP TRIGGER IF EXISTS journal_is_not_cut;";
    raw.execute_batch(&format!("{unguarded} BEGIN IMMEDIATE; {sql}; COMMIT;")).unwrap();
}

/// Waits for an alert of this kind: its detail.
async fn alert(alerts: &mut Signals, kind: &str) -> Value {
    loop {
        let heard = alerts.next().await;
        if heard[0] == kind {
            return heard[1].clone();
        }
    }
}

async fn metric(address: &str, name: &str) -> f64 {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().parse().unwrap()
}

/// The parts that `readmit status` finds something wrong with.
fn degraded(world: &World) -> Vec<String> {
    let status = cli(world, &["status"]);
    let parts =
        status["degraded"].as_array().unwrap().iter().map(|part| part["part"].as_str().unwrap().to_owned());
    parts.filter(|part| part == "journal" || part == "anchor").collect()
}

async fn alerts_noted(world: &World, kind: &str) -> usize {
    let journal = world.desk.journal().await;
    journal.iter().filter(|entry| entry["kind"] == "alert" && entry["detail"]["kind"] == kind).count()
}

#[tokio::test]
async fn a_changed_entry_is_found_and_told_without_anybody_asking() {
    let (builder, metrics) = told();
    let world = builder.start().await;
    accounts(&world, "a", 20).await;
    let case = world.desk.open("a1", "lost").await;
    let mut alerts = world.desk.signals("Audit1", "Alert").await;
    assert!(degraded(&world).is_empty());
    tamper(&world, "UPDATE journal SET actor = 'uid:4711' WHERE seq = 5");
    world.clock.advance(HOUR);
    let detail = alert(&mut alerts, "journal_broken").await;
    assert_eq!(detail["entry"], "5", "{detail}");
    world.manager().until("the journal is broken at entry 5").await;
    assert_eq!(degraded(&world), ["journal"]);
    assert_eq!(metric(&metrics, "readmit_journal_broken ").await, 1.0);
    assert!(metric(&metrics, "readmit_alerts_total{kind=\"journal_broken\"} ").await >= 1.0);
    assert!(
        world.log().contains("the journal is broken") && world.log().contains("BACKUP.md"),
        "{}",
        world.log()
    );
    assert_eq!(alerts_noted(&world, "journal_broken").await, 1);
    // Recoveries go on: to break the journal is no way to stop them.
    assert_eq!(case.state().await, "escalated", "there is no phone on file");
    world.desk.add_account("later", serde_json::json!({})).await.unwrap();
}

/// At the start all of it is looked at as well, beside everything else.
#[tokio::test]
async fn a_changed_entry_is_found_after_the_start() {
    let (builder, _) = told();
    let mut world = builder.start().await;
    accounts(&world, "a", 5).await;
    world.stop().await;
    tamper(&world, "UPDATE journal SET kind = 'x' WHERE seq = 3");
    world.start().await;
    world.manager().until("the journal is broken at entry 3").await;
}

/// Where the end is cut off so that what is left fits its signed head, the chain alone cannot tell. What the daemon has
/// exported does, within seconds; and the anchor does not follow, so that the next start tells as well.
#[tokio::test]
async fn an_end_that_is_cut_off_is_found_and_the_anchor_does_not_follow() {
    let (builder, _) = told();
    let mut world = builder.start().await;
    accounts(&world, "a", 5).await;
    world.stop().await;
    world.start().await;
    let raw = Connection::open(state(&world, "readmit.db")).unwrap();
    let earlier: (i64, Vec<u8>, Vec<u8>) = raw
        .query_row("SELECT seq, hash, signature FROM journal_head", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    drop(raw);
    accounts(&world, "b", 300).await;
    let last = anchored(&world, earlier.0.unsigned_abs() + 256).await;
    let mut alerts = world.desk.signals("Audit1", "Alert").await;
    let (seq, hash, signature) = (earlier.0, hex::encode(earlier.1), hex::encode(earlier.2));
    tamper(
        &world,
        &format!(
            "DELETE FROM journal WHERE seq > {seq};
             UPDATE journal_head SET seq = {seq}, hash = x'{hash}', signature = x'{signature}'"
        ),
    );
    let detail = alert(&mut alerts, "journal_broken").await;
    assert_eq!(detail["entry"].as_str().unwrap().parse::<i64>().unwrap(), seq + 1, "{detail}");
    assert!(detail["why"].as_str().unwrap().contains("the end was cut off"), "{detail}");
    assert_eq!(degraded(&world), ["journal"]);
    world.stop().await;
    assert_eq!(anchor(&world)["seq"].as_u64(), Some(last), "the anchor does not follow");
    let said = refused_start(&world);
    assert!(said.contains("is not the database that was here before"), "{said}");
}

/// Waits for the export of this entry or a later one, and gives its number.
async fn anchored(world: &World, seq: u64) -> u64 {
    until_exported(world, seq).await;
    anchor(world)["seq"].as_u64().unwrap()
}

/// An anchor that is put back, forged or gone is told, and written anew with the next export.
#[tokio::test]
async fn an_anchor_that_somebody_changes_is_told_and_put_right() {
    let (builder, metrics) = told();
    let mut world = builder.start().await;
    let earlier = std::fs::read_to_string(state(&world, "readmit.db.anchor")).unwrap();
    accounts(&world, "a", 5).await;
    world.stop().await;
    world.start().await;
    let right = anchor(&world)["seq"].as_u64().unwrap();
    let mut alerts = world.desk.signals("Audit1", "Alert").await;
    std::fs::write(state(&world, "readmit.db.anchor"), earlier).unwrap();
    let detail = alert(&mut alerts, "anchor_mismatch").await;
    assert!(detail["why"].as_str().unwrap().contains("which is not what was written"), "{detail}");
    assert_eq!(degraded(&world), ["anchor"]);
    assert_eq!(alerts_noted(&world, "anchor_mismatch").await, 1);
    assert_eq!(metric(&metrics, "readmit_journal_broken ").await, 0.0, "the journal itself is whole");
    // So many entries are exported at once.
    accounts(&world, "b", 300).await;
    until_exported(&world, right + 256).await;
    let log = world.directory().join("daemon.log");
    let mut look = tokio::time::interval(std::time::Duration::from_millis(100));
    let right_again = async {
        while !std::fs::read_to_string(&log).unwrap().contains("the anchor is right again") {
            look.tick().await;
        }
    };
    readmit_tests::patiently("the anchor to be right again", right_again).await;
    assert!(degraded(&world).is_empty());
    std::fs::remove_file(state(&world, "readmit.db.anchor")).unwrap();
    assert_eq!(alert(&mut alerts, "anchor_mismatch").await["why"], "it is gone");
    assert!(world.stop().await.success());
    world.start().await;
    assert_eq!(cli(&world, &["audit", "verify"])["ok"], true);
}
