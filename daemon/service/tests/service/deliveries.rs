//! The outbox: retries, deadlines, what a crash leaves, and calls that must not be placed.

use readmit_plugin::{Ended, disposition};
use readmit_recovery::id::{CaseId, DeliveryId};
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use readmit_store::{Change, OutboxItem, Store, Write};
use readmitd::service::now;

use crate::house::{ALICE, EMAIL, House, PASSWORD, PHONE, limits, within};
use crate::post::{Asked, Post};

/// Lets the person prove the password and asks for a call.
async fn ring(house: &House) -> String {
    let case = house.open(ALICE, "damaged").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "voice", "x").await.expect("started");
    case
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_with_the_digits_of_the_page() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = ring(&house).await;
    let call = post.ring().await;
    assert_eq!((call.call.to.expose(), call.call.digits, call.call.tries), (PHONE, 6, 3));
    call.progress("ringing");
    let view = house.until(&case, |view| view.steps[1].phase.is_some()).await;
    let digits = view.steps[1].code.as_ref().expect("digits").expose().to_owned();
    let wrong = if digits == "000000" { "000001" } else { "000000" };
    assert_eq!(call.press(wrong).await, Some((false, 2)));
    assert!(call.press(&digits).await.is_some_and(|(accepted, _)| accepted));
    call.end(disposition::ENTERED);
    house.until(&case, |view| view.state == "recovered").await;
    house.stop().await;
}

/// kill -9 while it rings: it is over, the person is told, and nobody calls again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_was_under_way_is_interrupted_and_never_repeated() {
    let (house, mut post) = House::working().await;
    house.add_alice().await;
    let case = ring(&house).await;
    let _ringing = post.ring().await;
    let killed = house.as_killed();

    let (mut house, mut post) = House::working_on(killed).await;
    let view = house.until(&case, |view| view.steps[1].disposition.is_some()).await;
    assert_eq!(view.steps[1].disposition.map(|it| it.as_str()), Some("interrupted"));
    assert!(view.steps[1].code.is_none());
    // Asked for again, one call is placed: the first thing that the plugin hears of.
    house.service.start(&case, "voice", "x").await.expect("started");
    let Asked::Ring(again) = post.next().await else { panic!("not a call") };
    again.end(disposition::BUSY);
    house.until(&case, |view| view.steps[1].disposition.is_some_and(|it| it.as_str() == "busy")).await;
    assert!(post.waiting().is_empty());
    house.stop().await;
}

/// kill -9 while it is sent: it is sent again, under the same id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_under_way_is_sent_again_under_its_id() {
    let (house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "email", "x").await.expect("started");
    let Asked::Mail(first, _hold) = post.next().await else { panic!("not a message") };
    let killed = house.as_killed();

    let (mut house, mut post) = House::working_on(killed).await;
    let second = post.mail("verification").await;
    assert_eq!((&second["id"], second["to"].as_str()), (&first.id, EMAIL));
    assert_eq!(second["code"], first.fields["code"].expose());
    house.until(&case, |view| view.steps[1].disposition.is_some()).await;
    house.prove(&case, "email", &second["code"]).await;
    house.stop().await;
}

/// A stop in good order loses no message either: the daemon that starts next sends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_loses_no_notice() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    house.recovered(&mut post).await;
    let Asked::Mail(notice, _hold) = post.next().await else { panic!("not a message") };
    assert_eq!(notice.purpose, "notice");
    let directory = house.stop().await;
    let (house, mut post) = House::working_on(directory).await;
    assert_eq!(post.mail("notice").await["id"], notice.id);
    house.stop().await;
}

/// What nobody waits for at a page is tried again later, until its time is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_cannot_be_sent_is_put_back() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    house.recovered(&mut post).await;
    let begun = now();
    let Asked::Mail(notice, end) = post.next().await else { panic!("not a message") };
    end.send(Ended::new(disposition::REJECTED)).expect("the plugin waits");
    let id = DeliveryId::parse(&notice.id).expect("an id");
    // Refused for good: it ends, and the journal says how.
    loop {
        let ended = house.entries("delivery_ended").await;
        if ended
            .iter()
            .any(|(_, detail)| detail["delivery"] == id.as_str() && detail["disposition"] == "rejected")
        {
            break;
        }
        within(house.signals.recv()).await.expect("told");
    }
    // Out of reach, it waits: first half a minute, then twice as long.
    let case = CaseId::parse(&house.recovered(&mut post).await).expect("an id");
    let Asked::Mail(notice, end) = post.next().await else { panic!("not a message") };
    assert_eq!(notice.purpose, "notice");
    end.send(Ended::new(disposition::UNREACHABLE)).expect("the plugin waits");
    let mut waits = None;
    within(async {
        // The plugins are tried twice by themselves before the outbox is.
        while waits.is_none() {
            for asked in post.waiting() {
                if let Asked::Mail(_, end) = asked {
                    end.send(Ended::new(disposition::UNREACHABLE)).ok();
                }
            }
            waits = house.store.next_delivery_at().await.expect("read");
            tokio::task::yield_now().await;
        }
    })
    .await;
    let wait = waits.expect("it waits").since(begun).as_secs();
    assert!((30..90).contains(&wait), "{wait}");
    assert_eq!(house.view(case.as_str()).await.state, "recovered");
    house.stop().await;
}

/// Past its deadline nothing is handed over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_past_its_deadline_is_not_sent() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    let payload = serde_json::json!({ "is": "message", "to": EMAIL, "purpose": "notice", "locale": "en", "fields": {} });
    let item = OutboxItem {
        id: DeliveryId::from_random([9; 16]),
        case: Some(CaseId::parse(&case).expect("an id")),
        channel: "email".to_owned(),
        at_most_once: false,
        not_before: Timestamp::default(),
        deadline: Timestamp::from_unix(now().unix() - 1),
        payload: serde_json::to_vec(&payload).expect("JSON").into(),
    };
    let change = Change { at: now(), actor: "test".to_owned(), writes: vec![Write::Enqueue(item.clone())] };
    house.store.commit(change).await.expect("queued");
    loop {
        let ended = house.entries("delivery_ended").await;
        if let Some((_, detail)) = ended.first() {
            assert_eq!(
                (&detail["delivery"], &detail["disposition"]),
                (&item.id.as_str().into(), &"expired".into())
            );
            break;
        }
        within(house.signals.recv()).await.expect("told");
    }
    assert!(post.waiting().is_empty());
    house.stop().await;
}

/// A call that is called off before it was placed is not placed, whatever came in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_nobody_waits_for_is_not_placed() {
    let house = House::quiet().await;
    house.add_alice().await;
    let case = ring(&house).await;
    // As if the daemon had died between the end of the case and the calling off of its call.
    let queued = house.store.due_deliveries(now(), 10).await.expect("read");
    assert_eq!(queued.len(), 1);
    house.service.cancel(&case, "x").await.expect("cancelled");
    assert!(house.store.due_deliveries(now(), 10).await.expect("read").is_empty());
    let ghost = OutboxItem { id: DeliveryId::from_random([8; 16]), ..queued[0].item.clone() };
    let change = Change { at: now(), actor: "test".to_owned(), writes: vec![Write::Enqueue(ghost)] };
    house.store.commit(change).await.expect("queued");
    let directory = house.stop().await;

    let (mut house, mut post) = House::working_on(directory).await;
    loop {
        let ended = house.entries("delivery_ended").await;
        if ended.iter().any(|(_, detail)| detail["disposition"] == "cancelled") {
            break;
        }
        within(house.signals.recv()).await.expect("told");
    }
    assert!(post.waiting().is_empty());
    house.stop().await;
}

/// A veto while it rings hangs up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_under_way_is_called_off() {
    let (house, mut post) = House::working().await;
    house.add_alice().await;
    let case = ring(&house).await;
    let ringing = post.ring().await;
    let digits = house.step(&case, "voice").await.code.expect("digits").expose().to_owned();
    house.service.cancel(&case, "x").await.expect("cancelled");
    let Asked::Cancelled(id) = post.next().await else { panic!("not called off") };
    assert_eq!(id, ringing.call.id);
    // Even the right digits come too late, whichever of the two has heard of the end first.
    assert!(matches!(ringing.press(&digits).await, None | Some((false, 0))));
    house.stop().await;
}

/// A delivery that cannot be read, or whose case is gone, keeps nothing else from being resumed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_delivery_stops_nobody() {
    let house = House::quiet().await;
    house.add_alice().await;
    let broken = |number: u8, case: Option<CaseId>| OutboxItem {
        id: DeliveryId::from_random([number; 16]),
        case,
        channel: "email".to_owned(),
        at_most_once: true,
        not_before: Timestamp::default(),
        deadline: now().plus(std::time::Duration::from_secs(600)),
        payload: b"not JSON".to_vec().into(),
    };
    let gone = CaseId::from_random([1; 16]);
    let writes = vec![
        Write::Enqueue(broken(1, Some(gone))),
        Write::TakeDelivery { id: DeliveryId::from_random([1; 16]) },
        Write::Enqueue(broken(2, None)),
    ];
    let change = Change { at: now(), actor: "test".to_owned(), writes };
    house.store.commit(change).await.expect("queued");
    let directory = house.stop().await;

    let (mut house, mut post) = House::working_on(directory).await;
    let case = house.recovered(&mut post).await;
    post.mail("notice").await;
    house.until(&case, |view| view.state == "recovered").await;
    let taken = house.store.taken_deliveries().await.expect("read");
    assert!(taken.iter().any(|it| it.item.id == DeliveryId::from_random([1; 16])));
    house.stop().await;
}

/// Many calls that ring keep no message waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pretended_calls_keep_no_message_waiting() {
    let policy = r#"return {
      open = function(case) return prove { any(1, { all { "email", "recovery_code" }, all { "voice", "recovery_code" } }) } end,
      failed = function(case, failure) return retry { after = 0 } end,
    }"#;
    let (house, mut post) = House::working_with(policy).await;
    house.add_alice().await;
    for number in 0..300 {
        let case = house.open(&format!("nobody-{number}"), "lost").await;
        house.service.start(&case, "voice", "x").await.expect("started");
    }
    let case = house.open(ALICE, "lost").await;
    house.service.start(&case, "email", "x").await.expect("started");
    post.mail("verification").await;
    house.service.start(&case, "voice", "x").await.expect("started");
    post.ring().await.end(disposition::NO_ANSWER);
    house.stop().await;
}

/// What staff decide by a pass reaches the address on file, and works once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_that_support_sends_proves_the_case() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    let form = [("problem".to_owned(), "no_email".to_owned())].into();
    house.service.escalate(&case, &form, "x").await.expect("a ticket");
    let staff = crate::house::officer(7);
    house.service.resolve(&case, "pass", "I called her back", &staff).await.expect("resolved");
    let again = house.service.resolve(&case, "pass", "once more", &staff).await;
    assert!(matches!(again, Err(readmitd::service::Fault::WrongState(_))));
    let mail = post.mail("pass").await;
    assert_eq!(mail["to"], EMAIL);
    assert!(!house.submit(&case, "pass", "ABCD-EFGH-JKMN-PQRS").await.expect("taken").accepted);
    house.prove(&case, "pass", &mail["code"].to_lowercase().replace('-', " ")).await;
    assert_eq!(house.view(&case).await.state, "recovered");
    let told = house.entries("resolved").await;
    assert_eq!((told[0].0.as_str(), &told[0].1["because"]), ("uid:7", &"I called her back".into()));
    assert_eq!(Secret::new(mail["code"].clone()).expose().len(), 19);
    let mut other = Post::waiting(&mut post);
    assert!(other.drain(..).all(|asked| matches!(asked, Asked::Mail(mail, _) if mail.purpose == "notice")));
    house.until(&case, |view| view.state == "recovered").await;
    house.stop().await;
}

/// Started again with the same limits, the outbox is empty: nothing is sent twice that must not be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_call_is_not_placed_after_a_crash() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = ring(&house).await;
    post.ring().await.end(disposition::NO_ANSWER);
    house.until(&case, |view| view.steps[1].disposition.is_some()).await;
    let killed = house.as_killed();
    let house = House::on(killed, limits(), Vec::new()).await;
    assert!(house.store.due_deliveries(now(), 10).await.expect("read").is_empty());
    assert!(house.store.taken_deliveries().await.expect("read").is_empty());
    assert_eq!(house.step(&case, "voice").await.disposition.map(|it| it.as_str()), Some("no_answer"));
}
