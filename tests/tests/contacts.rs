//! Recovery contacts, whole and with real parts: the shipped policy for them, the command line, and a mail server.

#![cfg(test)]

use readmit_tests::{Case, World};
use serde_json::json;

/// The policy that is shipped for recovery with the help of a contact.
const POLICY: &str = include_str!("../../policies/contacts.lua");
const ANN: &str = "ann@friends.example";
const BOB: &str = "bob@friends.example";

/// An account with two contacts, put on file by the command line, and a case that waits for the contact's code.
async fn waiting_for_ann(world: &mut World) -> Case {
    let alice = world.person_with("alice", json!({ "phone": null, "phone_country": null }), "virtual").await;
    let contacts = [format!("Ann Example <{ANN}>"), format!("Bob <{BOB}>")];
    let ended =
        world.cli(&["account", "set", "alice", "--contact", &contacts[0], "--contact", &contacts[1]], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    let shown = world.cli(&["account", "show", "alice"], "");
    assert!(shown.output.contains(&contacts[0]) && shown.output.contains(&contacts[1]), "{shown:?}");
    assert_eq!(world.desk.account("alice").await["contacts"], json!(contacts));

    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, &alice.email).await;
    case.start("contact").await.unwrap();
    case
}

/// J16, and NIST SP 800-63B-4 §4.2.1.3: somebody whom the person trusts gets a code by e-mail, hands it over, and the
/// recovery goes on; the owner hears of it, and has time to object.
#[tokio::test]
async fn a_contact_hands_over_a_code() {
    let mut world = World::builder().policy(POLICY).clock().start().await;
    let case = waiting_for_ann(&mut world).await;
    let asked = world.mailbox.mail(ANN, "asks for your help").await;
    assert!(asked.text.contains("alice") && asked.text.contains("Speak to them first"), "{}", asked.text);
    for hidden in ["/link/", "192.0.2.7", "Firefox", "alice.mailbox", BOB] {
        assert!(!asked.text.contains(hidden), "{hidden} is not for the contact: {}", asked.text);
    }
    let told = world.mailbox.mail("alice.mailbox@people.example", "contact of yours was asked").await;
    assert!(!told.text.contains(&asked.code()) && !told.text.contains(ANN), "{}", told.text);
    let step = case.until_disposition("contact", "sent").await;
    assert_eq!((&step["state"], &step["hint"]), (&json!("sent"), &json!("a•••@•••.example")));

    // Ann is on a journey: sent again, the same code goes to Bob.
    let again = step["resend_after"].as_u64().unwrap_or_default();
    assert_eq!(case.start("contact").await.unwrap_err().name, "RateLimited");
    world.clock.advance(again - world.now());
    case.start("contact").await.unwrap();
    let bobs = world.mailbox.mail(BOB, "asks for your help").await;
    assert_eq!(bobs.code(), asked.code());
    assert_ne!(bobs.token("veto"), asked.token("veto"));

    case.prove("contact", &[&bobs.code()]).await;
    let held = case.until_state("held").await;
    let until = held["held_until"].as_u64().unwrap_or_default();
    assert!(until >= world.now() + 11 * 3600, "{held}");
    world.clock.advance(until - world.now() + 1);
    case.until_state("recovered").await;
    assert_eq!(case.claim().await.unwrap()["device"], "deactivated");
    let journal = serde_json::to_string(&world.desk.journal().await).unwrap();
    assert!(
        !journal.contains(ANN) && !journal.contains(BOB) && !journal.contains(&asked.code()),
        "{journal}"
    );
}

/// J16: a contact who was not asked by the person stops the recovery by one click.
#[tokio::test]
async fn a_contact_stops_what_the_person_did_not_ask_for() {
    let mut world = World::builder().policy(POLICY).start().await;
    let case = waiting_for_ann(&mut world).await;
    let asked = world.mailbox.mail(ANN, "did not ask for this").await;
    let other = world.desk.open("alice", "lost").await;
    world.desk.texts("Recovery1", "Veto", &[&asked.token("veto")]).await.unwrap();
    case.until_state("vetoed").await;
    assert_eq!(case.submit("contact", &[&asked.code()]).await.unwrap_err().name, "WrongState");
    world.mailbox.mail("alice.mailbox@people.example", "was stopped").await;
    assert_eq!(other.state().await, "proving", "it stops the one that the contact was asked about");
}

/// An account that is not there asks for a contact's code like those that are.
#[tokio::test]
async fn nobody_has_a_contact_too() {
    let mut world = World::builder().policy(POLICY).start().await;
    let known = waiting_for_ann(&mut world).await;
    let steps = |case: &serde_json::Value| -> Vec<String> {
        let steps = case["steps"].as_array().into_iter().flatten();
        steps.map(|step| format!("{} {}", step["factor"], step["hint"].is_string())).collect()
    };
    let unknown = world.desk.open("nobody-of-that-name", "lost").await;
    let known = known.show().await;
    let shown = unknown.show().await;
    assert_eq!(steps(&shown), steps(&known));
    assert_eq!(
        shown["steps"][2]["hint"].as_str().map(|hint| hint.chars().count() > 8),
        Some(true),
        "{shown}"
    );
}
