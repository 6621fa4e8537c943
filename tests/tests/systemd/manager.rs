//! What the service manager hears (sd_notify(3)), and what a reload reads again.

use readmit_tests::{World, patiently};
use rustix::process::{Pid, Signal, kill_process};

fn signal(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
}

/// "the refusal is visible (signal, `readmit status`, systemd STATUS)".
#[tokio::test]
async fn the_service_manager_hears_how_the_daemon_stands() {
    let mut world = World::builder().manager(None).start().await;
    let version = world.desk.texts("Policies1", "List", &[]).await.unwrap()[0]["version"].clone();
    let version = &version.as_str().unwrap()[..12];
    let heard = world.manager().until("plugins well").await;
    assert!(heard.iter().any(|report| report == "READY=1\n"), "{heard:?}");
    assert_eq!(heard.last().unwrap(), &format!("STATUS=Policies {version}, 0 cases open, plugins well\n"));
    world.person("alice").await;
    world.desk.open("alice", "lost").await;
    world.manager().until("1 case open").await;
    world.write_policy("default", "return nonsense +");
    let refused = world.manager().until("refused: ").await;
    let refused = refused.last().unwrap();
    assert!(refused.contains("default.lua:1") && refused.contains(version), "{refused}");
    assert_eq!(refused.trim_end().lines().count(), 1, "one line: {refused:?}");
    assert!(world.stop().await.success());
    world.manager().until("STOPPING=1").await;
}

#[tokio::test]
async fn a_plugin_that_is_ill_is_named() {
    let ill = "[plugins.voice]\ncommand = [\"/bin/false\"]";
    let world = World::builder().manager(None).config(ill).start().await;
    let heard = world.manager().until("1 of 2 plugins ill: voice (failed)").await;
    assert!(heard.last().unwrap().contains("Policies "), "{heard:?}");
}

/// A reload begins with the time (`Type=notify-reload`), ends with READY, and takes up policies; of the configuration
/// it says what would need a restart.
#[tokio::test]
async fn a_reload_is_told_from_beginning_to_end_and_applies_nothing_by_halves() {
    let world = World::builder().manager(None).start().await;
    world.manager().until("plugins well").await;
    world.person("alice").await;
    let config = std::fs::read_to_string(world.config()).unwrap();
    for (text, status) in [
        (format!("{config}\n[limits]\nopen_per_account_per_hour = 1\n"), "restart to apply limits of "),
        (
            format!("{config}\n[limits]\nopen_per_account_per_hour = \"many\"\n"),
            "is wrong, the next start would fail",
        ),
        (config.clone(), "plugins well\n"),
    ] {
        std::fs::write(world.config(), text).unwrap();
        signal(world.daemon_id(), Signal::HUP);
        let begun = world.manager().until("RELOADING=1").await;
        let begun = begun.last().unwrap();
        let time = begun.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
        assert!(time.parse::<u64>().unwrap() > 0, "{begun}");
        let ended = world.manager().until("READY=1").await;
        assert!(ended.iter().any(|report| report.contains(status)), "{status}: {ended:?}");
    }
    // The limit of the file was never in force.
    for _ in 0..2 {
        world.desk.open("alice", "lost").await;
    }
    assert!(world.log().contains("open_per_account_per_hour"), "the log names the key that is wrong");
    let version = world.desk.texts("Policies1", "List", &[]).await.unwrap()[0]["version"].clone();
    world.write_policy(
        "other",
        "local policy = {}\nfunction policy.open() return deny { because = \"no\" } end\nreturn policy\n",
    );
    signal(world.daemon_id(), Signal::HUP);
    let taken = async {
        while world.desk.texts("Policies1", "List", &[]).await.unwrap()[0]["version"] == version {
            world.manager().next().await;
        }
    };
    patiently("the policies to be read again", taken).await;
}
