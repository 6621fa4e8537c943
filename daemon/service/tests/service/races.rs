//! The same thing sent by 64 at once counts once.

use std::sync::Arc;

use readmit_recovery::secret::Secret;
use readmit_recovery::totp::STEP_SECONDS;
use readmit_store::Store;
use readmitd::service::{Fault, LinkReply, Service, Verified, now};

use crate::house::{ADMIN, ALICE, House, PASSWORD, by, code, code_at, officer};

const CALLERS: usize = 64;

async fn all_at_once<T, F>(house: &House, what: impl Fn(Arc<Service>, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(tokio::sync::Barrier::new(CALLERS));
    let tasks: Vec<_> = (0..CALLERS)
        .map(|number| {
            let (work, barrier) = (what(house.service.clone(), number), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                work.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no panic"));
    }
    results
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_at_sign_in_is_accepted_once() {
    let house = House::quiet().await;
    let device = house.add_alice().await;
    let code = code(&device, 0);
    let read = all_at_once(&house, |service, _| {
        let code = code.clone();
        async move { service.verify(ALICE, &code, "uid:33").await.expect("read") }
    })
    .await;
    assert_eq!(read.iter().filter(|one| **one == Verified::Accepted).count(), 1);
    assert_eq!(read.iter().filter(|one| **one == Verified::Rejected).count(), CALLERS - 1);
}

/// In cases of their own, so that it is the code that is spent, not the step that is proven.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_code_counts_in_one_case() {
    let house = House::quiet().await;
    house.add_alice().await;
    let code = house.service.issue_recovery_codes(ALICE, &by(ADMIN)).await.expect("issued").remove(0);
    let mut cases = Vec::new();
    for _ in 0..CALLERS {
        let case = house.open(ALICE, "stolen").await;
        house.prove(&case, "password", PASSWORD).await;
        cases.push(case);
    }
    let replies = all_at_once(&house, |service, number| {
        let (code, case) = (code.clone(), cases[number].clone());
        async move { service.submit(&case, "recovery_code", vec![code], "uid:33").await.expect("taken") }
    })
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.accepted).count(), 1);
    assert_eq!(house.entries("held").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_counts_in_one_case() {
    let house = House::with_policy(
        r#"return {
          open = function(case) return prove { "password", "pass" } end,
          recovered = function(case) return outcome { device = "keep" } end,
        }"#,
    )
    .await;
    house.add_alice().await;
    let pass = house.service.issue_pass(ALICE, 600, &by(ADMIN)).await.expect("issued");
    let mut cases = Vec::new();
    for _ in 0..CALLERS {
        let case = house.open(ALICE, "lost").await;
        house.prove(&case, "password", PASSWORD).await;
        cases.push(case);
    }
    let replies = all_at_once(&house, |service, number| {
        let (pass, case) = (pass.clone(), cases[number].clone());
        async move { service.submit(&case, "pass", vec![pass], "uid:33").await.expect("taken") }
    })
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.accepted).count(), 1);
    assert_eq!(house.entries("recovered").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_of_another_device_counts_in_one_case() {
    let house = House::quiet().await;
    house.add_alice().await;
    let other = house.add_device("tablet").await;
    let code = code(&other, 0);
    let mut cases = Vec::new();
    for _ in 0..CALLERS {
        cases.push(house.open(ALICE, "not_working").await);
    }
    let replies = all_at_once(&house, |service, number| {
        let (code, case) = (code.clone(), cases[number].clone());
        async move { service.submit(&case, "totp", vec![code], "uid:33").await.expect("taken") }
    })
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.accepted).count(), 1);
    // Nor is it good for a sign-in after that.
    assert_eq!(house.service.verify(ALICE, &code, "uid:33").await, Ok(Verified::Rejected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_a_claim_and_a_veto_count_once() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "email", "uid:33").await.expect("started");
    let token = Secret::new(post.mail("verification").await.remove("link_token").expect("a link"));
    let opened = all_at_once(&house, |service, _| {
        let token = token.clone();
        async move { service.open_link(&token, &Secret::new("this browser"), "uid:33").await }
    })
    .await;
    let proven = opened.iter().filter(|reply| matches!(reply, Ok(LinkReply::Proven { .. })));
    assert_eq!(proven.count(), 1);
    assert!(opened.iter().all(|reply| matches!(reply, Ok(_) | Err(Fault::WrongState(_)))));

    let claimed = all_at_once(&house, |service, _| {
        let case = case.clone();
        async move { service.claim(&case, "uid:33").await }
    })
    .await;
    assert_eq!(claimed.iter().filter(|reply| reply.is_ok()).count(), 1);
    assert!(claimed.iter().all(|reply| matches!(reply, Ok(_) | Err(Fault::WrongState(_)))));

    let changed = all_at_once(&house, |service, number| {
        let case = case.clone();
        async move {
            service
                .change_password(&case, Secret::new(format!("a new password, number {number}")), "uid:33")
                .await
        }
    })
    .await;
    assert_eq!(changed.iter().filter(|reply| reply.is_ok()).count(), 1);
    assert!(changed.iter().all(|reply| matches!(reply, Ok(()) | Err(Fault::WrongState(_)))), "{changed:?}");
    // The password that was acknowledged is the one that holds.
    let winner = changed.iter().position(Result::is_ok).expect("one");
    let next = house.open(ALICE, "lost").await;
    house.prove(&next, "password", &format!("a new password, number {winner}")).await;

    let notice = post.mail("notice").await;
    let vetoed = all_at_once(&house, |service, _| {
        let token = Secret::new(notice["veto_token"].clone());
        async move { service.veto(&token, "uid:33").await }
    })
    .await;
    assert_eq!(vetoed.iter().filter(|reply| reply.is_ok()).count(), 1, "{vetoed:?}");
    house.until(&case, |view| view.state == "vetoed").await;
    house.stop().await;
}

/// Whatever is sent at once, a challenge takes five wrong tries and no more, and no event is lost to the crowd.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_tries_at_once_are_all_counted() {
    let (house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "email", "uid:33").await.expect("started");
    let right = post.mail("verification").await.remove("code").expect("a code");
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let replies = all_at_once(&house, |service, _| {
        let case = case.clone();
        async move { service.submit(&case, "email", vec![Secret::new(wrong)], "uid:33").await }
    })
    .await;
    let counted: Vec<_> = replies.iter().filter_map(|reply| reply.as_ref().ok()).collect();
    assert_eq!(counted.len(), 5);
    assert!(counted.iter().all(|reply| !reply.accepted));
    assert!(replies.iter().all(|reply| matches!(reply, Ok(_) | Err(Fault::WrongState(_)))), "{replies:?}");
    // The right one comes too late.
    let late = house.submit(&case, "email", &right).await;
    assert!(matches!(late, Err(Fault::WrongState(_))), "{late:?}");
    assert_eq!(
        house
            .store
            .account(&ALICE.to_owned().try_into().expect("an id"), now())
            .await
            .expect("read")
            .expect("alice")
            .failures
            .values()
            .sum::<u32>(),
        5
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_device_is_enrolled_and_the_old_one_is_gone() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.recovered(&mut post).await;
    let (secret, _) = house.service.begin_enrollment(&case, "new", "uid:33").await.expect("begun");
    let device = readmitd::service::NewDevice {
        id: house.service.devices(ALICE).await.expect("devices")[0].device.id.clone(),
        secret,
        uri: Secret::new(""),
    };
    let step = now().unix() / STEP_SECONDS;
    let (first, second) = (code_at(&device, step - 1), code_at(&device, step));
    let confirmed = all_at_once(&house, |service, _| {
        let (case, first, second) = (case.clone(), first.clone(), second.clone());
        async move { service.confirm_enrollment(&case, first, second, "uid:33").await }
    })
    .await;
    assert_eq!(confirmed.iter().filter(|reply| reply.is_ok()).count(), 1, "{confirmed:?}");
    let devices = house.service.devices(ALICE).await.expect("devices");
    assert_eq!(devices.iter().map(|one| one.device.label.as_str()).collect::<Vec<_>>(), ["new"]);
    // The codes that enrolled it are spent.
    assert_eq!(house.service.verify(ALICE, &second, "uid:33").await, Ok(Verified::Rejected));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_approves_once_however_often_they_say_so() {
    let house = House::with_policy(
        r#"return {
          open = function(case) return prove { "password", approvals(2) } end,
          recovered = function(case) return outcome { device = "keep" } end,
        }"#,
    )
    .await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    let approved = all_at_once(&house, |service, _| {
        let case = case.clone();
        async move { service.approve(&case, "I called her", &officer(7)).await }
    })
    .await;
    assert_eq!(approved.iter().filter(|reply| reply.is_ok()).count(), 1);
    assert!(approved.iter().all(|reply| matches!(reply, Ok(()) | Err(Fault::NotAuthorized(_)))));
    assert_eq!(house.view(&case).await.state, "proving");
    house.service.approve(&case, "so did I", &officer(8)).await.expect("a second person");
    assert_eq!(house.view(&case).await.state, "recovered");
}
