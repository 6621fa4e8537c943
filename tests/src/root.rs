//! The Debian root directory that hosts are booted from: made once a build directory, by debootstrap.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

/// The release that Readmit's units and packages are for.
const SUITE: &str = "trixie";

/// What is in the root besides the essential packages. debootstrap knows no alternatives, so each is named.
const PACKAGES: [&str; 10] = [
    "dbus",
    "dbus-broker",
    "libbpf1",
    "libnss-systemd",
    "libpam-systemd",
    "libstdc++6",
    "polkitd",
    "sqlite3",
    "systemd",
    "systemd-sysv",
];

/// The script that makes it.
const MAKE: &str = include_str!("root.sh");

/// The directory with the root, which is only to be read.
///
/// # Panics
/// If it cannot be made: without root's rights, debootstrap or a Debian archive.
pub(crate) fn debian() -> PathBuf {
    assert!(
        rustix::process::geteuid().is_root(),
        "only root can boot a host of its own: run this test as root (in a virtual machine or container if you like)"
    );
    let packages = PACKAGES.join(",");
    let key = hex::encode(&Sha256::digest(format!("{SUITE}\n{packages}\n{MAKE}"))[..6]);
    let roots = build_directory().join("test-roots");
    std::fs::create_dir_all(&roots).unwrap();
    let lock = File::create(roots.join("lock")).unwrap();
    lock.lock().unwrap();
    let root = roots.join(&key);
    if !root.exists() {
        make(&roots, &root, &packages);
    }
    root
}

/// Makes the root under another name, so that what was broken off is never taken for whole.
fn make(roots: &Path, root: &Path, packages: &str) {
    let unfinished = roots.join("unfinished");
    let log = roots.join("log");
    for old in
        std::fs::read_dir(roots).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        std::fs::remove_dir_all(old).unwrap();
    }
    let told = File::create(&log).unwrap();
    let status = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "bash", "-c", MAKE, "root.sh"])
        .arg(&unfinished)
        .args([SUITE, packages])
        .stdin(Stdio::null())
        .stdout(told.try_clone().unwrap())
        .stderr(told)
        .status()
        .unwrap();
    assert!(
        status.success(),
        "no Debian root could be made ({status}); debootstrap is needed, and a Debian archive within reach:\n{}",
        crate::daemon::tail(&log)
    );
    std::fs::rename(unfinished, root).unwrap();
}

/// The directory `target`, wherever it is.
fn build_directory() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().find(|place| place.ends_with("deps")).and_then(Path::parent);
    let profile = profile.unwrap_or_else(|| panic!("{} is not in target/*/deps", test.display()));
    profile.parent().unwrap().to_owned()
}
