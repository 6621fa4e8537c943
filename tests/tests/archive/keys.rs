//! New keys while everything runs, and whatever ends it in between.

use std::os::unix::fs::PermissionsExt as _;

use readmit_tests::{PASSWORD, World};
use serde_json::{Value, json};

use crate::kit::*;

fn parts(status: &Value) -> Vec<(String, String)> {
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    status["keys"].as_array().unwrap().iter().map(|key| (text(key, "key"), text(key, "part"))).collect()
}

fn named(key: &str, part: &str) -> (String, String) {
    (key.to_owned(), part.to_owned())
}

#[tokio::test]
async fn a_key_is_replaced_while_everything_runs_and_outlives_a_kill() {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    accounts(&world, "a", 200).await;
    let file = std::fs::read(state(&world, "store.key")).unwrap();
    let answer = cli(&world, &["key", "rotate", "--wait"]);
    assert_eq!(answer["key"], "data 1");
    assert_eq!(parts(&answer), [named("root 1", "root"), named("data 1", "current")]);
    assert!(answer["resealed"].as_u64() > Some(200), "{answer}");
    for round in 2..5 {
        cli(&world, &["key", "rotate"]);
        world.kill().await;
        world.start().await;
        let current = format!("data {round}");
        let is_last = |status: &Value| {
            status["resealing"] == false
                && parts(status) == [named("root 1", "root"), named(&current, "current")]
        };
        // It goes on by itself after the start.
        let mut look = tokio::time::interval(std::time::Duration::from_millis(100));
        let ended = async {
            while !is_last(&cli(&world, &["key", "status"])) {
                look.tick().await;
            }
        };
        readmit_tests::patiently("everything to be sealed again", ended).await;
    }
    assert_eq!(std::fs::read(state(&world, "store.key")).unwrap(), file);
    assert_eq!(world.desk.verify("alice", &alice.code(world.now(), 0)).await, "accepted");
    let case = world.desk.open("alice", "lost").await;
    assert_eq!(case.submit("password", &[PASSWORD]).await.unwrap()["accepted"], true);
    assert_eq!(cli(&world, &["audit", "verify"])["ok"], true);
}

#[tokio::test]
async fn a_root_key_in_a_file_is_replaced_and_one_that_is_not_says_how() {
    let mut world = World::builder().start().await;
    world.person("alice").await;
    cli(&world, &["key", "rotate", "--wait"]);
    let answer = cli(&world, &["key", "rotate", "--root", "--wait"]);
    assert_eq!(parts(&answer), [named("root 2", "root"), named("data 1", "current")]);
    let key = std::fs::read_to_string(state(&world, "store.key")).unwrap();
    assert_eq!(key.lines().count(), 2, "the old root key is gone");
    world.kill().await;
    world.start().await;
    assert_eq!(world.desk.account("alice").await["id"], "alice");

    // As a filter for whoever keeps it as a credential.
    let added = readmit_tests::run("readmitd", &["keyring", "add"], &key);
    assert_eq!((added.code, added.output.lines().count()), (0, 3), "{}", added.error);
    let pruned = readmit_tests::run("readmitd", &["keyring", "prune"], &added.output);
    assert_eq!((pruned.code, pruned.output.lines().count()), (0, 2));
    let wrong = readmit_tests::run("readmitd", &["keyring", "add"], "no keyring");
    assert!(wrong.code == 1 && wrong.output.is_empty() && wrong.error.contains("malformed"), "{wrong:?}");
}

/// The key in a file with mode and owner as they must be, or the daemon does not start.
#[tokio::test]
async fn a_key_that_others_reach_or_that_is_gone_is_said() {
    let mut world = World::builder().start().await;
    world.stop().await;
    let key = state(&world, "store.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = refused_start(&world);
    assert!(said.contains("chmod 0600"), "{said}");
    std::fs::remove_file(&key).unwrap();
    let said = refused_start(&world);
    assert!(said.contains("restore the key from its backup"), "{said}");
    assert!(!key.exists(), "no new key is made for an old database");
    let table: [(&[u8], &str); 3] = [
        (b"readmit-keyring 1\nkey 1 BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", "another key"),
        (b"", "malformed"),
        (b"\xff\xfe", "cannot read"),
    ];
    for (text, phrase) in table {
        std::fs::write(&key, text).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let said = refused_start(&world);
        assert!(said.contains(phrase) && !said.contains("BwcH"), "{phrase}: {said}");
    }
    std::fs::write(&key, kept).unwrap();
    world.start().await;
}

#[tokio::test]
async fn verifiers_know_both_keys_of_sign_ins_for_a_while() {
    let mut world = World::builder().start().await;
    let keys = async |world: &World| -> Vec<Value> {
        let text = world.desk.ask("Recovery1", "SigningKeys", &()).await.unwrap();
        let set: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
        set["keys"].as_array().unwrap().clone()
    };
    let before = keys(&world).await;
    let answer = cli(&world, &["key", "rotate", "--sign-in"]);
    let after = keys(&world).await;
    assert_eq!((before.len(), after.len()), (1, 2));
    assert_eq!(after[0]["kid"], answer["key"]);
    assert_eq!(after[1], before[0], "the old key is there as it was");
    world.kill().await;
    world.start().await;
    assert_eq!(json!(keys(&world).await), json!(after), "after a restart as well");
}
