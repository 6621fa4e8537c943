//! A whole recovery with a provider that calls by an HTTP interface, alone and as the way round a dead trunk.

#![cfg(test)]

use readmit_tests::{CallProvider, Case, Person, World};

/// A case that has come to its phone step.
async fn at_the_phone(world: &mut World, person: &Person) -> Case {
    let case = world.desk.open(&person.account, "lost").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, &person.email).await;
    case
}

/// Starts the phone step, whose digits the page shows.
async fn called(case: &Case) -> String {
    case.start("voice").await.unwrap()["code"].as_str().unwrap().to_owned()
}

fn nothing_secret_is_in(log: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!log.contains(secret), "{secret:?} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn a_person_who_is_called_by_a_provider_recovers() {
    let mut provider = CallProvider::start().await;
    // Of two plugins for a channel, the first by name is asked first.
    let config = provider.plugin("calls");
    let mut world = World::builder().config(&config).log("trace,zbus=warn").start().await;
    let alice = world.person("alice").await;
    let case = at_the_phone(&mut world, &alice).await;

    let code = called(&case).await;
    let wrong: String = code.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
    provider.answered(&[&wrong, &code]);
    case.until_step("voice", "proven").await;
    case.until_state("recovered").await;
    case.claim().await.unwrap();

    let asked = provider.requested().await;
    assert_eq!(asked["asked"]["To"], alice.phone);
    let steps = world.cli(&["plugin", "probe", "calls"], "");
    assert_eq!(steps.code, 0, "{steps:?}");
    assert!(steps.output.contains("login") && steps.output.contains("webhook"), "{steps:?}");
    nothing_secret_is_in(&world.log(), &[&code, &wrong, &alice.phone[1..], CallProvider::TOKEN, "/calls/"]);
}

/// J8: a trunk that is dead is not the end: the second provider calls, and the person hears nothing of it.
#[tokio::test]
async fn a_dead_trunk_is_gone_round() {
    let mut provider = CallProvider::start().await;
    // No telephone is at the trunk.
    let config = provider.plugin("web") + "[plugins.voice.settings]\ntrying_seconds = 1\n";
    let mut world = World::builder().config(&config).start().await;
    let alice = world.person("alice").await;
    let case = at_the_phone(&mut world, &alice).await;
    let code = called(&case).await;
    provider.answered(&[&code]);
    case.until_state("recovered").await;
    assert_eq!(provider.requested().await["asked"]["To"], alice.phone);
}
