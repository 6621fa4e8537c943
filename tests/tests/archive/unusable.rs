//! A database that cannot be used: said clearly, with the mend, and nothing is lost.

use std::os::unix::fs::PermissionsExt as _;

use readmit_tests::{World, run};
use rusqlite::Connection;

use crate::kit::*;

#[tokio::test]
async fn whatever_is_wrong_with_the_database_is_said_and_mended() {
    let mut world = World::builder().start().await;
    world.person("alice").await;
    let backup = back_up(&world, "one.backup");
    world.stop().await;
    let path = state(&world, "readmit.db");
    let whole = std::fs::read(&path).unwrap();
    let mut no_header = whole.clone();
    no_header[..16].fill(0);
    let foreign = world.directory().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    let mut behind_the_first_page = whole.clone();
    behind_the_first_page[4096..].fill(0);
    let table: [(&str, Vec<u8>, &str); 6] = [
        ("no header", no_header, "readmit restore"),
        ("damaged further on", behind_the_first_page, "is damaged"),
        ("another program's", std::fs::read(foreign).unwrap(), "another program"),
        ("zero bytes", Vec::new(), "gone or empty"),
        ("a text", b"this is no database, though it is long enough to be looked at".to_vec(), "damaged"),
        ("cut off", whole[..3000].to_vec(), "readmit restore"),
    ];
    for (what, bytes, phrase) in table {
        std::fs::write(&path, &bytes).unwrap();
        let said = refused_start(&world);
        assert!(said.contains(phrase), "{what}: {said}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{what}: it is left as it was");
        // The mend works: the backup is as new as what is known.
        let restored = restore(&world, &["--accept-rollback", &backup]);
        assert_eq!(restored.code, 0, "{what}: {restored:?}");
        world.start().await;
        assert_eq!(world.desk.account("alice").await["id"], "alice", "{what}");
        world.stop().await;
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = refused_start(&world);
    assert!(said.contains("chmod 0600"), "{said}");
}

#[tokio::test]
async fn a_database_that_another_daemon_has_is_left_alone() {
    let world = World::builder().start().await;
    let ended = run("readmitd", &["--config", world.config().to_str().unwrap()], "");
    assert!(ended.code == 1 && ended.error.contains("in use by another process"), "{ended:?}");
    assert!(!world.desk.journal().await.is_empty(), "the first one goes on");
}
