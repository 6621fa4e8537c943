//! Limits: at them and past them.

use readmit_recovery::secret::Secret;
use readmit_store::Store;
use readmitd::config::LimitRules;
use readmitd::service::{Fault, Verified};

use crate::house::{ALICE, House, NOBODY, PASSWORD, code, within};

fn limited<T: std::fmt::Debug>(result: Result<T, Fault>) {
    match result {
        Err(Fault::RateLimited(text)) => assert!(text.contains("try again"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_of_an_account() {
    let house = House::limited(|limits| limits.opens_per_account.max = 2).await;
    house.add_alice().await;
    for account in [ALICE, NOBODY] {
        for _ in 0..2 {
            house.open(account, "lost").await;
        }
        limited(house.try_open(account, "lost", None).await);
    }
    // And after a restart.
    let directory = house.stop().await;
    let mut limits = LimitRules::default();
    limits.opens_per_account.max = 2;
    let house = House::on(directory, limits, Vec::new()).await;
    limited(house.try_open(ALICE, "lost", None).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_from_an_address_however_it_is_written() {
    let house = House::limited(|limits| limits.opens_per_address.max = 2).await;
    for address in ["2001:db8::1", "2001:0db8:0:0:ffff::2"] {
        house.try_open(NOBODY, "lost", Some(address)).await.expect("opened");
    }
    limited(house.try_open(NOBODY, "lost", Some("2001:DB8::3")).await);
    house.try_open(NOBODY, "lost", Some("2001:db8:0:1::1")).await.expect("another network");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_in_total() {
    let house = House::limited(|limits| limits.opens_total.max = 3).await;
    for number in 0..3 {
        house.open(&format!("nobody-{number}"), "lost").await;
    }
    limited(house.try_open("nobody-3", "lost", None).await);
    assert_eq!(house.store.counts().await.expect("counts").cases, 3);
}

/// Right ones count too, and past the limit even a right one is not looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_from_an_address() {
    let house = House::limited(|limits| limits.tries_per_address.max = 2).await;
    house.add_alice().await;
    let case = house.try_open(ALICE, "lost", Some("192.0.2.1")).await.expect("opened");
    for _ in 0..2 {
        assert!(!house.submit(&case, "password", "wrong").await.expect("taken").accepted);
    }
    limited(house.submit(&case, "password", PASSWORD).await);
    limited(house.submit(&case, "password", "wrong").await);
    let other = house.try_open(ALICE, "lost", Some("192.0.2.2")).await.expect("opened");
    house.prove(&other, "password", PASSWORD).await;
}

/// What could not be a proof at all counts nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_proof_is_no_try() {
    let house = House::limited(|limits| limits.tries_per_address.max = 1).await;
    house.add_alice().await;
    let case = house.try_open(ALICE, "lost", Some("192.0.2.1")).await.expect("opened");
    let two = vec![Secret::new("1"), Secret::new("2")];
    assert!(matches!(
        house.service.submit(&case, "password", two, "x").await,
        Err(Fault::InvalidArgument(_))
    ));
    assert!(matches!(house.submit(&case, "email", "123456").await, Err(Fault::WrongState(_))));
    house.prove(&case, "password", PASSWORD).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_an_account() {
    let house = House::limited(|limits| limits.emails_per_account.max = 2).await;
    house.add_alice().await;
    for number in 0..3 {
        let case = house.open(ALICE, "lost").await;
        house.prove(&case, "password", PASSWORD).await;
        let started = house.service.start(&case, "email", "x").await;
        if number < 2 {
            started.expect("started");
        } else {
            limited(started);
            // What was refused has changed nothing: it is to be started still.
            assert_eq!(house.step(&case, "email").await.state.as_str(), "open");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_to_a_number() {
    type Set = fn(&mut LimitRules);
    let table: [(&str, Set); 7] = [
        ("a number in a while", |limits| limits.calls_per_number.max = 1),
        ("a number in a day", |limits| limits.calls_per_number_day.max = 1),
        ("an account in a day", |limits| limits.calls_per_account_day.max = 1),
        ("a block of numbers", |limits| limits.calls_per_block.max = 1),
        ("a country", |limits| limits.calls_per_country.max = 1),
        ("an asking address", |limits| limits.calls_per_address.max = 1),
        ("in total", |limits| limits.calls_total_hour.max = 1),
    ];
    for (what, set) in table {
        let house = House::limited(set).await;
        house.add_alice().await;
        for number in 0..2 {
            let case = house.try_open(ALICE, "damaged", Some("192.0.2.1")).await.expect("opened");
            house.prove(&case, "password", PASSWORD).await;
            let started = house.service.start(&case, "voice", "x").await;
            match number {
                0 => drop(started.expect(what)),
                _ => limited(started),
            }
        }
    }
}

/// The page asks for the digits again at once, so the wait before the next message must be told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_not_sent_again_too_soon() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "email", "x").await.expect("started");
    post.mail("verification").await;
    house.until(&case, |view| view.steps[1].disposition.is_some()).await;
    let again = house.service.start(&case, "email", "x").await;
    let Err(Fault::RateLimited(text)) = again else { panic!("{again:?}") };
    assert!(text.contains("not before 20"), "{text}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_from_an_address() {
    let house = House::limited(|limits| limits.tickets_per_address.max = 1).await;
    let form = [("problem".to_owned(), "other".to_owned())].into();
    let first = house.try_open(NOBODY, "lost", Some("192.0.2.1")).await.expect("opened");
    house.service.escalate(&first, &form, "x").await.expect("a ticket");
    let second = house.try_open(NOBODY, "lost", Some("192.0.2.1")).await.expect("opened");
    limited(house.service.escalate(&second, &form, "x").await);
    assert_eq!(house.view(&second).await.state, "proving");
}

/// Past the limit even a right code is refused: guessing on gains nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_at_sign_in() {
    let house = House::limited(|limits| limits.verifies_per_account.max = 3).await;
    let device = house.add_alice().await;
    for account in [ALICE, NOBODY] {
        for _ in 0..3 {
            let read = house.service.verify(account, &Secret::new("000000"), "x").await;
            assert!(matches!(read, Ok(Verified::Rejected | Verified::ResyncNeeded)), "{read:?}");
        }
        assert_eq!(house.service.verify(account, &code(&device, 0), "x").await, Ok(Verified::Throttled));
    }
    for account in [ALICE, NOBODY] {
        for _ in 0..3 {
            let put_right = house.service.resync(account, &Secret::new("1"), &Secret::new("2"), "x").await;
            assert_eq!(put_right, Ok(false));
        }
        limited(house.service.resync(account, &code(&device, -1), &code(&device, 0), "x").await);
    }
}

/// Past the limit even the right password is refused, of whomever; the codes of the device are counted apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_at_sign_in() {
    let house = House::limited(|limits| limits.passwords_per_account.max = 3).await;
    let device = house.add_alice().await;
    for account in [ALICE, NOBODY] {
        for _ in 0..3 {
            let read = house.service.verify_password(account, Secret::new("wrong"), "x").await;
            assert_eq!(read, Ok(Verified::Rejected));
        }
        let read = house.service.verify_password(account, Secret::new(PASSWORD), "x").await;
        assert_eq!(read, Ok(Verified::Throttled));
    }
    assert_eq!(house.service.verify(ALICE, &code(&device, 0), "x").await, Ok(Verified::Accepted));
}

/// Many guesses at the same time are no more than the limit allows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_at_sign_in_all_at_once() {
    let house = House::limited(|limits| limits.passwords_per_account.max = 4).await;
    house.add_alice().await;
    let tries: Vec<_> = (0..32)
        .map(|_| {
            let service = house.service.clone();
            tokio::spawn(async move { service.verify_password(ALICE, Secret::new("wrong"), "x").await })
        })
        .collect();
    let mut compared = 0;
    for one in tries {
        match within(one).await.expect("no panic").expect("an answer") {
            Verified::Rejected => compared += 1,
            other => assert_eq!(other, Verified::Throttled),
        }
    }
    assert_eq!(compared, 4);
}

/// A flood of events of one case keeps none of them waiting for ever: each is applied, in the order of arrival.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_starves_nobody() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "email", "x").await.expect("started");
    let mail = post.mail("verification").await;
    let opened: Vec<_> = (0..300)
        .map(|_| {
            let (service, token) = (house.service.clone(), Secret::new(mail["link_token"].clone()));
            tokio::spawn(async move { service.open_link(&token, &Secret::new("elsewhere"), "x").await })
        })
        .collect();
    house.service.veto(&Secret::new(mail["veto_token"].clone()), "x").await.expect("vetoed");
    house.until(&case, |view| view.state == "vetoed").await;
    for one in opened {
        let reply = within(one).await.expect("no panic");
        assert!(matches!(reply, Ok(_) | Err(Fault::WrongState(_))), "{reply:?}");
    }
    house.stop().await;
}
