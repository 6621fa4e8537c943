//! A daemon whose plugins are services of their own walls itself in, and still recovers people.

use std::fs;

use readmit_tests::{World, run};
use rustix::process::{Pid, Signal, kill_process};

const REQUIRE: &str = "[sandbox]\nmode = \"require\"";

/// Every thread of the process, as the kernel sees it.
fn threads(process: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("status")).ok()).collect()
}

#[tokio::test]
async fn a_daemon_without_network_and_foreign_files_recovers_a_person() {
    let mut world = World::builder().manager(None).sockets().phone("silent").config(REQUIRE).start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "damaged").await;
    case.prove_all(world.peers(), &alice.email).await;
    case.until_state("recovered").await;
    for status in threads(world.daemon_id()) {
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        assert_eq!((field("Seccomp:"), field("NoNewPrivs:")), ("2".to_owned(), "1".to_owned()), "{status}");
    }
    // A file that leads out of the daemon's files is none that it reads, whoever it belongs to.
    let outside = tempfile::tempdir().unwrap();
    let foreign = outside.path().join("readmit.toml");
    fs::copy(world.config(), &foreign).unwrap();
    fs::remove_file(world.config()).unwrap();
    std::os::unix::fs::symlink(&foreign, world.config()).unwrap();
    let daemon = Pid::from_raw(i32::try_from(world.daemon_id()).unwrap()).unwrap();
    kill_process(daemon, Signal::HUP).unwrap();
    world.manager().until("is wrong, the next start would fail").await;
    assert!(world.log().contains("Permission denied"), "{}", world.log());
    fs::remove_file(world.config()).unwrap();
    fs::copy(&foreign, world.config()).unwrap();
    assert!(world.stop().await.success());
    world.start().await;
    assert_eq!(case.state().await, "recovered");
}

#[tokio::test]
async fn a_daemon_that_starts_plugins_itself_says_why_it_is_not_sandboxed() {
    let world = World::builder().start().await;
    assert!(world.log().contains("not sandboxed by itself"), "{}", world.log());
    let file = world.directory().join("strict.toml");
    let config = fs::read_to_string(world.config()).unwrap();
    fs::write(&file, format!("{config}\n{REQUIRE}\n")).unwrap();
    let ended = run("readmitd", &["--config", &file.display().to_string()], "");
    assert!(ended.code == 1 && ended.error.contains("reach it by `socket`"), "{ended:?}");
}
