//! What works once.

use std::sync::Arc;

use readmit_recovery::account::DeviceStatus;
use readmit_store::{CommitError, Spend, Store, TokenPurpose, TokenRow, What, Write};

use crate::kit::*;

fn token(text: &str) -> Write {
    Write::Spend(Spend::Token { hash: hash(text) })
}

fn pass(account: &str, text: &str) -> Write {
    Write::Spend(Spend::Pass { account: account_id(account), hash: hash(text) })
}

fn code(account: &str, text: &str) -> Write {
    Write::Spend(Spend::RecoveryCode { account: account_id(account), hash: hash(text) })
}

fn step(device: &str, step: u64) -> Write {
    Write::Spend(Spend::TotpStep { device: device_id(device), step })
}

fn add_token(text: &str) -> Write {
    Write::AddToken {
        hash: hash(text),
        purpose: TokenPurpose::Link,
        case: case_id("c"),
        challenge: 7,
        expires_at: at(60),
    }
}

async fn prepared(make: &Make) -> Arc<dyn Store> {
    let store = make();
    let alice = || account_id("alice");
    let codes = vec![hash("code1"), hash("code2")];
    commit(
        &store,
        [
            Write::InsertAccount(account("alice")),
            Write::InsertAccount(account("bob")),
            add_device("d", "alice"),
            Write::InsertCase(case_row("c", "alice")),
            Write::ReplaceRecoveryCodes { account: alice(), hashes: codes },
            Write::IssuePass { account: alice(), hash: hash("pass"), expires_at: at(60) },
            Write::IssuePass { account: alice(), hash: hash("late"), expires_at: at(60) },
            add_token("link"),
            add_token("late"),
        ],
    )
    .await;
    store
}

pub async fn a_token_works_once_and_in_time(make: Make) {
    let store = prepared(&make).await;
    let row = TokenRow {
        purpose: TokenPurpose::Link,
        case: case_id("c"),
        challenge: 7,
        expires_at: at(60),
        spent: false,
    };
    assert_eq!(store.token(&hash("link")).await.unwrap(), Some(row.clone()));
    attempt_at(&store, at(59), token("link")).await.unwrap();
    assert_eq!(store.token(&hash("link")).await.unwrap(), Some(TokenRow { spent: true, ..row.clone() }));
    refused!(attempt(&store, token("link")).await, CommitError::Spent(What::Token));
    refused!(attempt_at(&store, at(60), token("late")).await, CommitError::Spent(What::Token));
    assert_eq!(store.token(&hash("late")).await.unwrap(), Some(row));
    refused!(attempt(&store, token("never")).await, CommitError::Spent(What::Token));
}

pub async fn a_pass_works_once_and_in_time_and_for_its_account(make: Make) {
    let store = prepared(&make).await;
    refused!(attempt(&store, pass("bob", "pass")).await, CommitError::Spent(What::Pass));
    attempt_at(&store, at(59), pass("alice", "pass")).await.unwrap();
    refused!(attempt(&store, pass("alice", "pass")).await, CommitError::Spent(What::Pass));
    refused!(attempt_at(&store, at(60), pass("alice", "late")).await, CommitError::Spent(What::Pass));
}

pub async fn a_recovery_code_works_once_and_for_its_account(make: Make) {
    let store = prepared(&make).await;
    let left = async || store.account(&account_id("alice"), at(0)).await.unwrap().unwrap().recovery_codes;
    assert_eq!(left().await, 2);
    refused!(attempt(&store, code("bob", "code1")).await, CommitError::Spent(What::RecoveryCode));
    attempt(&store, code("alice", "code1")).await.unwrap();
    refused!(attempt(&store, code("alice", "code1")).await, CommitError::Spent(What::RecoveryCode));
    refused!(attempt(&store, code("alice", "code3")).await, CommitError::Spent(What::RecoveryCode));
    assert_eq!(left().await, 1);
}

pub async fn new_recovery_codes_void_the_old_ones(make: Make) {
    let store = prepared(&make).await;
    attempt(&store, code("alice", "code1")).await.unwrap();
    let replace = |hashes| Write::ReplaceRecoveryCodes { account: account_id("alice"), hashes };
    commit(&store, [replace(vec![hash("code1"), hash("new")])]).await;
    refused!(attempt(&store, code("alice", "code2")).await, CommitError::Spent(What::RecoveryCode));
    attempt(&store, code("alice", "new")).await.unwrap();
    // A code that is issued again is a new one.
    attempt(&store, code("alice", "code1")).await.unwrap();
    refused!(attempt(&store, replace(vec![hash("x"), hash("x")])).await, CommitError::Exists);
}

pub async fn a_time_step_is_taken_once_and_only_forward(make: Make) {
    let store = prepared(&make).await;
    refused!(attempt(&store, step("d", 100)).await, CommitError::Spent(What::TotpStep));
    attempt(&store, step("d", 102)).await.unwrap();
    for old in [101, 102] {
        refused!(attempt(&store, step("d", old)).await, CommitError::Spent(What::TotpStep));
    }
    refused!(attempt(&store, step("e", 103)).await, CommitError::Spent(What::TotpStep));
    let status = Write::DeviceStatus { id: device_id("d"), status: DeviceStatus::Deactivated };
    commit(&store, [status]).await;
    refused!(attempt(&store, step("d", 103)).await, CommitError::Spent(What::TotpStep));
}

pub async fn a_spend_that_was_undone_can_be_made(make: Make) {
    let store = prepared(&make).await;
    let spends = || vec![token("link"), pass("alice", "pass"), code("alice", "code1"), step("d", 101)];
    let mut doomed = spends();
    doomed.push(Write::InsertAccount(account("alice")));
    refused!(store.commit(change(at(0), doomed)).await, CommitError::Exists);
    commit(&store, spends()).await;
}

pub async fn what_a_spend_needs_must_be_there(make: Make) {
    let store = make();
    refused!(attempt(&store, add_token("link")).await, CommitError::NotFound);
    let store = {
        drop(store);
        prepared(&make).await
    };
    refused!(attempt(&store, add_token("link")).await, CommitError::Exists);
    let again = Write::IssuePass { account: account_id("alice"), hash: hash("pass"), expires_at: at(90) };
    refused!(attempt(&store, again).await, CommitError::Exists);
}

pub async fn of_64_racing_spends_one_is_taken(make: Make) {
    let store = prepared(&make).await;
    for write in [token("link"), pass("alice", "pass"), code("alice", "code1"), step("d", 101)] {
        let racers: Vec<_> = (0..64)
            .map(|_| {
                let (store, write) = (Arc::clone(&store), write.clone());
                tokio::spawn(async move { attempt(&store, write).await })
            })
            .collect();
        let mut taken = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Ok(_) => taken += 1,
                result => refused!(result, CommitError::Spent(_)),
            }
        }
        assert_eq!(taken, 1);
    }
}
