//! The daemon dies at any moment: what was answered holds, nobody is called twice, and the person goes on.

#![cfg(test)]

use std::collections::BTreeSet;

use readmit_tests::{BusError, Case, PASSWORD, Person, World, kill};
use serde_json::Value;

/// At so many different moments of a recovery the daemon is killed; a whole one has about a dozen.
const MOMENTS: u64 = 12;

/// Does what the page asks for, until the sign-in is given out. What the daemon has answered goes into `answered`.
async fn go_on(
    world: &mut World,
    alice: &Person,
    case: &Case,
    answered: &mut BTreeSet<&'static str>,
) -> Result<(), BusError> {
    loop {
        let shown = case.try_show().await?;
        if shown["state"] == "recovered" {
            return case.claim().await.map(drop);
        }
        let steps = shown["steps"].as_array().into_iter().flatten();
        let next = steps.filter(|step| step["state"] != "proven").map(|step| &step["factor"]).next();
        let proven = match next.and_then(Value::as_str) {
            Some("password") => {
                case.submit("password", &[PASSWORD]).await?;
                "password"
            }
            Some("email") => {
                if !started(world, case, "email").await? {
                    continue;
                }
                let mail = world.mailbox.last_mail(&alice.email, "type this code").await;
                case.submit("email", &[&mail.code()]).await?;
                "email"
            }
            _ => {
                if !started(world, case, "voice").await? {
                    continue;
                }
                let digits = case.step("voice").await["code"].as_str().unwrap_or_default().to_owned();
                world.phone().talk().await;
                world.phone().press(&digits).await;
                case.until_step("voice", "proven").await;
                "voice"
            }
        };
        answered.insert(proven);
    }
}

/// Starts a step; false, and the clock is set ahead, if that was asked for a moment ago already, before the crash.
async fn started(world: &World, case: &Case, factor: &str) -> Result<bool, BusError> {
    match case.start(factor).await {
        Ok(_) => Ok(true),
        Err(error) if error.name == "RateLimited" => {
            world.clock.advance(61);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Whether the step is proven, as the page says.
async fn holds(case: &Case, factor: &str) -> bool {
    case.step(factor).await["state"] == "proven"
}

/// One recovery with one crash, after so many changes of the case.
async fn recover_through_a_crash(moment: u64) {
    let mut world = World::builder().phone("silent").clock().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "damaged").await;
    let (daemon, desk) = (world.daemon_id(), world.desk.clone());
    let crash = tokio::spawn(async move {
        desk.changed_times(moment).await;
        kill(daemon);
    });
    let mut answered = BTreeSet::new();
    let before = tokio::select! {
        biased;
        ended = go_on(&mut world, &alice, &case, &mut answered) => Some(ended),
        crashed = crash => { crashed.unwrap(); None }
    };
    let claimed = match before {
        Some(Ok(())) => true,
        Some(Err(error)) => {
            assert!(error.is_lost(), "moment {moment}: {error:?}");
            false
        }
        None => false,
    };
    world.kill().await;
    world.phone().settle().await;
    world.start().await;
    for factor in &answered {
        assert!(holds(&case, factor).await, "moment {moment}: {factor} was answered, and is lost");
    }
    if claimed {
        assert_eq!(case.claim().await.unwrap_err().name, "WrongState", "moment {moment}: one sign-in");
    } else {
        match go_on(&mut world, &alice, &case, &mut answered).await {
            Ok(()) => {}
            // It was given out, and the crash came before the answer.
            Err(error) => assert_eq!(error.text, "this is not left to do", "moment {moment}: {error:?}"),
        }
    }
    everything_was_done_once(&mut world, &case, moment).await;
}

async fn everything_was_done_once(world: &mut World, case: &Case, moment: u64) {
    let journal = world.desk.journal().await;
    let sent = |factor: &str| {
        let of = |row: &&Value| row["kind"] == "challenge_sent" && row["detail"]["factor"] == factor;
        journal.iter().filter(of).count()
    };
    let calls = world.phone().calls();
    assert!(calls <= sent("voice"), "moment {moment}: {calls} calls for {} deliveries", sent("voice"));
    let mails = world.mailbox.all().await;
    let codes = mails.iter().filter(|mail| mail.text.contains("type this code")).map(|mail| &mail.id);
    let ids: BTreeSet<&String> = codes.collect();
    assert!(ids.len() <= sent("email"), "moment {moment}: a repeated message has the same Message-ID");
    let notices: Vec<_> = mails.iter().filter(|mail| mail.text.contains("was recovered")).collect();
    let ids: BTreeSet<&String> = notices.iter().map(|mail| &mail.id).collect();
    assert!(ids.len() <= 1, "moment {moment}: {notices:?}");
    let report = world.desk.texts("Audit1", "Verify", &[]).await.unwrap();
    assert_eq!(report["ok"], true, "moment {moment}: {report}");
    assert_eq!(case.state().await, "recovered", "enrolling is left");
}

#[tokio::test]
async fn a_recovery_survives_a_crash_at_any_moment() {
    for moment in (1..=MOMENTS).step_by(2) {
        recover_through_a_crash(moment).await;
    }
}

#[tokio::test]
async fn a_recovery_survives_a_crash_at_any_other_moment() {
    for moment in (2..=MOMENTS).step_by(2) {
        recover_through_a_crash(moment).await;
    }
}

/// A call that was under way is over, is never placed again, and the person may have the next one.
#[tokio::test]
async fn a_call_that_a_crash_interrupts_is_not_placed_again() {
    let mut world = World::builder().phone("manual").clock().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "damaged").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, &alice.email).await;
    case.start("voice").await.unwrap();
    world.phone().wait_for("incoming").await;
    world.kill().await;
    world.phone().settle().await;
    world.phone().mode("silent").await;
    world.start().await;
    let step = case.until_disposition("voice", "interrupted").await;
    assert!(
        step["message"].as_str().is_some_and(|message| message.contains("Start this step again")),
        "{step}"
    );
    assert_eq!(world.desk.dispositions(&case).await, ["sent", "interrupted"]);
    assert_eq!(world.phone().calls(), 1, "the interrupted call was not placed again");
    world.clock.advance(61);
    case.prove_voice(world.phone()).await;
    case.until_state("recovered").await;
    assert_eq!(world.phone().calls(), 2);
}

/// Told to stop, the daemon ends by itself, and everything is there when it comes back.
#[tokio::test]
async fn a_daemon_that_is_told_to_stop_ends_well() {
    let mut world = World::builder().start().await;
    world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    assert!(world.stop().await.success());
    world.start().await;
    assert!(holds(&case, "password").await);
    assert_eq!(case.step("email").await["state"], "open");
}

/// What was used up of a limit stays used up, and comes back with time alone.
#[tokio::test]
async fn limits_outlive_a_crash() {
    let limit = "[limits]\nopen_per_account_per_hour = 3";
    let mut world = World::builder().config(limit).clock().start().await;
    world.person("alice").await;
    for _ in 0..3 {
        world.desk.open("alice", "lost").await;
    }
    world.kill().await;
    world.start().await;
    let context = serde_json::json!({});
    let Err(refused) = world.desk.try_open("alice", "lost", context.clone()).await else {
        unreachable!("a fourth case was opened")
    };
    assert!(refused.name == "RateLimited" && refused.text.contains("try again after"), "{refused:?}");
    world.desk.try_open("bob", "lost", context.clone()).await.unwrap();
    world.clock.advance(3601);
    world.desk.try_open("alice", "lost", context).await.unwrap();
}
