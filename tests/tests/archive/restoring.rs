//! Backups while everything runs, and the way back.

use std::process::{Command, Stdio};

use readmit_tests::{World, program};
use serde_json::{Value, json};

use crate::kit::*;

#[tokio::test]
async fn a_backup_is_made_checked_and_never_overwritten() {
    let world = World::builder().start().await;
    world.person("alice").await;
    let path = world.directory().join("one.backup");
    let name = path.to_str().unwrap();
    let made = cli(&world, &["backup", name]);
    assert_eq!(made["file"], name);
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777,
        0o600
    );
    let checked = cli(&world, &["backup", "--verify", name]);
    for key in ["sha256", "seq", "hash", "bytes", "schema", "made_at"] {
        assert_eq!(checked[key], made[key], "{key}");
    }
    let again = world.cli(&["backup", name], "");
    assert!(again.code == 1 && again.hint().contains("--force"), "{again:?}");
    cli(&world, &["backup", "--force", name]);
    let journal = world.desk.journal().await;
    let kinds = journal.iter().filter(|entry| entry["kind"] == "store.backed_up");
    assert_eq!(kinds.count(), 2);
    let nowhere = world.cli(&["backup", "/nowhere/x.backup"], "");
    assert!(nowhere.code == 1 && nowhere.error.contains("cannot be written"), "{nowhere:?}");

    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 100]).unwrap();
    let cut = world.cli(&["backup", "--verify", name], "");
    assert!(cut.code == 1 && cut.error.contains("cut off"), "{cut:?}");
    let mut changed = whole;
    changed[5000] ^= 1;
    std::fs::write(&path, changed).unwrap();
    let changed = world.cli(&["backup", "--verify", name], "");
    assert!(changed.code == 1 && changed.error.contains("damaged"), "{changed:?}");
}

/// What was used since the backup does not count again, and the journal says what was done.
#[tokio::test]
async fn going_back_needs_a_word_and_revives_nothing() {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    let codes = world.desk.recovery_codes("alice").await;
    let pass = world.desk.pass("alice", 3600).await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    let path = back_up(&world, "before.backup");

    // Since then a code of the device is used, and an account comes.
    let code = alice.code(world.now(), 0);
    assert_eq!(world.desk.verify("alice", &code).await, "accepted");
    world.desk.add_account("bob", json!({})).await.unwrap();
    let running = restore(&world, &["--accept-rollback", &path]);
    assert!(running.code == 1 && running.error.contains("systemctl stop readmitd"), "{running:?}");
    assert!(world.stop().await.success());

    let refused = restore(&world, &[&path]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let said: Value = serde_json::from_str(&refused.error).unwrap();
    assert!(said["message"].as_str().unwrap().contains("bob"), "{said}");
    assert!(said["hint"].as_str().unwrap().contains("--accept-rollback"), "{said}");
    let restored = restore(&world, &["--accept-rollback", &path]);
    assert_eq!(restored.code, 0, "{restored:?}");
    let restored: Value = serde_json::from_str(&restored.output).unwrap();
    assert_eq!(restored["voided"]["recovery_codes"].as_u64(), Some(codes.len() as u64));
    assert!(std::path::Path::new(restored["aside"].as_str().unwrap()).exists());

    world.start().await;
    assert_eq!(world.desk.verify("alice", &code).await, "rejected", "a code counts once");
    assert_eq!(case.state().await, "expired");
    assert_eq!(world.desk.account("alice").await["recovery_codes"], 0);
    let second = world.desk.open("alice", "lost").await;
    assert_eq!(second.submit("pass", &[&pass]).await.map(|answer| answer["accepted"].clone()).ok(), None);
    let journal = world.desk.journal().await;
    let entry = journal.iter().find(|entry| entry["kind"] == "store.restored").unwrap();
    assert_eq!(entry["actor"], "restore");
    // The heads of what was given up are explained by that entry, and no longer a wonder.
    let log = world.directory().join("daemon.log");
    let report = cli(&world, &["audit", "verify", "--require-heads", "--heads", log.to_str().unwrap()]);
    assert_eq!(report["heads"]["problems"], json!([]), "{report}");
}

/// Killed at any moment, there is the old database or the new one, and the daemon serves it.
#[tokio::test]
async fn a_restore_that_is_killed_leaves_the_old_or_the_new() {
    let mut world = World::builder().start().await;
    accounts(&world, "a", 5).await;
    let path = back_up(&world, "before.backup");
    accounts(&world, "b", 5).await;
    world.stop().await;
    let config = world.config().display().to_string();
    let mut seen = [0, 0];
    // The backup is taken out and opened; the note says that it counts, with its anchor; the old database is aside, and
    // the new one in its place.
    for moment in [
        "readmit.db.restoring",
        "readmit.db.restoring-wal",
        "readmit.db.restore.anchor",
        "readmit.db.restore.next",
        "readmit.db.restore",
        "readmit.db.replaced-",
        "readmit.db.anchor",
    ] {
        let mut restoring = Command::new(program("readmitd"));
        restoring.args(["--config", &config, "restore", "--accept-rollback", "--json", &path]);
        restoring.stdout(Stdio::null()).stderr(Stdio::null());
        assert!(killed_at(&mut restoring, &world.directory().join("state"), moment), "{moment} never came");
        world.start().await;
        let count = world.desk.account_ids().await.len();
        assert!(count == 10 || count == 5, "{moment}: {count} accounts");
        seen[usize::from(count == 5)] += 1;
        assert_eq!(cli(&world, &["audit", "verify"])["ok"], true, "{moment}");
        if count == 5 {
            accounts(&world, "b", 5).await;
        }
        world.stop().await;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "both were seen: {seen:?}");
    assert_eq!(restore(&world, &["--accept-rollback", &path]).code, 0);
    world.start().await;
}

#[tokio::test]
async fn a_backup_that_does_not_fit_is_refused_with_the_mend() {
    let mut world = World::builder().start().await;
    let path = back_up(&world, "one.backup");
    world.stop().await;
    let key = state(&world, "store.key");
    let kept = std::fs::read(&key).unwrap();
    let other = "readmit-keyring 1\nkey 1 BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n";
    std::fs::write(&key, other).unwrap();
    let refused = restore(&world, &[&path]);
    assert!(refused.code == 1 && refused.error.contains("key does not open"), "{refused:?}");
    assert!(!refused.error.contains("BwcH"), "no secret");
    // The right key may come from elsewhere.
    let config = world.config().display().to_string();
    let piped = world.cli(
        &["restore", "--accept-rollback", "--config", &config, "--key", "-", &path],
        std::str::from_utf8(&kept).unwrap(),
    );
    assert_eq!(piped.code, 0, "{piped:?}");
    std::fs::write(&key, kept).unwrap();
    let missing = restore(&world, &["/nowhere/x.backup"]);
    assert!(missing.code == 1 && missing.error.contains("cannot open"), "{missing:?}");
    world.start().await;
}
