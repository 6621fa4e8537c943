//! The outbox.

use std::sync::Arc;

use readmit_store::{CommitError, DeliveryState, OutboxItem, Write};

use crate::kit::*;

fn take(id: &str) -> Write {
    Write::TakeDelivery { id: delivery_id(id) }
}

fn finish(id: &str) -> Write {
    Write::FinishDelivery { id: delivery_id(id) }
}

fn cancel(id: &str) -> Write {
    Write::CancelDelivery { id: delivery_id(id) }
}

fn requeue(id: &str, second: u64) -> Write {
    Write::RequeueDelivery { id: delivery_id(id), not_before: at(second) }
}

pub async fn a_delivery_goes_from_queued_to_taken_to_done(make: Make) {
    let store = make();
    let wanted = OutboxItem { at_most_once: true, case: None, ..item("m") };
    commit(&store, [Write::Enqueue(wanted.clone())]).await;
    let due = store.due_deliveries(at(0), 10).await.unwrap();
    assert_eq!((&due[0].item, due[0].state, due[0].attempt), (&wanted, DeliveryState::Queued, 0));
    commit(&store, [take("m")]).await;
    assert!(store.due_deliveries(at(0), 10).await.unwrap().is_empty());
    let taken = store.taken_deliveries().await.unwrap();
    assert_eq!((&taken[0].item, taken[0].state, taken[0].attempt), (&wanted, DeliveryState::Taken, 1));
    commit(&store, [finish("m")]).await;
    assert!(store.taken_deliveries().await.unwrap().is_empty());
    for write in [take("m"), finish("m"), cancel("m"), requeue("m", 0)] {
        refused!(attempt(&store, write).await, CommitError::Stale);
    }
}

pub async fn a_delivery_is_queued_once_ever(make: Make) {
    let store = make();
    commit(&store, [Write::Enqueue(item("m"))]).await;
    refused!(attempt(&store, Write::Enqueue(item("m"))).await, CommitError::Exists);
    commit(&store, [take("m")]).await;
    refused!(attempt(&store, Write::Enqueue(item("m"))).await, CommitError::Exists);
    commit(&store, [finish("m")]).await;
    refused!(attempt(&store, Write::Enqueue(item("m"))).await, CommitError::Exists);
}

pub async fn a_delivery_that_is_not_queued_cannot_be_taken_or_cancelled(make: Make) {
    let store = make();
    for write in [take("m"), finish("m"), cancel("m"), requeue("m", 0)] {
        refused!(attempt(&store, write).await, CommitError::NotFound);
    }
    commit(&store, [Write::Enqueue(item("m")), Write::Enqueue(item("n"))]).await;
    refused!(attempt(&store, requeue("m", 0)).await, CommitError::Stale);
    commit(&store, [take("m"), cancel("n")]).await;
    for write in [take("m"), cancel("m"), take("n"), cancel("n")] {
        refused!(attempt(&store, write).await, CommitError::Stale);
    }
}

pub async fn a_taken_delivery_goes_back_and_counts_its_attempts(make: Make) {
    let store = make();
    commit(&store, [Write::Enqueue(item("m"))]).await;
    for attempt in 1..=3 {
        commit(&store, [take("m")]).await;
        assert_eq!(store.taken_deliveries().await.unwrap()[0].attempt, attempt);
        commit(&store, [requeue("m", u64::from(attempt) * 10)]).await;
    }
    assert!(store.due_deliveries(at(29), 10).await.unwrap().is_empty());
    let due = store.due_deliveries(at(30), 10).await.unwrap();
    assert_eq!((due[0].attempt, due[0].item.not_before), (3, at(30)));
}

pub async fn deliveries_are_due_by_time(make: Make) {
    let store = make();
    for (id, not_before) in [("a", 30), ("b", 10), ("c", 20), ("d", 10)] {
        commit(&store, [Write::Enqueue(OutboxItem { not_before: at(not_before), ..item(id) })]).await;
    }
    let due = async |now, limit| {
        let due = store.due_deliveries(at(now), limit).await.unwrap();
        due.iter().map(|delivery| delivery.item.id.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(store.next_delivery_at().await.unwrap(), Some(at(10)));
    assert_eq!(due(9, 10).await, "");
    assert_eq!(due(10, 10).await, "b d");
    assert_eq!(due(99, 10).await, "b d c a");
    assert_eq!(due(99, 3).await, "b d c");
    commit(&store, [take("b"), cancel("d")]).await;
    assert_eq!(store.next_delivery_at().await.unwrap(), Some(at(20)));
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.queued_deliveries, counts.taken_deliveries), (2, 1));
}

pub async fn of_racing_takers_one_has_it(make: Make) {
    let store = make();
    commit(&store, [Write::Enqueue(item("m"))]).await;
    let takers: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { attempt(&store, take("m")).await })
        })
        .collect();
    let mut taken = 0;
    for taker in takers {
        match taker.await.unwrap() {
            Ok(_) => taken += 1,
            result => refused!(result, CommitError::Stale),
        }
    }
    assert_eq!((taken, store.taken_deliveries().await.unwrap()[0].attempt), (1, 1));
}

pub async fn a_taken_delivery_is_found_after_a_restart(make: Make) {
    let store = make();
    commit(&store, [Write::Enqueue(item("m")), Write::Enqueue(item("n"))]).await;
    commit(&store, [take("m")]).await;
    drop(store);
    let store = make();
    let taken = store.taken_deliveries().await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!((&taken[0].item, taken[0].attempt), (&item("m"), 1));
}
