//! Which plugin gets what, and what one plugin cannot do to another.

use std::time::Duration;

use readmit_recovery::disposition::Disposition::{self, *};
use readmitd::plugins::PluginState::{Failed, Running};
use readmitd::plugins::limits::IN_FLIGHT;

use crate::kit::{Kit, Scripted, Seen, call, message, scripted, timing, within};

/// How the first plugin is; how a message ends, how many the second one gets; the same for a call.
const FALLBACK: &[(&str, Disposition, usize, Disposition, usize)] = &[
    ("good", Sent, 0, Busy, 0),
    ("unreachable", Sent, 1, Busy, 1),
    ("calls_and_is_unreachable", Sent, 1, Busy, 1),
    ("rings_and_is_unreachable", Sent, 1, Unreachable, 0),
    ("error", Sent, 1, ProviderError, 0),
    ("unknown_disposition", Sent, 1, ProviderError, 0),
    ("rejected", Rejected, 0, Rejected, 0),
    ("die_on_work", Sent, 1, Interrupted, 0),
    ("dies_at_once", Sent, 1, Busy, 1),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_plugin_of_a_channel_is_the_fallback_of_the_first() {
    for (mode, message, messages, called, calls) in FALLBACK {
        let mut kit = Kit::with(&[scripted("first", mode), scripted("second", "good")], timing());
        running(&mut kit, mode).await;
        assert_eq!(kit.deliver("m").await.disposition, *message, "{mode}: the message");
        assert_eq!(kit.noted("second", "deliver").len(), *messages, "{mode}");
        kit.supervisor.shutdown().await;

        let mut kit = Kit::with(&[scripted("first", mode), scripted("second", "good")], timing());
        running(&mut kit, mode).await;
        assert_eq!(kit.call("c").await.disposition, *called, "{mode}: the call");
        assert_eq!(kit.noted("second", "call").len(), *calls, "{mode}: no telephone rings twice");
        kit.supervisor.shutdown().await;
    }
}

/// Waits until both run, or until the first has failed and the second runs.
async fn running(kit: &mut Kit, first: &str) {
    let first = if first == "dies_at_once" { Failed } else { Running };
    let mut wanted = vec![Seen::State("first".to_owned(), first), Seen::State("second".to_owned(), Running)];
    while !wanted.is_empty() {
        let seen = within(kit.seen.recv()).await.expect("the supervisor tells");
        wanted.retain(|wanted| *wanted != seen);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_both_fail_the_last_account_is_told() {
    let mut kit = Kit::with(&[scripted("first", "unreachable"), scripted("second", "error")], timing());
    running(&mut kit, "unreachable").await;
    assert_eq!(kit.deliver("m").await.disposition, ProviderError);
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_nobody_serves_is_unreachable() {
    let mut kit = Kit::of("good");
    kit.wait_for_state("p", Running).await;
    let mut letter = message("m");
    letter.channel = "letter".to_owned();
    let ended = within(kit.supervisor.deliver(letter)).await;
    assert_eq!(ended.disposition, Unreachable);
    assert_eq!(ended.detail.as_deref(), Some("no plugin is configured for this channel"));
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_plugin_does_not_slow_another() {
    let hanging = Scripted { name: "hanging", mode: "hang_on_work", channels: &["voice"] };
    let good = Scripted { name: "good", mode: "good", channels: &["email"] };
    let mut kit = Kit::with(&[hanging, good], timing());
    kit.wait_for_state("hanging", Running).await;
    let supervisor = kit.supervisor.clone();
    let calling = tokio::spawn(async move { supervisor.call(call("c")).await });
    for n in 0..200 {
        assert_eq!(kit.deliver(&format!("m{n}")).await.disposition, Sent);
    }
    assert!(!calling.is_finished());
    calling.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_plugin_works_on_so_much_at_once_and_one_more_goes_elsewhere_or_waits() {
    let mut timing = timing();
    timing.call_patience = Duration::from_millis(300);
    let plugins =
        [scripted("first", "wait_for_cancel"), Scripted { channels: &["sms"], ..scripted("second", "good") }];
    let mut kit = Kit::with(&plugins, timing);
    kit.wait_for_state("first", Running).await;
    let mut calls = Vec::new();
    for n in 0..IN_FLIGHT {
        let supervisor = kit.supervisor.clone();
        calls.push(tokio::spawn(async move { supervisor.call(call(&format!("c{n}"))).await }));
    }
    let mut ringing = 0;
    while ringing < IN_FLIGHT {
        let seen = within(kit.seen.recv()).await.expect("the supervisor tells");
        ringing += usize::from(matches!(seen, Seen::Progress(..)));
    }
    let ended = kit.call("one-more").await;
    assert_eq!(ended.disposition, Unreachable);
    assert_eq!(ended.detail.as_deref(), Some("every plugin for this channel is busy"));
    assert!(!kit.noted("first", "call").iter().any(|entry| entry["id"] == "one-more"), "past the limit");
    // A message waits until there is room.
    let supervisor = kit.supervisor.clone();
    let waiting = tokio::spawn(async move { supervisor.deliver(message("m")).await });
    for n in 0..IN_FLIGHT {
        kit.supervisor.cancel(&call(&format!("c{n}")).id);
    }
    for call in calls {
        assert_eq!(within(call).await.expect("it ends").disposition, Cancelled);
    }
    kit.wait_for(&Seen::Progress("m".to_owned(), "ringing".to_owned())).await;
    kit.supervisor.cancel(&message("m").id);
    assert_eq!(within(waiting).await.expect("it ends").disposition, Cancelled);
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_at_the_same_time_is_one_delivery_even_if_its_first_caller_leaves() {
    let mut kit = Kit::of("wait_for_cancel");
    let supervisor = kit.supervisor.clone();
    let first = tokio::spawn(async move { supervisor.call(call("c")).await });
    kit.wait_for(&Seen::Progress("c".to_owned(), "ringing".to_owned())).await;
    first.abort();
    let cancel = async { kit.supervisor.cancel(&call("c").id) };
    let (second, third, ()) = tokio::join!(biased; kit.call("c"), kit.call("c"), cancel);
    assert_eq!((second.disposition, third.disposition), (Cancelled, Cancelled));
    assert_eq!(kit.noted("p", "call").len(), 1);
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_plugin_can_be_cancelled() {
    let mut kit = Kit::of("no_hello");
    kit.wait_for_state("p", Failed).await;
    let (ended, ()) =
        tokio::join!(biased; kit.deliver("m"), async { kit.supervisor.cancel(&message("m").id) });
    assert_eq!(ended.disposition, Cancelled);
    kit.supervisor.shutdown().await;
}
