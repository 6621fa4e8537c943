//! J8, the complaint replayed: "Phone verification could not be completed. It shows the correct number, but I am not
//! getting any call." It must never be the last thing a person reads.

#![cfg(test)]

use readmit_tests::{Builder, Case, Person, World};
use serde_json::json;

/// How the shipped policy waits before a failed step may be tried again.
const WAIT: u64 = 61;

/// A world with a clock, and a case of Alice's in which only the call is left.
async fn before_the_call(builder: Builder) -> (World, Person, Case) {
    let mut world = builder.clock().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "damaged").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, &alice.email).await;
    (world, alice, case)
}

/// The cause is recorded and shown with the next thing to do, and the person may retry, but not at once.
async fn is_told(world: &World, case: &Case, disposition: &str, cause: &str, next: &str) {
    let step = case.until_disposition("voice", disposition).await;
    assert_eq!(step["state"], "failed");
    let message = step["message"].as_str().unwrap_or_default();
    assert!(message.starts_with(cause) && message.contains(next), "{disposition}: {message}");
    assert_eq!(step.get("code"), None, "the digits of a call that is over are not shown: {step}");
    assert_eq!(world.desk.dispositions(case).await.last().map(String::as_str), Some(disposition));
    assert_eq!(case.state().await, "proving");
    let early = case.start("voice").await.unwrap_err();
    assert_eq!(early.name, "RateLimited", "{disposition}: {early:?}");
    world.clock.advance(WAIT);
}

/// After the wait the phone is called again, and answered this time.
async fn retry_works(world: &mut World, case: &Case) {
    world.phone().settle().await;
    world.phone().mode("silent").await;
    case.prove_voice(world.phone()).await;
    case.until_state("recovered").await;
}

/// J8: "No call, busy …: the exact cause is recorded, a plain-words cause and the next thing to do are shown, and the
/// person may retry within limits, start over, or go to support."
#[tokio::test]
async fn j8_busy_three_times_goes_to_support() {
    let (world, _alice, case) = before_the_call(World::builder().phone("busy")).await;
    for _ in 0..2 {
        case.start("voice").await.unwrap();
        is_told(&world, &case, "busy", "The line was busy.", "call again").await;
    }
    case.start("voice").await.unwrap();
    let shown = case.until_state("escalated").await;
    assert_eq!(shown["support"]["to"], "support");
    assert!(
        shown["support"]["contact"].as_str().is_some_and(|contact| contact.contains("support@example.org"))
    );
    assert!(shown["message"].as_str().is_some_and(|message| message.contains("support form")), "{shown}");
    assert_eq!(world.desk.dispositions(&case).await.iter().filter(|word| *word == "busy").count(), 3);
    case.escalate(json!({ "problem": "no_call" })).await.unwrap();
}

/// J8: "start over".
#[tokio::test]
async fn j8_a_person_may_start_over() {
    let (mut world, alice, case) = before_the_call(World::builder().phone("busy")).await;
    case.start("voice").await.unwrap();
    case.until_disposition("voice", "busy").await;
    case.cancel().await.unwrap();
    assert_eq!(case.state().await, "cancelled");
    world.phone().settle().await;
    world.phone().mode("silent").await;
    let again = world.desk.open("alice", "damaged").await;
    again.prove_all(world.peers(), &alice.email).await;
    again.until_state("recovered").await;
}

/// J8: no answer.
#[tokio::test]
async fn j8_no_answer_can_be_tried_again() {
    let ring = "[plugins.voice.settings]\nring_seconds = 5";
    let (mut world, _alice, case) = before_the_call(World::builder().phone("ring").config(ring)).await;
    case.start("voice").await.unwrap();
    is_told(&world, &case, "no_answer", "The phone rang, but nobody answered.", "call again").await;
    retry_works(&mut world, &case).await;
}

/// J8: rejected, by the person.
#[tokio::test]
async fn j8_a_declined_call_can_be_tried_again() {
    let (mut world, _alice, case) = before_the_call(World::builder().phone("decline")).await;
    case.start("voice").await.unwrap();
    is_told(&world, &case, "declined", "The call was declined on the phone.", "Call again and accept it")
        .await;
    retry_works(&mut world, &case).await;
}

/// J8: no call, since the telephone network is out of reach; this is not the person's fault, and they are told so.
#[tokio::test]
async fn j8_a_trunk_out_of_reach_is_not_the_persons_fault() {
    let trying = "[plugins.voice.settings]\ntrying_seconds = 1";
    let (world, _alice, case) = before_the_call(World::builder().config(trying)).await;
    case.start("voice").await.unwrap();
    is_told(
        &world,
        &case,
        "unreachable",
        "We could not connect just now; this is not your fault.",
        "Try again",
    )
    .await;
    case.start("voice").await.unwrap();
}

/// J8: no keypad input.
#[tokio::test]
async fn j8_a_call_without_keys_can_be_tried_again() {
    let keys = "[plugins.voice.settings]\nfirst_key_seconds = 5";
    let (mut world, _alice, case) = before_the_call(World::builder().phone("silent").config(keys)).await;
    case.start("voice").await.unwrap();
    is_told(&world, &case, "no_input", "The call was answered, but no key was pressed", "open the keypad")
        .await;
    retry_works(&mut world, &case).await;
}

/// J8: wrong digits, as often as a call takes.
#[tokio::test]
async fn j8_wrong_digits_can_be_tried_again() {
    let (mut world, _alice, case) = before_the_call(World::builder().phone("silent")).await;
    let step = case.start("voice").await.unwrap();
    let wrong = if step["code"] == "111111" { "222222" } else { "111111" };
    world.phone().talk().await;
    for left in [2, 1, 0] {
        world.phone().press(wrong).await;
        if left > 0 {
            let fits = |case: &serde_json::Value| case["steps"][2]["tries_left"] == left;
            case.until("the wrong digits to count", fits).await;
        }
    }
    is_told(&world, &case, "wrong_digits", "The digits typed on the phone were not", "the new six digits")
        .await;
    retry_works(&mut world, &case).await;
}

/// J8: hung up.
#[tokio::test]
async fn j8_hanging_up_can_be_made_good() {
    let (mut world, _alice, case) = before_the_call(World::builder().phone("hangup")).await;
    case.start("voice").await.unwrap();
    is_told(&world, &case, "hung_up", "The call ended before all six digits were typed.", "stay on the line")
        .await;
    retry_works(&mut world, &case).await;
}

/// Somebody is called who asked for nothing: a 9 on their phone stops the recovery as the owner's no does. Every
/// address is told, staff are alerted, the journal has it, and the digits are worth nothing any more.
#[tokio::test]
async fn who_did_not_ask_stops_the_recovery_on_the_phone() {
    let (mut world, alice, case) = before_the_call(World::builder().phone("silent")).await;
    let mut alerts = world.desk.signals("Audit1", "Alert").await;
    let step = case.start("voice").await.unwrap();
    assert!(step["code"].as_str().is_some_and(|code| code.len() == 6), "{step}");
    world.phone().talk().await;
    world.phone().press("9#").await;
    let shown = case.until_state("vetoed").await;
    assert!(shown["steps"].as_array().is_some_and(|steps| steps.iter().all(|step| step["code"].is_null())));
    assert_eq!(alerts.next().await[0], "vetoed");
    assert_eq!(world.desk.dispositions(&case).await.last().map(String::as_str), Some("reported"));
    let journal = world.desk.journal().await;
    let vetoed = journal.iter().find(|row| row["kind"] == "vetoed" && row["case"] == case.handle());
    assert_eq!(vetoed.map(|row| &row["detail"]["while"]), Some(&json!("proving")));
    world.mailbox.mail(&alice.email, "was stopped").await;
    assert_eq!(case.start("voice").await.unwrap_err().name, "WrongState");
}
