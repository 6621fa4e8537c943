//! A start that takes long says so, and asks for the time that it needs.

use std::process::{Command, Stdio};

use readmit_tests::{World, kill, program};
use rusqlite::Connection;

/// As a daemon of the version before left the database.
const OLDER_SCHEMA: &str = include_str!("../../../daemon/store/tests/fixtures/to-schema-7.sql");

/// The disk takes three seconds for what it takes milliseconds for elsewhere, while the copy from before a new schema is
/// made.
#[tokio::test]
async fn a_long_start_asks_the_service_manager_for_more_time_and_says_what_it_does() {
    let mut world = World::builder().manager(None).start().await;
    world.person("alice").await;
    assert!(world.stop().await.success());
    world.manager().until("STOPPING=1").await;
    Connection::open(world.directory().join("state/readmit.db"))
        .unwrap()
        .execute_batch(OLDER_SCHEMA)
        .unwrap();
    let mut daemon = Command::new("strace")
        .args(["-D", "-f", "-o", "/dev/null", "-e", "trace=fsync"])
        .args(["-e", "inject=fsync:delay_enter=3000000:when=1"])
        .arg(program("readmitd"))
        .arg("--config")
        .arg(world.config())
        .env("NOTIFY_SOCKET", world.directory().join("notify"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let heard = world.manager().until("EXTEND_TIMEOUT_USEC=60000000").await;
    assert!(heard.iter().any(|report| report == "STATUS=Starting: opening the store\n"), "{heard:?}");
    assert!(!heard.iter().any(|report| report.contains("READY=1")), "{heard:?}");
    world.manager().until("READY=1").await;
    kill(daemon.id());
    daemon.wait().unwrap();
}
