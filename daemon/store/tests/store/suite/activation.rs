//! Which policies are in force, and which wait for approval.

use std::collections::BTreeMap;
use std::sync::Arc;

use readmit_recovery::id::PolicyVersion;
use readmit_recovery::time::Timestamp;
use readmit_store::{Activation, Change, CommitError, Committed, Found, PendingPolicy, Store, Write};

use crate::kit::*;

fn files(text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("default.lua".to_owned(), text.to_owned())])
}

fn keep(id: &str) -> Write {
    Write::Policy { version: version(id), files: files(id) }
}

fn activate(id: &str) -> Write {
    Write::ActivatePolicy { version: version(id), found: Found::Files(version(id)), tests: 3 }
}

fn propose(id: &str) -> Write {
    let found = Found::Files(version(id));
    Write::ProposePolicy { version: version(id), files: files(id), found, tests: 7, restores: false }
}

fn approve(id: &str) -> Write {
    Write::ApprovePolicy { version: version(id) }
}

async fn by(
    store: &Arc<dyn Store>,
    actor: &str,
    at: Timestamp,
    writes: Vec<Write>,
) -> Result<Committed, CommitError> {
    store.commit(Change { at, actor: actor.to_owned(), writes }).await
}

async fn in_force(store: &Arc<dyn Store>) -> Option<PolicyVersion> {
    store.activation().await.unwrap().map(|activation| activation.version)
}

async fn approvals(store: &Arc<dyn Store>) -> Option<Vec<String>> {
    store.pending_policy().await.unwrap().map(|pending| pending.approved_by)
}

pub async fn the_last_activation_is_in_force(make: Make) {
    let store = make();
    assert_eq!(in_force(&store).await, None);
    assert!(store.activations().await.unwrap().is_empty());
    by(&store, "directory", at(1), vec![keep("v1"), activate("v1")]).await.unwrap();
    by(&store, "directory", at(2), vec![keep("v2"), activate("v2")]).await.unwrap();
    let found = Found::BuiltIn(version("v2"));
    let back = Write::ActivatePolicy { version: version("v1"), found: found.clone(), tests: 0 };
    by(&store, "uid:7", at(3), vec![back]).await.unwrap();
    let first = Activation {
        version: version("v1"),
        at: at(3),
        actor: "uid:7".to_owned(),
        approved_by: Vec::new(),
        tests: 0,
        found,
    };
    let second = Activation {
        version: version("v2"),
        at: at(2),
        actor: "directory".to_owned(),
        tests: 3,
        found: Found::Files(version("v2")),
        ..first.clone()
    };
    assert_eq!(store.activation().await.unwrap(), Some(first.clone()));
    assert_eq!(store.activations().await.unwrap(), [first.clone(), second.clone()]);
    drop(store);
    let store = make();
    assert_eq!(store.activations().await.unwrap(), [first, second]);
    let nothing = Write::ActivatePolicy { version: version("v2"), found: Found::Nothing, tests: 0 };
    commit(&store, [nothing]).await;
    assert_eq!(store.activation().await.unwrap().unwrap().found, Found::Nothing);
}

pub async fn what_is_found_is_remembered_with_the_version_in_force(make: Make) {
    let store = make();
    let nothing = Write::PoliciesFound(Found::Nothing);
    refused!(attempt(&store, nothing.clone()).await, CommitError::NotFound);
    commit(&store, [keep("v1"), activate("v1"), keep("v2"), activate("v2")]).await;
    for found in [Found::Nothing, Found::BuiltIn(version("v3")), Found::Files(version("v1"))] {
        commit(&store, [Write::PoliciesFound(found.clone())]).await;
        let known = store.activations().await.unwrap();
        assert_eq!((&known[0].version, &known[0].found), (&version("v2"), &found));
        assert_eq!(known[1].found, Found::Files(version("v1")));
        assert_eq!(known[0].found.version().is_some(), found != Found::Nothing);
    }
}

pub async fn only_what_is_on_file_comes_into_force(make: Make) {
    let store = make();
    commit(&store, [keep("v1"), activate("v1")]).await;
    refused!(attempt(&store, activate("v2")).await, CommitError::NotFound);
    // What waits is not on file for that.
    commit(&store, [propose("v2")]).await;
    refused!(attempt(&store, activate("v2")).await, CommitError::NotFound);
    assert_eq!(in_force(&store).await, Some(version("v1")));
    assert_eq!(approvals(&store).await, Some(Vec::new()));
}

pub async fn a_pending_version_collects_approvals_and_brings_them_into_force(make: Make) {
    let store = make();
    commit(&store, [keep("v1"), activate("v1")]).await;
    let found = Found::Files(version("v9"));
    let restore = Write::ProposePolicy {
        version: version("v2"),
        files: files("two"),
        found: found.clone(),
        tests: 7,
        restores: true,
    };
    by(&store, "uid:1", at(5), vec![restore, approve("v2")]).await.unwrap();
    let pending = PendingPolicy {
        version: version("v2"),
        files: files("two"),
        since: at(5),
        actor: "uid:1".to_owned(),
        approved_by: vec!["uid:1".to_owned()],
        tests: 7,
        restores: true,
        found,
    };
    assert_eq!(store.pending_policy().await.unwrap(), Some(pending));
    assert_eq!(in_force(&store).await, Some(version("v1")));
    by(&store, "uid:2", at(6), vec![approve("v2"), keep("v2"), activate("v2")]).await.unwrap();
    let activation = store.activation().await.unwrap().unwrap();
    assert_eq!((activation.version, activation.actor), (version("v2"), "uid:2".to_owned()));
    assert_eq!(activation.approved_by, ["uid:1", "uid:2"]);
    assert_eq!(approvals(&store).await, None);
    // The next one brings nobody's approval with it.
    commit(&store, [activate("v1")]).await;
    assert!(store.activation().await.unwrap().unwrap().approved_by.is_empty());
}

pub async fn nobody_approves_twice_or_what_is_not_pending(make: Make) {
    let store = make();
    refused!(attempt(&store, approve("v1")).await, CommitError::NotFound);
    refused!(attempt(&store, Write::WithdrawPolicy).await, CommitError::NotFound);
    commit(&store, [propose("v1")]).await;
    refused!(attempt(&store, approve("v2")).await, CommitError::NotFound);
    by(&store, "uid:1", at(0), vec![approve("v1")]).await.unwrap();
    refused!(by(&store, "uid:1", at(9), vec![approve("v1")]).await, CommitError::Exists);
    assert_eq!(approvals(&store).await.unwrap(), ["uid:1"]);
    commit(&store, [Write::WithdrawPolicy]).await;
    assert_eq!(approvals(&store).await, None);
    refused!(attempt(&store, approve("v1")).await, CommitError::NotFound);
}

pub async fn a_newer_proposal_voids_the_approvals_of_the_last(make: Make) {
    let store = make();
    by(&store, "uid:1", at(0), vec![propose("v1"), approve("v1")]).await.unwrap();
    commit(&store, [propose("v2")]).await;
    assert_eq!(approvals(&store).await, Some(Vec::new()));
    by(&store, "uid:1", at(0), vec![approve("v2")]).await.unwrap();
    // The same version proposed anew is approved anew.
    commit(&store, [propose("v2")]).await;
    assert_eq!(approvals(&store).await, Some(Vec::new()));
    // What comes into force without having waited ends the waiting, and takes no approval along.
    by(&store, "uid:1", at(0), vec![approve("v2"), keep("v3"), activate("v3")]).await.unwrap();
    assert_eq!(approvals(&store).await, None);
    assert!(store.activation().await.unwrap().unwrap().approved_by.is_empty());
}

pub async fn a_pending_version_and_its_approvals_outlive_a_restart(make: Make) {
    let store = make();
    by(&store, "uid:1", at(0), vec![propose("v1"), approve("v1")]).await.unwrap();
    let pending = store.pending_policy().await.unwrap();
    drop(store);
    let store = make();
    assert_eq!(store.pending_policy().await.unwrap(), pending);
    refused!(by(&store, "uid:1", at(1), vec![approve("v1")]).await, CommitError::Exists);
}

pub async fn an_undone_approval_does_not_count(make: Make) {
    let store = make();
    by(&store, "uid:1", at(0), vec![propose("v1"), approve("v1")]).await.unwrap();
    // The sources are not kept: neither the activation nor the approval before it happens.
    refused!(by(&store, "uid:2", at(0), vec![approve("v1"), activate("v1")]).await, CommitError::NotFound);
    assert_eq!(approvals(&store).await.unwrap(), ["uid:1"]);
    assert_eq!(in_force(&store).await, None);
}

pub async fn of_racing_approvals_by_one_person_one_counts(make: Make) {
    let store = make();
    commit(&store, [propose("v1")]).await;
    let tries = (0..16).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { by(&store, "uid:1", at(0), vec![approve("v1")]).await.is_ok() })
    });
    let mut counted = 0;
    for one in tries.collect::<Vec<_>>() {
        counted += u32::from(one.await.unwrap());
    }
    assert_eq!(counted, 1);
    assert_eq!(approvals(&store).await.unwrap(), ["uid:1"]);
}
