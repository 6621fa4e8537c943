//! The journal.

use readmit_store::head::verify_head;
use readmit_store::limits::{MAX_PAGE, MAX_WRITES};
use readmit_store::{CommitError, Entry, Write};

use crate::kit::*;

pub async fn entries_come_back_in_order_with_actor_and_time(make: Make) {
    let store = make();
    let Write::Journal(wanted) = entry("case.opened") else { unreachable!() };
    let bare =
        Entry { kind: "started".to_owned(), case: None, account: None, detail: serde_json::Map::new() };
    let writes = vec![Write::Journal(wanted.clone()), Write::Journal(bare.clone())];
    store.commit(change(at(5), writes)).await.unwrap();
    let rows = store.journal(at(0), 0, 10).await.unwrap();
    assert_eq!((rows[0].seq, rows[0].at, rows[0].actor.as_str()), (1, at(5), "uid:1000"));
    assert_eq!((&rows[0].entry, &rows[1].entry), (&wanted, &bare));
    assert_ne!(rows[0].hash, rows[1].hash);
    let of_case = store.journal_of(&case_id("c").handle()).await.unwrap();
    assert_eq!(of_case, rows[..1]);
}

pub async fn a_change_says_which_entries_it_made(make: Make) {
    let store = make();
    let first = commit(&store, [entry("a"), entry("b")]).await;
    assert_eq!((first.first_seq, first.last_seq), (1, 2));
    let none = commit(&store, [Write::InsertAccount(account("alice"))]).await;
    assert_eq!((none.first_seq, none.last_seq), (3, 2));
    let next = commit(&store, [entry("c")]).await;
    assert_eq!((next.first_seq, next.last_seq), (3, 3));
}

pub async fn the_journal_is_read_from_a_time_and_a_number_on(make: Make) {
    let store = make();
    for second in [10, 20, 30, 40] {
        store.commit(change(at(second), vec![entry("x")])).await.unwrap();
    }
    let read = async |since, after, limit| {
        let rows = store.journal(at(since), after, limit).await.unwrap();
        rows.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_eq!(read(0, 0, 10).await, [1, 2, 3, 4]);
    assert_eq!(read(20, 0, 10).await, [2, 3, 4]);
    assert_eq!(read(0, 2, 10).await, [3, 4]);
    assert_eq!(read(0, 0, 2).await, [1, 2]);
    assert_eq!(read(41, 0, 10).await, [0; 0]);
}

pub async fn an_undone_change_leaves_no_gap(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice")), entry("a")]).await;
    let doomed = vec![entry("b"), entry("c"), Write::InsertAccount(account("alice"))];
    refused!(store.commit(change(at(0), doomed)).await, CommitError::Exists);
    assert_eq!(commit(&store, [entry("d")]).await.first_seq, 2);
    assert_eq!(store.verify_journal().await.unwrap().broken, None);
}

pub async fn a_whole_journal_verifies(make: Make) {
    let store = make();
    for _ in 0..10 {
        commit(&store, [entry("a"), entry("b")]).await;
    }
    let report = store.verify_journal().await.unwrap();
    assert_eq!((report.rows, report.head.seq, report.broken), (20, 20, None));
    let last = store.journal(at(0), 19, 1).await.unwrap();
    assert_eq!(last[0].hash, report.head.hash);
    assert!(verify_head(&report.head, &report.signature, &report.public_key));
    drop(store);
    let again = make().verify_journal().await.unwrap();
    assert_eq!(again, report);
}

pub async fn one_read_returns_a_page_at_most(make: Make) {
    let store = make();
    let mut written = 0;
    while written <= MAX_PAGE as usize {
        commit(&store, (0..MAX_WRITES).map(|_| entry("x"))).await;
        written += MAX_WRITES;
    }
    let page = store.journal(at(0), 0, u32::MAX).await.unwrap();
    assert_eq!((page.len(), page.last().unwrap().seq), (MAX_PAGE as usize, u64::from(MAX_PAGE)));
    assert_eq!(store.journal(at(0), 0, MAX_PAGE).await.unwrap().len(), MAX_PAGE as usize);
    assert_eq!(store.journal_of(&case_id("c").handle()).await.unwrap().len(), MAX_PAGE as usize);
    let rest = store.journal(at(0), u64::from(MAX_PAGE), u32::MAX).await.unwrap();
    assert_eq!(rest.len(), written - MAX_PAGE as usize);
}
