//! A disk that is full or takes nothing: a clear message, nothing lost, and back by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use readmit_tests::{World, run};
use serde_json::{Value, json};

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

/// What `readmit status` says of the store, if something is wrong with it.
fn degraded(world: &World) -> Option<String> {
    let status: Value = serde_json::from_str(&world.cli(&["status", "--json"], "").output).unwrap();
    let parts = status["degraded"].as_array().unwrap();
    let store = parts.iter().find(|part| part["part"] == "store")?;
    Some(store["what"].as_str().unwrap().to_owned())
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
    assert!(degraded(&world).expect("it is said").contains("no room is left on the disk"));
    fs::remove_file(ballast).unwrap();
    case.prove_password().await;
    assert_eq!(degraded(&world), None, "it goes on by itself");
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

/// So much that a copy of the database needs no more than half of it, with what has to stay free beside it.
const ROOMY_KIB: u32 = 48 * 1024;

/// A world with its store on a disk of its own, and a way to have a backup of it elsewhere.
async fn on_a_disk(place: &Path, kib: u32) -> (Disk, World) {
    let disk = Disk::mount(&place.join("state"), kib);
    let store = format!("[store]\npath = \"{}\"", disk.0.join("readmit.db").display());
    let world = World::builder().config(&store).start().await;
    (disk, world)
}

/// What lies beside the database, without what SQLite keeps there.
fn files(disk: &Disk) -> Vec<String> {
    let names = fs::read_dir(&disk.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_for_which_there_is_no_room_is_refused_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (disk, world) = on_a_disk(place.path(), ROOMY_KIB).await;
    world.person("alice").await;
    let before = files(&disk);
    let target = Disk::mount(&place.path().join("backups"), 64);
    let name = target.0.join("one.backup").display().to_string();

    // Beside the database, where the copy is made.
    let ballast = disk.fill();
    let refused = world.cli(&["backup", &name], "");
    assert_eq!(refused.code, 7, "{refused:?}");
    for words in ["the disk has 0 MiB free", "make room, then try again", "nothing was changed"] {
        assert!(refused.error.contains(words), "{words}: {refused:?}");
    }
    fs::remove_file(&ballast).unwrap();
    assert_eq!((files(&disk), fs::read_dir(&target.0).unwrap().count()), (before.clone(), 0));

    // Where it is to go.
    let refused = world.cli(&["backup", &name], "");
    assert!(refused.code == 7 && refused.error.contains("No space left on device"), "{refused:?}");
    assert_eq!((files(&disk), fs::read_dir(&target.0).unwrap().count()), (before, 0));

    // All went on meanwhile, and the next one is made.
    world.desk.open("alice", "lost").await.prove_password().await;
    target.remount("size=16m");
    let made = world.cli(&["backup", &name], "");
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(world.cli(&["backup", "--verify", &name], "").code, 0);
}

#[tokio::test]
async fn a_restore_for_which_there_is_no_room_changes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (disk, mut world) = on_a_disk(place.path(), ROOMY_KIB).await;
    world.person("alice").await;
    let backup = place.path().join("one.backup").display().to_string();
    assert_eq!(world.cli(&["backup", &backup], "").code, 0);
    world.person("bob").await;
    world.stop().await;
    let (before, database) = (files(&disk), fs::read(disk.0.join("readmit.db")).unwrap());
    let config = world.config().display().to_string();
    let restore =
        |world: &World| world.cli(&["restore", "--accept-rollback", "--config", &config, &backup], "");

    let ballast = disk.fill();
    let refused = restore(&world);
    assert_eq!(refused.code, 1, "{refused:?}");
    for words in ["the disk has 0 MiB free", "make room, then try again", "nothing was changed"] {
        assert!(refused.error.contains(words), "{words}: {refused:?}");
    }
    fs::remove_file(&ballast).unwrap();
    assert_eq!(files(&disk), before);
    assert!(fs::read(disk.0.join("readmit.db")).unwrap() == database, "the database is as it was");

    disk.remount("ro");
    let refused = restore(&world);
    assert!(refused.code == 1 && refused.error.contains("Read-only file system"), "{refused:?}");
    disk.remount("rw");
    assert!(fs::read(disk.0.join("readmit.db")).unwrap() == database, "the database is as it was");
    world.start().await;
    assert_eq!(world.desk.account("bob").await["id"], "bob");
    world.stop().await;
    assert_eq!(restore(&world).code, 0);
    world.start().await;
    assert_eq!(world.desk.account_ids().await, ["alice"]);
}

/// A file system as on a disk, in a file.
struct Volume {
    file: PathBuf,
    place: PathBuf,
}

impl Volume {
    fn make(file: PathBuf, place: PathBuf) -> Self {
        fs::create_dir_all(&place).unwrap();
        fs::File::create(&file).unwrap().set_len(32 << 20).unwrap();
        let made = Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&file).status().unwrap();
        assert!(made.success());
        let volume = Self { file, place };
        volume.mount();
        // Its own; the directory of a new file system is for everyone.
        fs::set_permissions(&volume.place, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        volume
    }

    fn mount(&self) {
        self.mount_file(&self.file);
    }

    /// Mounts what is on it from a copy: the kernel forgets that it failed only once nobody has it mounted, and another
    /// test may have taken it along into a mount namespace of its own.
    fn mount_copy(&self) {
        let copy = self.file.with_extension("copy");
        fs::copy(&self.file, &copy).unwrap();
        self.mount_file(&copy);
    }

    fn mount_file(&self, file: &Path) {
        mount(&["-o", "loop", &file.display().to_string(), &self.place.display().to_string()]);
    }

    /// As the kernel does by itself when the disk fails it: whoever has a file open may not write to it any more.
    fn fail(&self) {
        let place = self.place.display().to_string();
        // It tells that it was told to; that it has done so shows.
        drop(Command::new("mount").args(["-o", "remount,abort", &place]).output().unwrap());
        let refused = fs::write(self.place.join("probe"), "").unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.place).status());
    }
}

#[tokio::test]
async fn a_disk_that_becomes_read_only_under_the_daemon_is_named_and_loses_nothing_that_was_acknowledged() {
    let place = tempfile::tempdir().unwrap();
    let volume = Volume::make(place.path().join("disk"), place.path().join("state"));
    let database = volume.place.join("readmit.db");
    let mut world =
        World::builder().config(&format!("[store]\npath = \"{}\"", database.display())).start().await;
    world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    volume.fail();
    let refused = world.desk.add_account("bob", json!({})).await.unwrap_err();
    assert_eq!(refused.name, "Unavailable", "{refused:?}");
    // What is there can be read, and whoever looks is told.
    assert_eq!(case.step("password").await["state"], "proven");
    let said = degraded(&world).expect("it is said");
    for words in ["takes no writes", "Read-only file system"] {
        assert!(said.contains(words) && world.log().contains(words), "{words}: {said}");
    }
    world.stop().await;
    let ended = run("readmitd", &["--config", &world.config().display().to_string()], "");
    assert!(ended.code == 1 && ended.error.contains("Read-only file system"), "{ended:?}");
    let status = Command::new("umount").arg(&volume.place).status().unwrap();
    assert!(status.success(), "nobody has it any more");
    volume.mount_copy();
    world.start().await;
    assert_eq!(case.step("password").await["state"], "proven");
    assert_eq!(world.desk.account_ids().await, ["alice"], "nothing is half done");
    assert_eq!(world.desk.texts("Audit1", "Verify", &[]).await.unwrap()["ok"], true);
    world.desk.add_account("bob", json!({})).await.unwrap();
}
