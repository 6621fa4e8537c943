//! A plugin that says what it should not.

use readmit_recovery::disposition::Disposition::{self, *};
use readmitd::plugins::PluginState;
use serde_json::json;

use crate::kit::{Kit, NUMBER, Seen, scripted, timing};

/// How a message and a call end with each kind of liar, and whether it is replaced.
const TABLE: &[(&str, Disposition, Disposition, bool)] = &[
    ("good", Sent, Busy, false),
    ("unknown_ids", Sent, Busy, false),
    ("double_answer", Sent, Busy, false),
    ("unknown_disposition", ProviderError, ProviderError, false),
    ("extra_member", ProviderError, ProviderError, false),
    ("error", ProviderError, ProviderError, false),
    ("lie_entered", ProviderError, ProviderError, false),
    ("lie_sent", Sent, ProviderError, false),
    ("flood", Sent, Busy, false),
    ("foreign_progress", Sent, Busy, false),
    ("long_line", Sent, Busy, false),
    ("bad_utf8", Sent, Busy, false),
    ("check_foreign", Sent, Busy, false),
    ("check_letters", Sent, Busy, false),
    ("noise", Interrupted, Interrupted, true),
    ("die_on_work", Interrupted, Interrupted, true),
    ("die_once", Sent, Interrupted, true),
    ("half_frame", Sent, Interrupted, true),
    ("die_after_check", Sent, Entered, true),
    ("cancelled_unasked", Sent, Interrupted, false),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_liar_comes_to_an_end_with_a_disposition() {
    for (mode, message, call, replaced) in TABLE {
        let mut kit = Kit::of(mode);
        kit.wait_for_state("p", PluginState::Running).await;
        assert_eq!(kit.deliver("m").await.disposition, *message, "{mode}: the message");
        assert_eq!(kit.call("c").await.disposition, *call, "{mode}: the call");
        if *replaced {
            kit.wait_for_state("p", PluginState::Failed).await;
        }
        let replacements = kit.supervisor.list()[0].restarts;
        assert_eq!(replacements > 0, *replaced, "{mode}: {replacements} replacements");
        kit.supervisor.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_interrupted_and_never_made_again_where_a_message_is_sent_once_more() {
    for mode in ["die_once", "half_frame", "cancelled_unasked"] {
        let mut kit = Kit::of(mode);
        kit.wait_for_state("p", PluginState::Running).await;
        assert_eq!(kit.call("c").await.disposition, Interrupted, "{mode}");
        kit.supervisor.shutdown().await;
        assert_eq!(kit.noted("p", "call").len(), 1, "{mode}: at most once");

        let kit = Kit::of(mode);
        assert_eq!(kit.deliver("m").await.disposition, Sent, "{mode}");
        let attempts = kit.noted("p", "deliver");
        assert_eq!(attempts.len(), 2, "{mode}: once more");
        assert_eq!(attempts[0]["id"], attempts[1]["id"], "{mode}: under the same id");
        kit.supervisor.shutdown().await;
    }
    let kit = Kit::of("die_on_work");
    assert_eq!(kit.deliver("m").await.disposition, Interrupted);
    assert_eq!(kit.noted("p", "deliver").len(), 2, "and not for ever");
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digits_are_checked_only_for_a_live_call_of_this_plugin_and_never_more_often_than_it_has_tries() {
    let table = [
        ("check_foreign", "foreign", json!({"refused": true}), 0),
        ("check_letters", "letters", json!({"refused": true}), 0),
        ("check_many", "many", json!({"accepted": vec![false; 10]}), 3),
    ];
    for (mode, what, wanted, checks) in table {
        let mut kit = Kit::of(mode);
        assert_eq!(kit.call("c").await.disposition, Busy, "{mode}");
        let noted = &kit.noted("p", what)[0];
        for (key, value) in wanted.as_object().expect("an object") {
            assert_eq!(&noted[key], value, "{mode}");
        }
        let asked: Vec<Seen> =
            kit.told().into_iter().filter(|seen| matches!(seen, Seen::Check(..))).collect();
        assert_eq!(asked, vec![Seen::Check("c".to_owned(), "111111".to_owned()); checks], "{mode}");
        kit.supervisor.shutdown().await;
    }
    let mut kit = Kit::of("check_long");
    assert_eq!(kit.call("c").await.disposition, Busy);
    assert_eq!(kit.noted("p", "long")[0]["refused"], json!([true, false]), "past the limit, and at it");
    assert!(kit.told().contains(&Seen::Check("c".to_owned(), "1".repeat(16))));
    kit.supervisor.shutdown().await;

    let mut kit = Kit::of("check_message");
    assert_eq!(kit.deliver("m").await.disposition, Sent);
    assert_eq!(kit.noted("p", "message")[0]["refused"], true, "a message asks for no digits");
    assert!(!kit.told().iter().any(|seen| matches!(seen, Seen::Check(..))));
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_call_is_told_phase_by_phase_and_ends_as_entered() {
    let mut kit = Kit::of("phases");
    let ended = kit.call("c").await;
    assert_eq!(ended.disposition, Entered);
    assert_eq!(ended.detail.as_deref(), Some("typed ••• on •••"));
    let told: Vec<Seen> = kit.told().into_iter().filter(|seen| !matches!(seen, Seen::State(..))).collect();
    let progress = |phase: &str| Seen::Progress("c".to_owned(), phase.to_owned());
    let check = |digits: &str| Seen::Check("c".to_owned(), digits.to_owned());
    let wanted =
        [progress("ringing"), progress("answered"), progress("prompting"), check("111111"), check("123456")];
    assert_eq!(told, wanted);
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_phases_is_cut_off_and_foreign_ones_are_dropped() {
    let mut kit = Kit::of("flood");
    assert_eq!(kit.call("c").await.disposition, Busy);
    let phases = kit.told().into_iter().filter(|seen| matches!(seen, Seen::Progress(..))).count();
    assert_eq!(phases, 32);
    kit.supervisor.shutdown().await;

    let mut kit = Kit::of("foreign_progress");
    assert_eq!(kit.call("c").await.disposition, Busy);
    assert!(!kit.told().iter().any(|seen| matches!(seen, Seen::Progress(..))));
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_a_plugin_is_told_without_what_it_should_not_say() {
    let kit = Kit::of("error");
    let ended = kit.deliver("m").await;
    assert_eq!(ended.disposition, ProviderError);
    assert_eq!(ended.detail.as_deref(), Some("the plugin refused (-32603): failed for ••• •••"));
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_does_not_say_what_it_is_gets_nothing_and_is_tried_again() {
    let table = [
        ("dies_at_once", "it closed its output (exit status: 9)"),
        ("no_hello", "it closed its output (exit status: 3)"),
        ("silent_hello", "it did not answer `initialize` in time"),
        ("wrong_version", "it does not start: this plugin speaks protocol 7"),
        ("lying_hello", "unknown field `admin`"),
        ("no_channels", "it offers no channel"),
        ("many_channels", "it offers no channel, too many"),
    ];
    for (mode, wanted) in table {
        let short = std::time::Duration::from_millis(300);
        let mut timing = timing();
        timing.message_patience = short;
        if mode == "silent_hello" {
            timing.initialize = short;
        }
        let mut kit = Kit::with(&[scripted("p", mode)], timing);
        kit.wait_for_state("p", PluginState::Failed).await;
        kit.wait_for_state("p", PluginState::Starting).await;
        kit.wait_for_state("p", PluginState::Failed).await;
        let error = kit.last_error("p");
        assert!(error.contains(wanted), "{mode}: {error}");
        assert_eq!(kit.deliver("m").await.disposition, Unreachable, "{mode}");
        assert!(kit.noted("p", "deliver").is_empty(), "{mode}");
        kit.supervisor.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_goes_through_the_very_plugin_that_was_named() {
    let mut kit = Kit::with(&[scripted("first", "good"), scripted("second", "typed")], timing());
    kit.wait_for_state("second", PluginState::Running).await;
    let ended = kit.supervisor.test("second", "ada@example.org").await.expect("it exists");
    assert_eq!(ended.disposition, Sent);
    let ended = kit.supervisor.test("second", NUMBER).await.expect("it exists");
    assert_eq!(ended.disposition, Entered, "any digits are right in a test");
    assert!(!kit.told().iter().any(|seen| matches!(seen, Seen::Check(..))), "nobody else is asked");
    assert!(kit.noted("first", "deliver").is_empty());
    assert!(kit.supervisor.test("third", NUMBER).await.is_err());
    kit.supervisor.shutdown().await;
}
