//! Exports that an outsider can check, with a program that is not ours.

use std::process::Command;

use readmit_tests::World;
use serde_json::{Value, json};

use crate::kit::*;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contrib/schemas/audit-export.json");
const CHECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/archive/check_export.py");

/// What the outsider finds.
fn check(files: &[&str]) -> Result<Value, String> {
    let python = std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned());
    let ended = Command::new(python).args([CHECK, SCHEMA]).args(files).output().unwrap();
    if ended.status.success() {
        return Ok(serde_json::from_slice(&ended.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&ended.stderr).into_owned())
}

#[tokio::test]
async fn an_outsider_checks_the_whole_chain() {
    let world = World::builder().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    world.desk.resolve(&case, "deny", "x").await.unwrap_err();
    world
        .desk
        .texts("Devices1", "Deactivate", &[&alice.device, "gehört \"ihr\" nicht\n\u{7f}\u{1} 鍵"])
        .await
        .unwrap();
    // More in one second than one answer holds.
    accounts(&world, "a", 1100).await;
    let file = |name: &str| world.directory().join(name).display().to_string();
    let (whole, first, second) = (file("whole.jsonl"), file("first.jsonl"), file("second.jsonl"));
    let exported = cli(&world, &["audit", "export", "-o", &whole]);
    assert!(exported["entries"].as_u64() > Some(1100), "{exported}");
    assert_eq!(check(&[&whole]).unwrap()["last"], exported["last"]);
    // In parts, each going on where the one before ended.
    let part = cli(&world, &["audit", "export", "--to", "500", "-o", &first]);
    assert_eq!((&part["entries"], &part["last"]), (&json!(500), &json!(500)));
    cli(&world, &["audit", "export", "--after", "500", "-o", &second]);
    assert_eq!(check(&[&first, &second]).unwrap()["last"], exported["last"]);
    assert!(check(&[&second, &first]).is_err());
    // Whatever is changed in it is found.
    let text = std::fs::read_to_string(&whole).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = [&lines[..7], &lines[8..]].concat().join("\n");
    for (changed, what) in [
        (text.replacen("\"account\":\"a7\"", "\"account\":\"b7\"", 1), "was changed"),
        (without, "is missing"),
        (text.replacen("\"readmit_journal\":1", "\"readmit_journal\":2", 1), "ValidationError"),
    ] {
        assert_ne!(changed, text);
        std::fs::write(&first, changed).unwrap();
        let found = check(&[&first]).unwrap_err();
        assert!(found.contains(what), "{what}: {found}");
    }
}

#[tokio::test]
async fn a_redacted_export_names_nobody() {
    let world = World::builder().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    world.desk.texts("Devices1", "Deactivate", &[&alice.device, "Alice Liddell asked for it"]).await.unwrap();
    let path = world.directory().join("redacted.jsonl").display().to_string();
    let exported = cli(&world, &["audit", "export", "--redact", "-o", &path]);
    assert!(exported["entries"].as_u64() > Some(4), "{exported}");
    let text = std::fs::read_to_string(&path).unwrap();
    let uid = format!("uid:{}", rustix::process::getuid().as_raw());
    for hidden in ["alice", "Liddell", &alice.device, &case.id, uid.as_str(), "\"hash\""] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    check(&[&path]).unwrap();
    let entries: Vec<Value> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    let accounts: std::collections::BTreeSet<_> =
        entries.iter().filter_map(|entry| entry["account"].as_str()).collect();
    assert_eq!(accounts.len(), 1, "the same pseudonym throughout: {accounts:?}");
    assert!(entries.iter().any(|entry| entry["detail"]["reason"] == "lost"), "our own words stay");
}
