//! Limits that outlive restarts.

use std::sync::Arc;
use std::time::Duration;

use readmit_store::{CommitError, Write};

use crate::kit::*;

fn charge(scope: &'static str, subject: &str, max: u32) -> Write {
    Write::Charge { scope, subject: subject.to_owned(), window: Duration::from_secs(900), amount: 1, max }
}

pub async fn a_limit_is_taken_and_not_passed_and_comes_back(make: Make) {
    let store = make();
    for second in [0, 200, 400] {
        attempt_at(&store, at(second), charge("calls", "alice", 3)).await.unwrap();
    }
    let result = attempt_at(&store, at(401), charge("calls", "alice", 3)).await;
    refused!(result, CommitError::RateLimited { scope: "calls", retry_at } if *retry_at == at(900));
    let result = attempt_at(&store, at(899), charge("calls", "alice", 3)).await;
    refused!(result, CommitError::RateLimited { .. });
    attempt_at(&store, at(900), charge("calls", "alice", 3)).await.unwrap();
    let result = attempt_at(&store, at(901), charge("calls", "alice", 3)).await;
    refused!(result, CommitError::RateLimited { retry_at, .. } if *retry_at == at(1100));
    // Long after, when the row was swept, it begins anew.
    for _ in 0..3 {
        attempt_at(&store, at(9000), charge("calls", "alice", 3)).await.unwrap();
    }
    let result = attempt_at(&store, at(9000), charge("calls", "alice", 3)).await;
    refused!(result, CommitError::RateLimited { .. });
}

pub async fn what_is_forgotten_counts_no_more_and_nothing_else_is_forgotten(make: Make) {
    let store = make();
    commit(&store, [charge("calls", "alice", 1), charge("calls", "bob", 1), charge("mails", "alice", 1)])
        .await;
    let forget = |subject: &str| Write::Forget { scope: "calls", subject: subject.to_owned() };
    commit(&store, [forget("alice"), forget("nobody")]).await;
    commit(&store, [charge("calls", "alice", 1)]).await;
    for (scope, subject) in [("calls", "alice"), ("calls", "bob"), ("mails", "alice")] {
        refused!(attempt(&store, charge(scope, subject, 1)).await, CommitError::RateLimited { .. });
    }
}

pub async fn a_limit_outlives_a_restart(make: Make) {
    let store = make();
    commit(&store, [charge("calls", "alice", 2), charge("calls", "alice", 2)]).await;
    drop(store);
    let store = make();
    refused!(attempt(&store, charge("calls", "alice", 2)).await, CommitError::RateLimited { .. });
}

pub async fn scopes_and_subjects_are_counted_apart(make: Make) {
    let store = make();
    for (scope, subject) in [("calls", "alice"), ("calls", "bob"), ("mails", "alice"), ("call", "salice")] {
        commit(&store, [charge(scope, subject, 1)]).await;
    }
    refused!(attempt(&store, charge("calls", "alice", 1)).await, CommitError::RateLimited { .. });
    refused!(attempt(&store, charge("calls", "carol", 0)).await, CommitError::RateLimited { .. });
}

pub async fn a_refused_charge_undoes_its_change_and_is_not_counted(make: Make) {
    let store = make();
    commit(&store, [charge("calls", "alice", 1)]).await;
    let writes = vec![entry("call"), charge("mails", "alice", 1), charge("calls", "alice", 1)];
    refused!(store.commit(change(at(10), writes)).await, CommitError::RateLimited { scope: "calls", .. });
    assert_eq!(store.counts().await.unwrap().journal, 0);
    commit(&store, [charge("mails", "alice", 1)]).await;
    attempt_at(&store, at(900), charge("calls", "alice", 1)).await.unwrap();
}

pub async fn an_undone_change_is_not_charged(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice"))]).await;
    let doomed = vec![charge("calls", "alice", 1), Write::InsertAccount(account("alice"))];
    refused!(store.commit(change(at(0), doomed)).await, CommitError::Exists);
    commit(&store, [charge("calls", "alice", 1)]).await;
}

pub async fn of_racing_charges_only_so_many_are_taken(make: Make) {
    let store = make();
    let racers: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { attempt(&store, charge("tries", "alice", 5)).await })
        })
        .collect();
    let mut taken = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => taken += 1,
            result => refused!(result, CommitError::RateLimited { .. }),
        }
    }
    assert_eq!(taken, 5);
}
