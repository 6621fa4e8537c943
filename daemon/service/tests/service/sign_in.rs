//! Sign-in and putting a device right.

use readmit_recovery::secret::Secret;
use readmit_recovery::totp::STEP_SECONDS;
use readmitd::service::{Fault, Verified, now};

use crate::house::{ADMIN, ALICE, House, NOBODY, PASSWORD, by, code, code_at};

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

async fn password(house: &House, account: &str, password: &str) -> Verified {
    house.service.verify_password(account, Secret::new(password), "x").await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_right_password_of_the_account_is_accepted() {
    let house = House::quiet().await;
    house.add_alice().await;
    house.service.add_account("bob", &Default::default(), ADMIN).await.expect("added");
    let table = [
        (ALICE, PASSWORD, Verified::Accepted),
        (ALICE, "correct horse batterz", Verified::Rejected),
        (ALICE, "", Verified::Rejected),
        ("bob", PASSWORD, Verified::Rejected),
        ("bob", "", Verified::Rejected),
        (NOBODY, PASSWORD, Verified::Rejected),
    ];
    for (account, given, wanted) in table {
        assert_eq!(password(&house, account, given).await, wanted, "{account} {given:?}");
    }
    let malformed = house.service.verify_password("", Secret::new("x"), "x").await;
    assert!(matches!(malformed, Err(Fault::InvalidArgument(_))), "{malformed:?}");
    let long = "x".repeat(100_000);
    assert_eq!(password(&house, ALICE, &long).await, Verified::Rejected);
}

/// NIST SP 800-63B-4 §3.2.2: no more than 100 wrong ones in a row, and a right one begins the row anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_wrong_passwords_in_a_row_are_the_last() {
    let house = House::quiet().await;
    house.add_alice().await;
    // Too long to be a password, so that it costs no hash.
    let wrong = "x".repeat(2000);
    for _ in 0..99 {
        assert_eq!(password(&house, ALICE, &wrong).await, Verified::Rejected);
    }
    assert_eq!(password(&house, ALICE, PASSWORD).await, Verified::Accepted, "99 are not 100");
    for account in [ALICE, NOBODY] {
        for _ in 0..100 {
            assert_eq!(password(&house, account, &wrong).await, Verified::Rejected);
        }
        assert_eq!(password(&house, account, PASSWORD).await, Verified::Throttled, "{account}");
    }
    let house = House::on(house.stop().await, crate::house::limits(), Vec::new()).await;
    assert_eq!(password(&house, ALICE, PASSWORD).await, Verified::Throttled, "a restart forgets nothing");
    // Whoever is locked out of signing in is not locked out of recovering, and a recovery puts it right.
    let case = house.open(ALICE, "out_of_sync").await;
    house.prove(&case, "password", PASSWORD).await;
    assert_eq!(password(&house, ALICE, PASSWORD).await, Verified::Accepted);
    for _ in 0..100 {
        assert_eq!(password(&house, ALICE, &wrong).await, Verified::Rejected);
    }
    let new = "another horse battery";
    house.service.set_password(ALICE, Secret::new(new), &by(ADMIN)).await.expect("set");
    assert_eq!(password(&house, ALICE, new).await, Verified::Accepted);
}

/// Recoveries that fail lock nobody out of signing in with the password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_that_fail_in_recoveries_count_there() {
    let house = House::quiet().await;
    house.add_alice().await;
    let mut refused = 0;
    while refused < 2 {
        let case = house.open(ALICE, "lost").await;
        for _ in 0..5 {
            let tried = house.submit(&case, "password", &"x".repeat(1000)).await;
            refused += usize::from(matches!(tried, Err(Fault::Refused(_))));
        }
    }
    assert_eq!(password(&house, ALICE, PASSWORD).await, Verified::Accepted);
}
