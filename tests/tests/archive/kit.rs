//! Short ways to the files of a world's store.

use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use readmit_tests::{Ended, World, patiently, run};
use serde_json::{Value, json};

/// A file of the store.
pub fn state(world: &World, name: &str) -> PathBuf {
    world.directory().join("state").join(name)
}

/// The command line's answer, which must be given.
pub fn cli(world: &World, arguments: &[&str]) -> Value {
    let ended = world.cli(&[arguments, &["--json"]].concat(), "");
    assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
    serde_json::from_str(&ended.output).unwrap()
}

/// A backup in the world's directory.
pub fn back_up(world: &World, name: &str) -> String {
    let path = world.directory().join(name).display().to_string();
    cli(world, &["backup", &path]);
    path
}

/// Puts a backup back, the daemon being stopped.
pub fn restore(world: &World, more: &[&str]) -> Ended {
    let config = world.config().display().to_string();
    world.cli(&[&["restore", "--json", "--config", &config], more].concat(), "")
}

/// The daemon must not start; what it says.
pub fn refused_start(world: &World) -> String {
    let ended = run("readmitd", &["--config", world.config().to_str().unwrap()], "");
    assert_eq!(ended.code, 1, "{ended:?}");
    ended.error
}

/// The last head that was exported.
pub fn anchor(world: &World) -> Value {
    serde_json::from_slice(&std::fs::read(state(world, "readmit.db.anchor")).unwrap()).unwrap()
}

/// Waits until the anchor is at or behind this entry.
pub async fn until_exported(world: &World, seq: u64) {
    let mut look = tokio::time::interval(std::time::Duration::from_millis(100));
    let exported = async {
        while anchor(world)["seq"].as_u64().unwrap() < seq {
            look.tick().await;
        }
    };
    patiently("the journal's head to be exported", exported).await;
}

/// Puts so many accounts on file, each an entry of the journal, many at a time.
pub async fn accounts(world: &World, prefix: &str, count: usize) {
    let add = async |index: usize| {
        world.desk.add_account(&format!("{prefix}{index}"), json!({})).await.unwrap();
    };
    for first in (0..count).step_by(50) {
        futures_util::future::join_all((first..count.min(first + 50)).map(add)).await;
    }
}

/// Runs a program and kills it at the moment at which a file of this name, or of one that begins like this if it ends with
/// `-`, comes to be in a directory, be it new or renamed. Whether it came to that: the program may have ended before.
pub fn killed_at(program: &mut Command, directory: &Path, name: &str) -> bool {
    use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
    let watch = init(CreateFlags::CLOEXEC).unwrap();
    add_watch(&watch, directory, WatchFlags::CREATE | WatchFlags::MOVED_TO).unwrap();
    let (tell, told) = mpsc::channel();
    let mut child = program.spawn().unwrap();
    let reading = std::thread::spawn(move || {
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(watch, &mut room);
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(|name| name.to_string_lossy().into_owned());
            if tell.send(name.unwrap_or_default()).is_err() {
                return;
            }
        }
    });
    let is_it = |file: &str| file == name || (name.ends_with('-') && file.starts_with(name));
    let came = loop {
        match told.recv_timeout(Duration::from_millis(50)) {
            Ok(file) if is_it(&file) => break true,
            Ok(_) => {}
            Err(_) if child.try_wait().unwrap().is_some() => {
                break told.try_iter().any(|file| is_it(&file));
            }
            Err(_) => {}
        }
    };
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().unwrap();
    drop(told);
    // Whoever waits for the next file is woken by one.
    let last = directory.join("last");
    std::fs::write(&last, "").unwrap();
    reading.join().unwrap();
    std::fs::remove_file(last).unwrap();
    came
}
