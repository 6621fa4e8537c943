//! What is going on, counted.

use readmit_store::{CaseFigure, CaseRow, DeliveryFigure, DeliveryState, Figures, OutboxItem, Write};

use crate::kit::*;

pub async fn an_empty_store_has_nothing_going_on(make: Make) {
    assert_eq!(make().figures().await.unwrap(), Figures::default());
}

pub async fn what_is_going_on_is_counted_and_what_has_ended_is_not(make: Make) {
    let store = make();
    let case = |id: &str, state: &str, opened_at| {
        let closed = state == "completed";
        Write::InsertCase(CaseRow {
            state: state.to_owned(),
            opened_at: at(opened_at),
            closed,
            ..case_row(id, "a")
        })
    };
    let delivery = |id: &str, channel: &str, not_before| {
        Write::Enqueue(OutboxItem { channel: channel.to_owned(), not_before: at(not_before), ..item(id) })
    };
    commit(&store, [case("p", "proving", 1), case("q", "proving", 2), case("c", "completed", 3)]).await;
    commit(&store, [case("e", "escalated", 5), case("f", "escalated", 4)]).await;
    commit(&store, [delivery("m", "email", 9), delivery("n", "email", 8), delivery("v", "voice", 7)]).await;
    commit(&store, [Write::TakeDelivery { id: delivery_id("v") }, entry("opened")]).await;
    let head = store.head().await.unwrap().head;
    let reason = case_row("p", "a").reason;
    let cases = |state: &str, count| CaseFigure { state: state.to_owned(), reason: reason.clone(), count };
    let deliveries =
        |channel: &str, state, count| DeliveryFigure { channel: channel.to_owned(), state, count };
    assert_eq!(
        store.figures().await.unwrap(),
        Figures {
            cases: vec![cases("escalated", 2), cases("proving", 2)],
            oldest_escalated: Some(at(4)),
            deliveries: vec![
                deliveries("email", DeliveryState::Queued, 2),
                deliveries("voice", DeliveryState::Taken, 1),
            ],
            oldest_due: Some(at(8)),
            head,
            head_at: Some(at(0)),
        }
    );
    commit(&store, [Write::FinishDelivery { id: delivery_id("v") }]).await;
    assert_eq!(store.figures().await.unwrap().deliveries, [deliveries("email", DeliveryState::Queued, 2)]);
}
