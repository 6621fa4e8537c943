//! Cases and their revisions.

use std::sync::Arc;

use readmit_recovery::account::Reason;
use readmit_store::{CaseFilter, CaseOrder, CaseRow, CommitError, Page, Write};
use zeroize::Zeroizing;

use crate::kit::*;

pub async fn a_case_is_what_was_written(make: Make) {
    let store = make();
    commit(&store, [Write::InsertCase(case_row("c", "alice"))]).await;
    let stored = store.case(&case_id("c")).await.unwrap().unwrap();
    assert_eq!((stored.row, stored.revision), (case_row("c", "alice"), 1));
    let changed = CaseRow {
        state: "held".to_owned(),
        reason: Reason::Stolen.as_str().to_owned(),
        policy: version("v2"),
        next_deadline: None,
        closed: true,
        body: Zeroizing::new(vec![0, 255, 7]),
        ..case_row("c", "alice")
    };
    commit(&store, [Write::UpdateCase { row: changed.clone(), revision: 1 }]).await;
    let stored = store.case(&case_id("c")).await.unwrap().unwrap();
    assert_eq!((stored.row, stored.revision), (changed, 2));
    assert!(store.case(&case_id("d")).await.unwrap().is_none());
    let found = store.case_of(&case_id("c").handle()).await.unwrap().unwrap();
    assert_eq!(found.row, store.case(&case_id("c")).await.unwrap().unwrap().row);
    assert!(store.case_of(&case_id("d").handle()).await.unwrap().is_none());
}

pub async fn a_case_is_inserted_once(make: Make) {
    let store = make();
    commit(&store, [Write::InsertCase(case_row("c", "alice"))]).await;
    refused!(attempt(&store, Write::InsertCase(case_row("c", "bob"))).await, CommitError::Exists);
    assert_eq!(store.case(&case_id("c")).await.unwrap().unwrap().row.account, account_id("alice"));
}

pub async fn an_update_from_an_old_revision_is_stale(make: Make) {
    let store = make();
    let update = |id: &str, revision| Write::UpdateCase { row: case_row(id, "alice"), revision };
    commit(&store, [Write::InsertCase(case_row("c", "alice"))]).await;
    refused!(attempt(&store, update("c", 0)).await, CommitError::Stale);
    refused!(attempt(&store, update("c", 2)).await, CommitError::Stale);
    commit(&store, [update("c", 1)]).await;
    refused!(attempt(&store, update("c", 1)).await, CommitError::Stale);
    commit(&store, [update("c", 2)]).await;
    refused!(attempt(&store, update("d", 1)).await, CommitError::NotFound);
    assert_eq!(store.case(&case_id("c")).await.unwrap().unwrap().revision, 3);
}

pub async fn of_racing_updates_one_wins(make: Make) {
    let store = make();
    commit(&store, [Write::InsertCase(case_row("c", "alice"))]).await;
    let racers: Vec<_> = (0..64)
        .map(|racer| {
            let store = Arc::clone(&store);
            let row = CaseRow { state: format!("racer{racer}"), ..case_row("c", "alice") };
            tokio::spawn(async move {
                let write = Write::UpdateCase { row, revision: 1 };
                (racer, attempt(&store, write).await)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for racer in racers {
        match racer.await.unwrap() {
            (racer, Ok(_)) => winners.push(racer),
            (_, result) => refused!(result, CommitError::Stale),
        }
    }
    let stored = store.case(&case_id("c")).await.unwrap().unwrap();
    assert_eq!((winners.len(), stored.revision), (1, 2));
    assert_eq!(stored.row.state, format!("racer{}", winners[0]));
}

pub async fn cases_are_due_by_deadline(make: Make) {
    let store = make();
    for (id, deadline) in [("a", Some(300)), ("b", Some(100)), ("c", None), ("d", Some(200))] {
        let row = CaseRow { next_deadline: deadline.map(at), ..case_row(id, "alice") };
        commit(&store, [Write::InsertCase(row)]).await;
    }
    let due = async |now, limit| {
        let due = store.due_cases(at(now), limit).await.unwrap();
        due.iter().map(|stored| stored.row.id.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(due(99, 10).await, "");
    assert_eq!(due(100, 10).await, "b");
    assert_eq!(due(1000, 10).await, "b d a");
    assert_eq!(due(1000, 2).await, "b d");
    assert_eq!(store.next_deadline().await.unwrap(), Some(at(100)));
    let row = CaseRow { next_deadline: None, ..case_row("b", "alice") };
    commit(&store, [Write::UpdateCase { row, revision: 1 }]).await;
    assert_eq!(store.next_deadline().await.unwrap(), Some(at(200)));
}

pub async fn cases_are_listed_by_filter_and_page(make: Make) {
    let store = make();
    for (id, account, state, closed) in [
        ("a", "alice", "proving", false),
        ("b", "bob", "denied", true),
        ("c", "alice", "denied", true),
        ("d", "bob", "proving", false),
        ("e", "alice", "escalated", false),
    ] {
        let row = CaseRow { state: state.to_owned(), closed, ..case_row(id, account) };
        commit(&store, [Write::InsertCase(row)]).await;
    }
    let list = async |state: Option<&str>, account: Option<&str>, closed, page| {
        let ids = async |order| {
            let (state, account) = (state.map(str::to_owned), account.map(account_id));
            let filter = CaseFilter { state, account, closed, order };
            let cases = store.cases(filter, page).await.unwrap();
            cases.iter().map(|row| row.id.to_string()).collect::<Vec<_>>()
        };
        let (newest, mut oldest) = (ids(CaseOrder::Newest).await, ids(CaseOrder::Oldest).await);
        if page == Page::default() {
            oldest.reverse();
            assert_eq!(newest, oldest);
        }
        newest.join(" ")
    };
    let all = Page::default();
    assert_eq!(list(None, None, None, all).await, "e d c b a");
    assert_eq!(list(Some("proving"), None, None, all).await, "d a");
    assert_eq!(list(None, Some("alice"), None, all).await, "e c a");
    assert_eq!(list(None, None, Some(false), all).await, "e d a");
    assert_eq!(list(None, None, Some(true), all).await, "c b");
    assert_eq!(list(Some("denied"), Some("bob"), Some(true), all).await, "b");
    assert_eq!(list(Some("proving"), None, Some(false), Page::new(1, 5)).await, "a");
    assert_eq!(list(None, None, None, Page::new(1, 2)).await, "d c");
    let oldest = CaseFilter { order: CaseOrder::Oldest, ..CaseFilter::default() };
    let cases = store.cases(oldest, Page::new(1, 2)).await.unwrap();
    assert_eq!(cases.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

pub async fn account_and_opening_never_change(make: Make) {
    let store = make();
    commit(&store, [Write::InsertCase(case_row("c", "alice"))]).await;
    let row = CaseRow { opened_at: at(500), ..case_row("c", "mallory") };
    commit(&store, [Write::UpdateCase { row, revision: 1 }]).await;
    let stored = store.case(&case_id("c")).await.unwrap().unwrap();
    assert_eq!((stored.row.account, stored.row.opened_at), (account_id("alice"), at(0)));
}
