//! A disk that is full or takes nothing: a clear message, nothing lost, and back by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use readmit_tests::{World, run};
use serde_json::json;

/// A file system in memory, of the test's own. It needs root, as the tests of units do.
struct Disk(PathBuf);

impl Disk {
    fn mount(place: &Path, kib: u32) -> Self {
        fs::create_dir_all(place).unwrap();
        mount(&[
            "-t",
            "tmpfs",
            "-o",
            &format!("size={kib}k,mode=0700"),
            "tmpfs",
            &place.display().to_string(),
        ]);
        Self(place.to_owned())
    }

    fn remount(&self, how: &str) {
        mount(&["-o", &format!("remount,{how}"), &self.0.display().to_string()]);
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let file = self.0.join("ballast");
        let zero = fs::File::open("/dev/zero").unwrap();
        std::io::copy(&mut std::io::BufReader::new(zero), &mut fs::File::create(&file).unwrap()).unwrap_err();
        file
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

fn mount(arguments: &[&str]) {
    let status = Command::new("mount").args(arguments).status().unwrap();
    assert!(status.success(), "mount {arguments:?} failed: run the tests as root");
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    let disk = Disk::mount(&place.path().join("state"), 8 * 1024);
    let store = format!("[store]\npath = \"{}\"", disk.0.join("readmit.db").display());
    let mut world = World::builder().config(&store).start().await;
    world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    let ballast = disk.fill();
    // What the write-ahead log has room for already still fits.
    let mut refused = None;
    for n in 0..2000 {
        let added = world.desk.add_account(&format!("person-{n}"), json!({})).await;
        if let Err(error) = added {
            refused = Some(error);
            break;
        }
    }
    let refused = refused.expect("a full disk takes nothing new");
    assert_eq!(refused.name, "Unavailable", "{refused:?}");
    assert!(world.log().contains("no room is left on the disk"), "{}", world.log());
    assert_eq!(case.state().await, "proving", "what is there can be read");
    fs::remove_file(ballast).unwrap();
    case.prove_password().await;
    world.kill().await;
    world.start().await;
    assert_eq!(case.step("password").await["state"], "proven");
    assert_eq!(world.desk.texts("Audit1", "Verify", &[]).await.unwrap()["ok"], true);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_named_at_the_start_and_serves_again_afterwards() {
    let place = tempfile::tempdir().unwrap();
    let disk = Disk::mount(&place.path().join("state"), 8 * 1024);
    let store = format!("[store]\npath = \"{}\"", disk.0.join("readmit.db").display());
    let mut world = World::builder().config(&store).start().await;
    world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    assert!(world.stop().await.success());
    disk.remount("ro");
    let ended = run("readmitd", &["--config", &world.config().display().to_string()], "");
    assert_eq!(ended.code, 1);
    for words in ["the store is unusable", &disk.0.display().to_string(), "Read-only file system"] {
        assert!(ended.error.contains(words), "{words}: {}", ended.error);
    }
    disk.remount("rw");
    world.start().await;
    assert_eq!(case.state().await, "proving");
}
