//! Requirement: no way of staff's shows a secret that lets one in: a pass goes to the address on file, a case is named
//! by its handle, digits and tokens are for the person alone.

use readmit_tests::World;
use serde_json::json;

use crate::system::{HANNA, Plan, System};

#[tokio::test]
async fn a_pass_that_is_sent_is_seen_by_the_person_alone() {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    let ended = world.cli(&["pass", "send", "alice", "--valid", "10m", "--json"], "");
    let sent: serde_json::Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(
        (ended.code, &sent["sent_to"], &sent["valid_seconds"]),
        (0, &json!("a•••@•••.example"), &json!(600)),
        "{ended:?}"
    );
    let mail = world.mailbox.mail(&alice.email, "pass").await;
    let pass = mail.pass();
    let journal = world.desk.journal().await;
    let sent = journal.iter().find(|entry| entry["kind"] == "pass_sent").unwrap();
    assert_eq!(sent["account"], "alice");
    let told = serde_json::to_string(&(&journal, world.desk.account("alice").await)).unwrap();
    let seen = [&told, &world.log(), &ended.output, &ended.error].iter().any(|text| text.contains(&pass));
    assert!(!seen, "the pass is seen");
    // It is a pass like any other: it proves, and counts once.
    let case = world.desk.open("alice", "lost").await;
    case.escalate(json!({ "problem": "other", "message": "help" })).await.unwrap();
    world.desk.resolve(&case, "pass", "called back").await.unwrap();
    assert_eq!(case.submit("pass", &[&pass]).await.unwrap()["accepted"], true);
}

/// The help desk has a pass sent by command, and is told to where it may not issue one.
#[tokio::test(flavor = "multi_thread")]
async fn the_help_desk_sends_a_pass_and_issues_none() {
    let system = System::start(Plan::default()).await;
    system.desk.add_account("dora", json!({ "email": "dora@example.org" })).await.unwrap();
    let readmit = system.place().join("readmit");
    let run = |words: &str| system.run(HANNA, &[], &format!("{} {words}", readmit.display()));
    let sent = run("pass send dora --valid 8h");
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.output.contains("on its way to d•••@•••.org. It works once, for 8 hours"), "{sent:?}");
    let issued = run("pass issue dora");
    assert!(issued.code == 4 && issued.hint().contains("readmit pass send"), "{issued:?}");
}

#[tokio::test]
async fn a_pass_is_sent_nowhere_else_and_for_no_longer_than_mail_is_good() {
    let world = World::builder().start().await;
    world.desk.add_account("bob", json!({})).await.unwrap();
    world
        .desk
        .add_account("eve", json!({ "email": "eve@example.org", "email_verified": false }))
        .await
        .unwrap();
    world.person("alice").await;
    for (account, seconds, name, text) in [
        ("bob", 600_u32, "Refused", "no verified e-mail address"),
        ("eve", 600, "Refused", "no verified e-mail address"),
        ("nobody", 600, "NotFound", "no account"),
        ("alice", 0, "InvalidArgument", "24 hours"),
        ("alice", 24 * 3600 + 1, "InvalidArgument", "24 hours"),
    ] {
        let error = world.desk.ask("Accounts1", "SendPass", &(account, seconds)).await.unwrap_err();
        assert_eq!(error.name, name, "{account} {seconds}: {}", error.text);
        assert!(error.text.contains(text), "{account} {seconds}: {}", error.text);
    }
    let journal = world.desk.journal().await;
    assert!(journal.iter().all(|entry| entry["kind"] != "pass_sent"), "nothing was sent");
}

#[tokio::test]
async fn staff_know_a_case_by_its_handle_and_decide_by_it() {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let code = world.mailbox.mail(&alice.email, "type this code").await.code();
    case.escalate(json!({ "problem": "other", "message": "help" })).await.unwrap();
    let handle = case.handle();
    let listed = world.desk.ask("Cases1", "List", &(no_filter(), 0_u32, 10_u32)).await.unwrap();
    assert_eq!(listed[0]["case"], handle);
    let shown = world.desk.texts("Cases1", "Show", &[&handle]).await.unwrap();
    assert_eq!(shown["case"], handle);
    assert_eq!(world.desk.history(&case).await["case"], handle, "the id is understood, and not shown");
    let decisions = world.desk.ask("Policies1", "Decisions", &(0_u64, 0_u64, 100_u32)).await.unwrap();
    assert_eq!(decisions[0]["case"], handle);
    let journal = world.desk.journal().await;
    assert!(journal.iter().any(|entry| entry["case"] == *handle), "{journal:?}");
    let told = serde_json::to_string(&(listed, shown, decisions, journal)).unwrap() + &world.log();
    for secret in [&case.id, &code, &alice.email, &alice.phone] {
        assert!(!told.contains(secret.as_str()), "staff see {secret}");
    }
    world.desk.texts("Cases1", "Deny", &[&handle, "not the person"]).await.unwrap();
    assert_eq!(case.state().await, "denied");
    // A handle opens nothing to a front end.
    assert_eq!(world.desk.case(&handle).try_show().await.unwrap_err().name, "NotFound");
}

fn no_filter() -> std::collections::HashMap<String, zbus::Variant<'static>> {
    std::collections::HashMap::new()
}
