//! The decision log and the policies.

use std::collections::BTreeMap;

use readmit_store::{DecisionRow, Write};

use crate::kit::*;

pub async fn decisions_are_logged_in_order(make: Make) {
    let store = make();
    let decision = |second| DecisionRow {
        at: at(second),
        case: case_id("c").handle(),
        version: version("v1"),
        hook: "open".to_owned(),
        input: format!(r#"{{"n":{second}}}"#),
        verdict: r#"{"verdict":"nothing"}"#.to_owned(),
        micros: 17,
    };
    for second in [1, 2, 3] {
        commit(&store, [Write::Decision(decision(second))]).await;
    }
    let all = store.decisions(at(0), 0, 10).await.unwrap();
    assert_eq!(all.iter().map(|stored| stored.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(all[1].row, decision(2));
    let ids = async |since, after, limit| {
        let found = store.decisions(at(since), after, limit).await.unwrap();
        found.iter().map(|stored| stored.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(2, 0, 10).await, [2, 3]);
    assert_eq!(ids(0, 2, 10).await, [3]);
    assert_eq!(ids(0, 0, 1).await, [1]);
    assert_eq!(store.counts().await.unwrap().decisions, 3);
}

pub async fn a_policy_is_kept_once_and_never_changes(make: Make) {
    let store = make();
    let files = |text: &str| BTreeMap::from([("default.lua".to_owned(), text.to_owned())]);
    let keep = |id, text| Write::Policy { version: version(id), files: files(text) };
    commit(&store, [keep("v1", "return 1")]).await;
    store.commit(change(at(50), vec![keep("v1", "return 2"), keep("v2", "return 3")])).await.unwrap();
    let kept = store.policy(&version("v1")).await.unwrap().unwrap();
    assert_eq!((kept.files, kept.stored_at), (files("return 1"), at(0)));
    assert!(store.policy(&version("v3")).await.unwrap().is_none());
    let versions = store.policies().await.unwrap();
    assert_eq!(versions, [(version("v2"), at(50)), (version("v1"), at(0))]);
}
