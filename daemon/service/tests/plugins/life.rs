//! Starting, pinging, replacing and stopping.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use readmit_recovery::disposition::Disposition::*;
use readmitd::config::Launch;
use readmitd::plugins::PluginState::{Failed, Running, Stopped};
use readmitd::plugins::limits::CHANNELS;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::kit::{Kit, Seen, call, config, message, python, script, scripted, timing, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_gets_four_names_of_the_environment_and_no_more() {
    let mut kit = Kit::of("environment");
    kit.wait_for_state("p", Running).await;
    let noted = kit.noted("p", "environment").remove(0);
    let names: Vec<&str> =
        noted["names"].as_array().expect("a list").iter().filter_map(|n| n.as_str()).collect();
    // Python itself sets LC_CTYPE where the locale is C (PEP 538).
    let allowed = ["PATH", "LANG", "CREDENTIALS_DIRECTORY", "READMIT_LOG", "LC_CTYPE"];
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
    assert!(names.contains(&"PATH"));
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there was something to keep from it");
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_tells_what_each_plugin_is_and_how_it_is() {
    let mut kit = Kit::of("good");
    kit.wait_for_state("p", Running).await;
    let status = kit.supervisor.list().remove(0);
    assert_eq!((&*status.plugin, &*status.version, status.state), ("p", "stress 1", Running));
    assert_eq!((status.channels.join(" "), status.restarts), ("email voice".to_owned(), 0));
    assert_eq!(status.last_error, None);
    assert!(status.since.unix() > 0);
    assert_eq!(kit.supervisor.channels().into_iter().collect::<Vec<_>>(), ["email", "voice"]);
    kit.supervisor.shutdown().await;
    assert_eq!(kit.supervisor.list()[0].state, Stopped);

    let mut kit = Kit::of("most_channels");
    kit.wait_for_state("p", Running).await;
    assert_eq!(kit.supervisor.channels().len(), CHANNELS, "at the limit");
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_narrows_the_channels_and_one_that_is_missing_is_told() {
    let directory = Arc::new(tempfile::tempdir().expect("a directory"));
    let mut narrow = config(&scripted("p", "good"), directory.path());
    narrow.channels = vec!["email".to_owned(), "sms".to_owned()];
    let mut kit = Kit::start(vec![narrow], timing(), directory);
    kit.wait_for_state("p", Running).await;
    assert_eq!(kit.supervisor.list()[0].channels, ["email"]);
    assert_eq!(kit.last_error("p"), "it does not offer the channel sms");
    assert_eq!(kit.call("c").await.disposition, Unreachable, "voice is not for it");
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_plugin_that_answers_no_ping_is_replaced() {
    let mut timing = timing();
    timing.ping_every = Duration::from_millis(20);
    timing.ping_answer = Duration::from_millis(500);
    let mut kit = Kit::with(&[scripted("p", "deaf")], timing);
    kit.wait_for_state("p", Running).await;
    kit.wait_for_state("p", Failed).await;
    // How it ended may be known by then, or not.
    let error = kit.last_error("p");
    assert!(error.starts_with("it did not answer `ping` in time"), "{error}");
    kit.wait_for_state("p", Running).await;
    assert_eq!(kit.deliver("m").await.disposition, Sent);
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_lets_a_deadline_pass_is_replaced() {
    let mut kit = Kit::of("hang_on_work");
    kit.wait_for_state("p", Running).await;
    let mut hanging = call("c");
    hanging.deadline = Duration::from_millis(100);
    assert_eq!(within(kit.supervisor.call(hanging)).await.disposition, Interrupted);
    kit.wait_for_state("p", Failed).await;
    // How it ended may be known by then, or not.
    let error = kit.last_error("p");
    assert!(error.starts_with("it did not answer `call` in time"), "{error}");
    kit.wait_for_state("p", Running).await;
    let mut hanging = message("m");
    hanging.deadline = Duration::from_millis(100);
    assert_eq!(within(kit.supervisor.deliver(hanging)).await.disposition, Unreachable);
    kit.wait_for_state("p", Failed).await;
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cancelled_ends_as_cancelled_whether_the_plugin_agrees_or_not() {
    for (mode, replaced) in [("wait_for_cancel", false), ("ignore_cancel", true)] {
        let mut kit = Kit::of(mode);
        let supervisor = kit.supervisor.clone();
        let calling = tokio::spawn(async move { supervisor.call(call("c")).await });
        kit.wait_for(&Seen::Progress("c".to_owned(), "ringing".to_owned())).await;
        kit.supervisor.cancel(&call("c").id);
        assert_eq!(within(calling).await.expect("it ends").disposition, Cancelled, "{mode}");
        if replaced {
            kit.wait_for_state("p", Failed).await;
        }
        kit.supervisor.shutdown().await;
        assert_eq!(kit.noted("p", "cancel").len(), 1, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_lets_the_plugin_finish_and_starts_it_anew() {
    let mut kit = Kit::of("wait_for_cancel");
    let supervisor = kit.supervisor.clone();
    let calling = tokio::spawn(async move { supervisor.call(call("c")).await });
    kit.wait_for(&Seen::Progress("c".to_owned(), "ringing".to_owned())).await;
    kit.supervisor.restart("p").expect("it exists");
    assert_eq!(within(calling).await.expect("it ends").disposition, Interrupted);
    kit.wait_for_state("p", Running).await;
    assert_eq!(kit.supervisor.list()[0].restarts, 1);
    let started = kit.noted("p", "started");
    assert_eq!((started.len(), kit.noted("p", "shutdown").len()), (2, 1));
    assert_ne!(started[0]["pid"], started[1]["pid"]);
    assert!(kit.supervisor.restart("q").is_err());
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_interrupts_what_is_under_way_and_waits_for_a_good_end() {
    let mut kit = Kit::of("wait_for_cancel");
    let supervisor = kit.supervisor.clone();
    let calling = tokio::spawn(async move { supervisor.call(call("c")).await });
    kit.wait_for(&Seen::Progress("c".to_owned(), "ringing".to_owned())).await;
    within(kit.supervisor.shutdown()).await;
    assert_eq!(within(calling).await.expect("it ends").disposition, Interrupted);
    assert_eq!(kit.supervisor.list()[0].state, Stopped);
    assert_eq!(kit.noted("p", "shutdown").len(), 1);
    assert_eq!(kit.deliver("m").await.disposition, Interrupted, "nothing begins after it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_does_not_stop_is_killed() {
    let mut timing = timing();
    timing.shutdown = Duration::from_millis(200);
    let mut kit = Kit::with(&[scripted("p", "no_shutdown")], timing);
    kit.wait_for_state("p", Running).await;
    within(kit.supervisor.shutdown()).await;
    assert_eq!(kit.noted("p", "shutdown").len(), 1);
    let pid = kit.noted("p", "started")[0]["pid"].to_string();
    assert!(!std::path::Path::new("/proc").join(pid).exists(), "it was reaped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_plugin_has_started_ends_with_it() {
    let directory = Arc::new(tempfile::tempdir().expect("a directory"));
    let fifo = directory.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    let mut held = pipe::OpenOptions::new().open_receiver(&fifo).expect("a receiver");
    let grandchild = config(&scripted("p", "grandchild"), directory.path());
    let mut kit = Kit::start(vec![grandchild], timing(), directory.clone());
    kit.wait_for_state("p", Running).await;
    let mut end = Vec::new();
    within(kit.supervisor.shutdown()).await;
    within(held.read_to_end(&mut end)).await.expect("everyone who held it is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_does_not_exist_is_told_and_tried_again() {
    let directory = Arc::new(tempfile::tempdir().expect("a directory"));
    let mut missing = config(&scripted("p", "good"), directory.path());
    missing.launch = Launch::Command(vec!["/nonexistent/plugin".to_owned()]);
    let mut kit = Kit::start(vec![missing], timing(), directory);
    kit.wait_for_state("p", Failed).await;
    kit.wait_for_state("p", Failed).await;
    let error = kit.last_error("p");
    assert!(error.starts_with("/nonexistent/plugin could not be started: No such file"), "{error}");
    kit.supervisor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_is_connected_when_it_comes_and_again_when_it_comes_back() {
    let directory = Arc::new(tempfile::tempdir().expect("a directory"));
    let path = directory.path().join("plugin.sock");
    let mut listening = config(&scripted("p", "good"), directory.path());
    listening.launch = Launch::Socket(path.clone());
    let mut kit = Kit::start(vec![listening], timing(), directory);
    kit.wait_for_state("p", Failed).await;
    for round in 0..2 {
        let (program, more) =
            python().split_first().map(|(p, more)| (p.clone(), more.to_vec())).expect("python");
        let mut plugin = tokio::process::Command::new(program)
            .args(more)
            .arg(script())
            .arg("good")
            .arg(&path)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("python runs");
        kit.wait_for_state("p", Running).await;
        assert_eq!(kit.deliver(&format!("m{round}")).await.disposition, Sent);
        plugin.kill().await.expect("it dies");
        kit.wait_for_state("p", Failed).await;
        assert!(kit.last_error("p").contains("closed its output"), "{}", kit.last_error("p"));
        std::fs::remove_file(&path).expect("the socket was there");
    }
    kit.supervisor.shutdown().await;
}
