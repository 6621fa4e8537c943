//! A backup put back: whole or not at all, and nothing that was used once counts again.

use std::path::PathBuf;
use std::sync::Arc;

use readmit_recovery::totp::STEP_SECONDS;
use readmit_store::{
    Backup, BackupError, By, CommitError, Keyring, Restoration, RestoreReport, Spend, SqliteStore, Store,
    StoreError, TokenPurpose, What, Write,
};

use super::Bench;
use crate::kit::*;

/// A file for its owner alone.
fn private(path: &std::path::Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn by() -> By {
    By { at: at(1000), actor: "restore".to_owned() }
}

fn prepare(bench: &Bench, backup: &std::path::Path) -> Result<Restoration, StoreError> {
    Restoration::prepare(&bench.anchored(), Arc::clone(&bench.keyring), &Backup::open(backup)?)
}

async fn restore(bench: &Bench, backup: &std::path::Path) -> RestoreReport {
    prepare(bench, backup).unwrap().finish(&by(), 0).await.unwrap()
}

/// Everything that works once, not yet used.
fn usable() -> Vec<Write> {
    let account = account_id("alice");
    vec![
        Write::InsertAccount(crate::kit::account("alice")),
        add_device("d", "alice"),
        Write::ReplaceRecoveryCodes { account: account.clone(), hashes: vec![hash("code")] },
        Write::IssuePass { account, hash: hash("pass"), expires_at: at(100_000) },
        Write::InsertCase(case_row("c", "alice")),
        Write::AddToken {
            hash: hash("token"),
            purpose: TokenPurpose::Link,
            case: case_id("c"),
            challenge: 1,
            expires_at: at(100_000),
        },
        Write::Enqueue(item("m")),
        entry("before"),
    ]
}

fn spends(step: u64) -> [(What, Spend); 4] {
    let account = account_id("alice");
    [
        (What::RecoveryCode, Spend::RecoveryCode { account: account.clone(), hash: hash("code") }),
        (What::Pass, Spend::Pass { account, hash: hash("pass") }),
        (What::Token, Spend::Token { hash: hash("token") }),
        (What::TotpStep, Spend::TotpStep { device: device_id("d"), step }),
    ]
}

/// A database that went on after its backup: what works once was used, and the head exported.
async fn used_after_backup() -> (Bench, PathBuf) {
    let bench = Bench::new();
    let store = bench.try_open_anchored().unwrap();
    let as_store: Arc<dyn Store> = store.clone();
    commit(&as_store, usable()).await;
    let backup = bench.back_up(&store, ".backup").await;
    for (_, spend) in spends(at(900).unix() / STEP_SECONDS) {
        as_store.commit(change(at(900), vec![Write::Spend(spend), entry("used")])).await.unwrap();
    }
    bench.export(&store).await;
    (bench, backup)
}

#[test]
fn nothing_that_was_used_once_counts_again() {
    run(async {
        let (bench, backup) = used_after_backup().await;
        let report = restore(&bench, &backup).await;
        let voided = report.voided;
        assert_eq!((voided.recovery_codes, voided.passes, voided.links, voided.deliveries), (1, 1, 1, 1));
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        // Every step that could have been used until the restore, the tolerated skew included.
        let now = at(1000).unix() / STEP_SECONDS;
        for step in [at(900).unix() / STEP_SECONDS, now, now + 1] {
            for (what, spend) in spends(step) {
                let spent = attempt_at(&as_store, at(1001), Write::Spend(spend)).await;
                assert!(
                    matches!(&spent, Err(CommitError::Spent(found)) if *found == what),
                    "{what}: {spent:?}"
                );
            }
        }
        attempt_at(
            &as_store,
            at(1100),
            Write::Spend(Spend::TotpStep { device: device_id("d"), step: now + 3 }),
        )
        .await
        .unwrap();
        assert_eq!(store.due_deliveries(at(5000), 9).await.unwrap(), []);
    });
}

#[test]
fn the_journal_tells_of_it_and_the_anchor_follows() {
    run(async {
        let (bench, backup) = used_after_backup().await;
        let restoration = prepare(&bench, &backup).unwrap();
        let outlook = restoration.outlook().clone();
        assert!(outlook.is_rollback);
        assert_eq!((outlook.back_to.seq, outlook.known.seq), (1, 5));
        let lost = outlook.lost.unwrap();
        assert_eq!(lost.kinds.into_iter().collect::<Vec<_>>(), [("used".to_owned(), 4)]);
        assert_eq!(lost.accounts, ["alice"]);
        let report = restoration.finish(&by(), 7).await.unwrap();
        let aside = report.aside.unwrap();
        assert!(aside.exists(), "the replaced database is kept");
        let store = bench.try_open_anchored().unwrap();
        let rows = store.journal(at(0), 1, 9).await.unwrap();
        assert_eq!((rows.len(), rows[0].entry.kind.as_str(), rows[0].seq), (1, "store.restored", 2));
        assert_eq!(rows[0].entry.detail["replaced_seq"], 5);
        assert_eq!(rows[0].entry.detail["cases_ended"], 7);
        let checked = store.verify_journal().await.unwrap();
        assert_eq!((checked.broken, checked.restores.len()), (None, 1));
        assert_eq!(
            (checked.restores[0].back_to, checked.restores[0].replaced),
            (outlook.back_to, outlook.known)
        );
        let left = bench.path().parent().unwrap().read_dir().unwrap();
        let left: Vec<_> = left.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        assert!(!left.iter().any(|name| name.contains(".restor")), "{left:?}");
    });
}

#[test]
fn a_restoration_that_is_given_up_has_changed_nothing() {
    run(async {
        let (bench, backup) = used_after_backup().await;
        drop(prepare(&bench, &backup).unwrap());
        let store = bench.try_open_anchored().unwrap();
        assert_eq!(store.head().await.unwrap().head.seq, 5);
        assert!(!bench.beside(".restoring").exists());
        // And not while the daemon has the database.
        refused!(prepare(&bench, &backup).map(drop), StoreError::InUse { .. });
    });
}

#[test]
fn a_backup_that_loses_nothing_is_no_rollback() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        commit(&as_store, usable()).await;
        bench.export(&store).await;
        let backup = bench.back_up(&store, ".backup").await;
        drop((store, as_store));
        assert!(!prepare(&bench, &backup).unwrap().outlook().is_rollback);
        // A damaged database, or none, is what backups are for.
        for damage in [b"not a database, but long enough to look like one".as_slice(), b""] {
            std::fs::write(bench.path(), damage).unwrap();
            let _ = std::fs::remove_file(bench.beside("-wal"));
            assert!(bench.try_open_anchored().is_err());
            assert!(!prepare(&bench, &backup).unwrap().outlook().is_rollback);
        }
        restore(&bench, &backup).await;
        let store = bench.try_open_anchored().unwrap();
        assert!(store.account(&account_id("alice"), at(0)).await.unwrap().is_some());
    });
}

#[test]
fn a_backup_of_another_key_is_refused() {
    run(async {
        let (bench, backup) = used_after_backup().await;
        let wrong = Arc::new(Keyring::ephemeral([9; 32]));
        let refused = Restoration::prepare(&bench.anchored(), wrong, &Backup::open(&backup).unwrap());
        refused!(refused.map(drop), StoreError::Backup(BackupError::OtherKey { .. }));
        bench.try_open_anchored().unwrap();
    });
}

/// A backup brings the keys along that the database keeps.
#[test]
fn a_backup_from_before_a_rotation_opens_after_it() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        store.rotate_key(&by()).await.unwrap();
        commit(&as_store, usable()).await;
        let backup = bench.back_up(&store, ".backup").await;
        store.rotate_key(&by()).await.unwrap();
        while store.forget_old_keys(&by()).await.is_err() {
            while !store.reseal(100).await.unwrap().finished {}
        }
        drop((store, as_store));
        let file = bench.path().with_file_name("keyring");
        let fresh = Arc::new(Keyring::load(&file).unwrap());
        let backup = Backup::open(&backup).unwrap();
        let restoration = Restoration::prepare(&bench.anchored(), fresh, &backup).unwrap();
        restoration.finish(&by(), 0).await.unwrap();
        let store = SqliteStore::open(&bench.anchored(), Arc::new(Keyring::load(&file).unwrap())).unwrap();
        assert!(store.account(&account_id("alice"), at(0)).await.unwrap().is_some());
    });
}

/// Killed between any two steps of the swap, the next start ends it, or nothing of it has happened.
#[test]
fn a_swap_that_was_interrupted_is_ended_by_the_next_start() {
    run(async {
        for step in 0..5 {
            let (bench, backup) = used_after_backup().await;
            let (old, old_anchor) =
                (std::fs::read(bench.path()).unwrap(), std::fs::read(bench.anchor()).unwrap());
            let report = restore(&bench, &backup).await;
            let new = std::fs::read(bench.path()).unwrap();
            let new_anchor = std::fs::read(bench.anchor()).unwrap();
            let aside = report.aside.unwrap();
            let name = aside.file_name().unwrap().to_str().unwrap();
            let note = format!("{{\"aside\":\"{name}\"}}");
            let noted = |bench: &Bench| {
                std::fs::write(bench.beside(".restore.anchor"), &new_anchor).unwrap();
                std::fs::write(bench.beside(".restore"), &note).unwrap();
            };
            // The disk as it was after so many steps.
            match step {
                // Before the note: the old one, whatever lies beside it.
                0 => {
                    std::fs::rename(&aside, bench.path()).unwrap();
                    private(&bench.beside(".restoring"), &new[..4096]);
                    std::fs::write(bench.anchor(), &old_anchor).unwrap();
                }
                1 => {
                    std::fs::rename(&aside, bench.path()).unwrap();
                    private(&bench.beside(".restoring"), &new);
                    std::fs::write(bench.anchor(), &old_anchor).unwrap();
                    noted(&bench);
                }
                2 => {
                    std::fs::rename(bench.path(), bench.beside(".restoring")).unwrap();
                    std::fs::write(bench.anchor(), &old_anchor).unwrap();
                    noted(&bench);
                }
                3 => {
                    std::fs::write(bench.anchor(), &old_anchor).unwrap();
                    noted(&bench);
                }
                _ => noted(&bench),
            }
            let store = bench.try_open_anchored().unwrap_or_else(|error| panic!("step {step}: {error}"));
            let seq = store.head().await.unwrap().head.seq;
            assert_eq!(seq, if step == 0 { 5 } else { report.head.seq }, "step {step}");
            drop(store);
            if step > 0 {
                assert_eq!(
                    std::fs::read(&aside).unwrap().len(),
                    old.len(),
                    "step {step}: the old one is kept"
                );
            }
            assert!(
                !bench.beside(".restore").exists() && !bench.beside(".restoring").exists(),
                "step {step}"
            );
        }
    });
}
