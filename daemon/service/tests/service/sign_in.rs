//! Sign-in and putting a device right.

use readmit_recovery::secret::Secret;
use readmit_recovery::totp::STEP_SECONDS;
use readmitd::service::{Fault, Verified, now};

use crate::house::{ADMIN, ALICE, House, PASSWORD, code, code_at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_worth_what_its_distance_says() {
    let table = [
        (0, Verified::Accepted),
        (-5, Verified::ResyncNeeded),
        (8, Verified::ResyncNeeded),
        (200, Verified::Rejected),
    ];
    for (away, wanted) in table {
        let house = House::quiet().await;
        let device = house.add_alice().await;
        let read = house.service.verify(ALICE, &code(&device, away), "x").await;
        assert_eq!(read, Ok(wanted), "{away} steps away");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_accounts_device_is_none() {
    let house = House::quiet().await;
    let device = house.add_alice().await;
    house.service.add_account("bob", &Default::default(), ADMIN).await.expect("added");
    assert_eq!(house.service.verify("bob", &code(&device, 0), "x").await, Ok(Verified::Rejected));
    let put_right = house.service.resync("bob", &code(&device, 4), &code(&device, 5), "x").await;
    assert_eq!(put_right, Ok(false));
    assert_eq!(house.service.verify(ALICE, &code(&device, 0), "x").await, Ok(Verified::Accepted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_codes_in_a_row_put_a_drifting_device_right_once() {
    let house = House::quiet().await;
    let device = house.add_alice().await;
    let step = now().unix() / STEP_SECONDS + 100;
    let (first, second) = (code_at(&device, step), code_at(&device, step + 1));
    assert_eq!(house.service.resync(ALICE, &second, &first, "x").await, Ok(false), "in the wrong order");
    assert_eq!(house.service.resync(ALICE, &first, &first, "x").await, Ok(false), "the same twice");
    assert_eq!(house.service.resync(ALICE, &first, &second, "x").await, Ok(true));
    assert_eq!(house.service.resync(ALICE, &first, &second, "x").await, Ok(false), "replayed");
    assert_eq!(house.service.verify(ALICE, &second, "x").await, Ok(Verified::Rejected), "spent");
    assert_eq!(house.service.verify(ALICE, &code_at(&device, step + 2), "x").await, Ok(Verified::Accepted));
    let told = house.entries("device_resynchronized").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "x");
}

/// The recovery for a device that drifts: the password, then two codes; the device stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_puts_the_device_right_and_keeps_it() {
    let house = House::quiet().await;
    let device = house.add_alice().await;
    let case = house.open(ALICE, "out_of_sync").await;
    house.prove(&case, "password", PASSWORD).await;
    let step = now().unix() / STEP_SECONDS - 300;
    let codes = || vec![code_at(&device, step), code_at(&device, step + 1)];
    let one = house.service.submit(&case, "resync", codes()[..1].to_vec(), "x").await;
    assert!(matches!(one, Err(Fault::InvalidArgument(_))), "{one:?}");
    let wrong = vec![Secret::new("000000"), Secret::new("000000")];
    assert!(!house.service.submit(&case, "resync", wrong, "x").await.expect("taken").accepted);
    assert!(house.service.submit(&case, "resync", codes(), "x").await.expect("taken").accepted);
    let signed_in = house.service.claim(&case, "x").await.expect("the one sign-in");
    assert!(signed_in.recovery_codes.is_empty());
    assert_eq!(house.view(&case).await.state, "completed");
    assert_eq!(house.service.verify(ALICE, &code_at(&device, step + 2), "x").await, Ok(Verified::Accepted));
}

/// Waiting for a recovery locks no sign-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_recovery_leaves_sign_in_alone() {
    let house = House::quiet().await;
    let device = house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    for _ in 0..15 {
        drop(house.submit(&case, "password", "wrong").await);
    }
    assert_eq!(house.service.verify(ALICE, &code(&device, 0), "x").await, Ok(Verified::Accepted));
}
