//! How a store is just now.

use std::collections::BTreeMap;

use readmit_store::{CaseRow, DeliveryState, Figures, OutboxItem, Write};

use crate::kit::*;

pub async fn an_overview_tells_what_waits_and_where_the_journal_ends(make: Make) {
    let store = make();
    let empty = store.overview().await.unwrap();
    assert_eq!((empty.accounts, empty.closed_cases, empty.figures), (0, 0, Figures::default()));

    let escalated = CaseRow { state: "escalated".to_owned(), ..case_row("b", "alice") };
    let ended = CaseRow { state: "completed".to_owned(), closed: true, ..case_row("c", "alice") };
    let writes = [
        Write::InsertAccount(account("alice")),
        Write::InsertCase(case_row("a", "alice")),
        Write::InsertCase(escalated),
        Write::InsertCase(ended),
        Write::Enqueue(OutboxItem { not_before: at(7), ..item("late") }),
        Write::Enqueue(OutboxItem { not_before: at(3), ..item("early") }),
        Write::Enqueue(item("taken")),
        entry("case.opened"),
    ];
    let committed = commit(&store, writes).await;
    commit(&store, [Write::TakeDelivery { id: delivery_id("taken") }]).await;

    let full = store.overview().await.unwrap();
    assert_eq!((full.accounts, full.closed_cases), (1, 1));
    let figures = &full.figures;
    assert_eq!(figures.open_cases(), BTreeMap::from([("escalated", 1), ("proving", 1)]));
    assert_eq!(
        [DeliveryState::Queued, DeliveryState::Taken].map(|state| figures.deliveries_in(state)),
        [2, 1]
    );
    assert_eq!(figures.oldest_due, Some(at(3)));
    let last = store.verify_journal().await.unwrap().head;
    assert_eq!((figures.head, figures.head.seq, figures.head_at), (last, committed.last_seq, Some(at(0))));
    assert_eq!(*figures, store.figures().await.unwrap(), "both count the same");
    assert!(full.bytes > 0 && full.free_bytes <= full.disk_bytes);
}
