//! The candidate set and where it answered otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use readmit_store::limits::{MAX_DIFFERENCES, MAX_NEW_DIFFERENCES};
use readmit_store::{CommitError, DifferenceRow, ShadowTally, Store, Write};

use crate::kit::*;

fn files(text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("default.lua".to_owned(), text.to_owned())])
}

fn start(id: &str) -> Write {
    Write::StartShadow { version: version(id), files: files(id) }
}

fn difference(second: u64) -> DifferenceRow {
    DifferenceRow {
        at: at(second),
        case: case_id("c").handle(),
        version: version("v1"),
        hook: "open".to_owned(),
        change: "weaker".to_owned(),
        input: format!(r#"{{"n":{second}}}"#),
        verdict: r#"{"verdict":"nothing"}"#.to_owned(),
        shadow: r#"{"verdict":"deny"}"#.to_owned(),
    }
}

fn tally(asked: u64) -> ShadowTally {
    ShadowTally { asked, same: asked / 2, weaker: 1, stronger: 2, failing: 5, other: 3, dropped: 4 }
}

fn count(id: &str, asked: u64, differences: Vec<DifferenceRow>) -> Write {
    Write::CountShadow { version: version(id), tally: tally(asked), differences }
}

async fn ids(store: &Arc<dyn Store>, since: u64, after: u64, limit: u32) -> Vec<u64> {
    let found = store.differences(at(since), after, limit).await.unwrap();
    found.iter().map(|stored| stored.id).collect()
}

pub async fn a_shadow_is_started_counted_and_stopped(make: Make) {
    let store = make();
    assert!(store.shadow().await.unwrap().is_none());
    refused!(attempt(&store, Write::StopShadow).await, CommitError::NotFound);
    refused!(attempt(&store, count("v2", 1, Vec::new())).await, CommitError::Stale);
    store.commit(change(at(5), vec![start("v2")])).await.unwrap();
    let row = store.shadow().await.unwrap().unwrap();
    assert_eq!((row.version, row.files, row.started_at), (version("v2"), files("v2"), at(5)));
    assert_eq!((row.stopped_at, row.tally), (None, ShadowTally::default()));

    commit(&store, [count("v2", 10, vec![difference(1)])]).await;
    commit(&store, [count("v2", 20, Vec::new())]).await;
    refused!(attempt(&store, count("v1", 1, vec![difference(2)])).await, CommitError::Stale);
    let wanted =
        ShadowTally { asked: 30, same: 15, weaker: 2, stronger: 4, failing: 10, other: 6, dropped: 8 };
    assert_eq!(store.shadow().await.unwrap().unwrap().tally, wanted);

    store.commit(change(at(9), vec![Write::StopShadow])).await.unwrap();
    refused!(attempt(&store, Write::StopShadow).await, CommitError::NotFound);
    // What was still in hand is counted, and everything stays to be looked at.
    commit(&store, [count("v2", 2, Vec::new())]).await;
    let row = store.shadow().await.unwrap().unwrap();
    assert_eq!((row.stopped_at, row.tally.asked), (Some(at(9)), 32));
    assert_eq!(store.differences(at(0), 0, 10).await.unwrap()[0].row, difference(1));
}

pub async fn differences_come_back_in_order_and_the_oldest_go(make: Make) {
    let store = make();
    commit(&store, [start("v2")]).await;
    let too_many = (0..=MAX_NEW_DIFFERENCES as u64).map(difference).collect();
    refused!(attempt(&store, count("v2", 1, too_many)).await, CommitError::TooLarge(_));
    commit(&store, [count("v2", 3, vec![difference(1), difference(2), difference(3)])]).await;
    assert_eq!(ids(&store, 0, 0, 10).await, [1, 2, 3]);
    assert_eq!(ids(&store, 2, 0, 10).await, [2, 3]);
    assert_eq!(ids(&store, 0, 2, 10).await, [3]);
    assert_eq!(ids(&store, 0, 0, 1).await, [1]);
    let most = u64::try_from(MAX_DIFFERENCES).unwrap();
    let mut made = 3;
    while made < most + 2 {
        let more: Vec<_> = (0..MAX_NEW_DIFFERENCES as u64).map(|_| difference(9)).collect();
        made += more.len() as u64;
        commit(&store, [count("v2", 1, more)]).await;
    }
    assert_eq!(ids(&store, 0, 0, 1).await, [made - most + 1]);
    assert_eq!(ids(&store, 0, made - 1, 10).await, [made]);
}

pub async fn the_next_shadow_begins_anew(make: Make) {
    let store = make();
    commit(&store, [start("v2"), count("v2", 3, vec![difference(1), difference(2)])]).await;
    commit(&store, [start("v3")]).await;
    let row = store.shadow().await.unwrap().unwrap();
    assert_eq!((row.version, row.tally), (version("v3"), ShadowTally::default()));
    assert!(ids(&store, 0, 0, 10).await.is_empty());
    // A number is never given twice.
    commit(&store, [count("v3", 1, vec![difference(3)])]).await;
    assert_eq!(ids(&store, 0, 0, 10).await, [3]);
}

pub async fn a_shadow_outlives_a_restart(make: Make) {
    let store = make();
    commit(&store, [start("v2"), count("v2", 3, vec![difference(1)])]).await;
    let before = (store.shadow().await.unwrap(), store.differences(at(0), 0, 10).await.unwrap());
    drop(store);
    let store = make();
    assert_eq!((store.shadow().await.unwrap(), store.differences(at(0), 0, 10).await.unwrap()), before);
}
