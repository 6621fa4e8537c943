//! What calls cost, and the switch that stops them.

use readmit_plugin::disposition;
use readmitd::config::{Config, Spend};
use readmitd::service::{Fault, Signal};

use crate::house::{ALICE, House, NOBODY, PASSWORD, POLICY, private_directory, within, write_policy};
use crate::post::{Asked, Post};

const CALLS: &str = r#"return {
  open = function(case) return prove { all { "voice", "recovery_code" } } end,
  failed = function(case, failure) return retry { after = 0 } end,
}"#;

fn spend(per_day: &str) -> Spend {
    let text = format!("[spend]\nper_day = \"{per_day}\"\nrates = [\"+1 0.014\", \"+49 0.02\"]\n");
    Config::parse(&text, std::path::Path::new("readmit.toml")).expect("a configuration").spend
}

async fn start_call(house: &House, account: &str) -> Result<String, Fault> {
    let case = house.open(account, "lost").await;
    house.service.start(&case, "voice", "x").await.map(|_| case)
}

/// Two calls at 0.014 fit into 0.03, and a third does not: whoever asks, and after a restart too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_cost_no_more_a_day_than_they_may() {
    let directory = private_directory();
    write_policy(directory.path(), CALLS);
    let (mut house, mut post) = House::spending(directory, spend("0.03")).await;
    house.add_alice().await;
    for _ in 0..2 {
        // What is only pretended costs nothing.
        start_call(&house, NOBODY).await.expect("started");
        start_call(&house, ALICE).await.expect("started");
        post.ring().await.end(disposition::NO_ANSWER);
    }
    for account in [ALICE, NOBODY] {
        let refused = start_call(&house, account).await;
        assert!(
            matches!(&refused, Err(Fault::RateLimited(text)) if text.contains("try again")),
            "{refused:?}"
        );
    }
    loop {
        let signal = within(house.signals.recv()).await.expect("an alert");
        if matches!(&signal, Signal::Alert { kind, .. } if kind == "spend_per_day") {
            break;
        }
    }
    let directory = house.stop().await;
    let (house, _post) = House::spending(directory, spend("0.03")).await;
    assert!(matches!(start_call(&house, ALICE).await, Err(Fault::RateLimited(_))));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_channel_rings_nobody_until_it_is_resumed_even_after_a_restart() {
    let (mut house, mut post) = House::working_with(CALLS).await;
    house.add_alice().await;
    let under_way = start_call(&house, ALICE).await.expect("started");
    let ringing = post.ring().await;
    house.service.pause_channel("voice", "a bill that nobody understands", "uid:7").await.expect("paused");
    // What rings is called off.
    match post.next().await {
        Asked::Cancelled(id) => assert_eq!(id, ringing.call.id),
        _ => panic!("not called off"),
    }
    house.until(&under_way, |view| view.steps[0].disposition.is_some()).await;
    let again = house.service.pause_channel("voice", "once more", "uid:7").await;
    assert!(matches!(again, Err(Fault::WrongState(_))));
    let degraded = house.service.health().await.expect("health").degraded;
    let found = degraded.iter().find(|it| it.part == "channel voice").expect("it is shown");
    assert!(found.what.contains("uid:7") && found.what.contains("nobody understands"), "{}", found.what);
    assert_eq!(found.mend, "readmit plugin resume voice");

    let (mut house, mut post) = House::working_on(house.stop().await).await;
    let case = start_call(&house, ALICE).await.expect("started");
    let view = house.until(&case, |view| view.steps[0].disposition.is_some()).await;
    assert_eq!(view.steps[0].disposition.map(|it| it.as_str()), Some("unreachable"));
    let tested = house.service.test_plugin("post", "+14155550199", "uid:7").await.expect("it ends");
    assert_eq!(tested.disposition.as_str(), "unreachable");
    assert!(Post::waiting(&mut post).is_empty(), "the plugin is asked for nothing");

    house.service.resume_channel("voice", "uid:0").await.expect("resumed");
    house.service.start(&case, "voice", "x").await.expect("started");
    post.ring().await.end(disposition::NO_ANSWER);
    assert!(matches!(house.service.resume_channel("voice", "uid:0").await, Err(Fault::WrongState(_))));
    let paused = house.entries("channel_paused").await;
    assert_eq!((paused.len(), paused[0].0.as_str()), (1, "uid:7"));
    assert_eq!(house.entries("channel_resumed").await.len(), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_needs_a_channel_and_a_reason() {
    let (house, _post) = House::working_with(POLICY).await;
    for (channel, because) in
        [("voice", " "), ("", "why"), ("no channel", "why"), ("voice", &"x".repeat(201))]
    {
        let refused = house.service.pause_channel(channel, because, "uid:7").await;
        assert!(matches!(refused, Err(Fault::InvalidArgument(_))), "{channel:?} {because:?}: {refused:?}");
    }
    assert!(house.service.health().await.expect("health").paused.is_empty());
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.stop().await;
}
