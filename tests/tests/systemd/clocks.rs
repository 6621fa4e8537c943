//! A clock that jumps an hour, either way, and comes back.

use readmit_tests::World;

const HOUR: i64 = 3600;

/// The world's clock starts ahead, so that it can jump back.
async fn world(config: &str) -> World {
    let world = World::builder().clock().config(config).start().await;
    world.clock.jump(2 * HOUR);
    world
}

#[tokio::test]
async fn a_case_and_its_code_bear_a_clock_that_jumps_back() {
    let mut world = world("").await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "is it you").await;
    case.until_disposition("email", "sent").await;
    world.clock.jump(-HOUR);
    assert_eq!(case.state().await, "proving");
    case.prove("email", &[&mail.code()]).await;
    let report = world.desk.texts("Audit1", "Verify", &[]).await.unwrap();
    assert_eq!(report["ok"], true, "the journal does not depend on the clock: {report}");
    world.kill().await;
    world.start().await;
    assert_eq!(case.step("email").await["state"], "proven");
}

#[tokio::test]
async fn a_case_bears_a_clock_that_jumps_ahead_and_its_old_code_does_not() {
    let mut world = world("").await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "is it you").await;
    case.until_disposition("email", "sent").await;
    world.clock.jump(HOUR);
    let late = case.submit("email", &[&mail.code()]).await.unwrap_err();
    assert!(late.text.contains("ask for a new one"), "{late:?}");
    assert_eq!(case.state().await, "proving", "the case is good for a day");
    case.prove_email(&mut world.mailbox, &alice.email).await;
    world.clock.jump(-HOUR);
    assert_eq!(case.step("email").await["state"], "proven");
}

/// While the clock is wrong, nobody gets in by a code of that time; once it is right, everybody does, and no code counts
/// twice.
#[tokio::test]
async fn one_time_passwords_outlive_a_wrong_clock() {
    for wrong in [HOUR, -HOUR] {
        let world = world("").await;
        let alice = world.person("alice").await;
        let before = alice.code(world.now(), 0);
        assert_eq!(world.desk.verify("alice", &before).await, "accepted");
        let right = world.now() + 60;
        world.clock.jump(wrong);
        let words = world.desk.verify("alice", &alice.code(right, 0)).await;
        assert!(["rejected", "resync_needed"].contains(&words.as_str()), "{wrong}: {words}");
        assert_eq!(world.desk.verify("alice", &before).await, "rejected", "{wrong}: a code counts once");
        world.clock.jump(-wrong + 60);
        let now = alice.code(world.now(), 0);
        assert_eq!(world.desk.verify("alice", &now).await, "accepted", "{wrong}");
        assert_eq!(world.desk.verify("alice", &now).await, "rejected", "{wrong}: a code counts once");
    }
}

/// A limit is never widened by a jump back, and comes free again with time.
#[tokio::test]
async fn limits_hold_through_a_jump_back() {
    let world = world("[limits]\nopen_per_account_per_hour = 2").await;
    world.person("alice").await;
    let open = async || world.desk.try_open("alice", "lost", serde_json::json!({})).await.map(drop);
    open().await.unwrap();
    open().await.unwrap();
    world.clock.jump(-HOUR);
    assert_eq!(open().await.unwrap_err().name, "RateLimited");
    world.clock.jump(2 * HOUR + 1);
    open().await.unwrap();
}
