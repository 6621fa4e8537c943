//! The hosts that packages are tried on are what these tests take them for.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use readmit_tests::{Host, PATIENCE};

/// Whether there is a control group of that name, wherever this machine has the hierarchy.
fn has_group(name: &str) -> bool {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mut places = mounts.lines().filter(|line| line.split(' ').nth(2) == Some("cgroup2"));
    let place = places.find_map(|line| line.split(' ').nth(1)).unwrap();
    Path::new(&format!("{place}{name}")).exists()
}

#[test]
fn a_host_is_a_debian_with_systemd_and_hosts_do_not_know_one_another() {
    let (one, other) = (Host::boot(), Host::boot());
    assert_eq!(one.sh("cat /proc/1/comm; . /etc/os-release; echo $VERSION_CODENAME"), "systemd\ntrixie\n");
    one.write("/etc/only-here", "text");
    assert!(one.has("/etc/only-here") && !other.has("/etc/only-here"));
    assert_eq!(one.read("/etc/only-here"), "text");
    one.sh("useradd --create-home alice");
    let session = one.run_as("alice", ["sh", "-c", "id -un; loginctl show-session $XDG_SESSION_ID -p Name"]);
    assert_eq!((session.code, &*session.output), (0, "alice\nName=alice\n"), "{}", session.error);
    assert_eq!(other.run(["id", "alice"]).code, 1);
    assert!(one.journal().contains("new user: name=alice"));
    assert!(one.sh("systemctl status dbus.service").contains("dbus-daemon"), "Debian's own choice");
}

#[test]
fn nothing_of_a_host_is_left() {
    let host = Host::boot();
    host.sh("systemd-run --quiet --property=Type=exec sleep 7654321");
    let sleeps = |entry: &fs::DirEntry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|line| line.ends_with(b"sleep\x007654321\x00"))
    };
    let alive = || fs::read_dir("/proc").unwrap().filter(|entry| sleeps(entry.as_ref().unwrap())).count();
    assert_eq!(alive(), 1);
    let place = host.place("/");
    let group = fs::read_to_string(format!("/proc/{}/cgroup", host.process())).unwrap();
    let group = group.lines().find_map(|line| line.strip_prefix("0::")).unwrap();
    let group = group.strip_suffix("/init.scope").unwrap();
    assert!(has_group(group), "{group}");
    drop(host);
    assert_eq!(alive(), 0);
    assert!(!place.exists());
    assert!(!has_group(group), "{group}");
}

/// Says to the test below, which this process was started by, that it is to boot a host and wait to be killed.
const TO_BE_KILLED: &str = "READMIT_TEST_HOST_TO_BE_KILLED";

/// Nothing runs on, even where the test's process is killed and cannot clean up.
#[test]
fn a_host_ends_with_the_process_of_its_test() {
    if std::env::var_os(TO_BE_KILLED).is_some() {
        let host = Host::boot();
        let group = fs::read_to_string(format!("/proc/{}/cgroup", host.process())).unwrap();
        let group = group.lines().find_map(|line| line.strip_prefix("0::")).unwrap();
        println!("\nbooted {} {}", host.process(), group.strip_suffix("/init.scope").unwrap());
        loop {
            std::thread::park();
        }
    }
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kit::a_host_ends_with_the_process_of_its_test", "--nocapture"])
        .env(TO_BE_KILLED, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(test.stdout.take().unwrap()).lines().map(Result::unwrap);
    let booted = lines.filter_map(|line| line.strip_prefix("booted ").map(str::to_owned)).next().unwrap();
    let (process, group) = booted.split_once(' ').unwrap();
    let place = format!("/proc/{process}/root/etc");
    assert!(Path::new(&place).exists());
    test.kill().unwrap();
    test.wait().unwrap();
    let since = Instant::now();
    // Nobody is told when the last of it has gone.
    while Path::new(&place).exists() || has_group(group) {
        assert!(since.elapsed() < PATIENCE, "the host runs on");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_host_can_have_the_other_bus() {
    let host = Host::boot_after("systemctl --quiet enable dbus-broker.service");
    assert!(host.sh("systemctl status dbus.service").contains("dbus-broker-launch"));
}
