//! A host on which Readmit is installed by its units, as a package does it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use readmit_tests::{Host, PATIENCE, program};

/// The units, and what goes with them.
pub fn units() -> PathBuf {
    contrib().join("systemd")
}

fn contrib() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib")
}

/// Where each program is.
const PROGRAMS: [(&str, &str); 6] = [
    ("readmitd", "/usr/bin/readmitd"),
    ("readmit", "/usr/bin/readmit"),
    ("readmit-portal", "/usr/bin/readmit-portal"),
    ("readmit-email", "/usr/libexec/readmit/readmit-email"),
    ("readmit-voice", "/usr/libexec/readmit/readmit-voice"),
    ("readmit-voice-http", "/usr/libexec/readmit/readmit-voice-http"),
];

/// Both plugins by their sockets, with settings that they start with and that lead nowhere.
pub const CONFIG: &str = r#"
[sandbox]
mode = "require"
[plugins.email]
socket = "/run/readmit/plugins/email.sock"
[plugins.email.settings]
from = "recovery@example.org"
server = "127.0.0.1"
security = "none"
username = "readmit"
password_file = "readmit-email.password"
link_base = "https://recover.example.org"
[plugins.voice]
socket = "/run/readmit/plugins/voice.sock"
[plugins.voice.settings]
trunk = "127.0.0.1:5060"
regions = ["+1"]
"#;

/// Boots a host and puts everything in its place. Nothing of it is started.
pub fn host() -> Host {
    let host = Host::boot();
    for (name, path) in PROGRAMS {
        host.sh(&format!("mkdir -p {}", Path::new(path).parent().unwrap().display()));
        host.copy(&program(name), path);
    }
    for entry in fs::read_dir(units()).unwrap().chain(
        ["sysusers.d", "tmpfiles.d", "system-preset"]
            .iter()
            .flat_map(|part| fs::read_dir(units().join(part)).unwrap()),
    ) {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.strip_prefix(contrib()).unwrap().to_str().unwrap();
            host.copy(&path, &format!("/tmp/readmit/contrib/{name}"));
        }
    }
    // By the commands of the README, but for the last, which starts everything.
    let mut commands = commands("# Readmit under systemd");
    assert!(commands.pop().unwrap().starts_with("systemctl enable --now"));
    host.sh(&format!("cd /tmp/readmit\n{}", commands.join("\n")));
    let bus = contrib().join("dbus");
    host.copy(
        &bus.join("org.readmit.Recovery1.conf"),
        "/usr/share/dbus-1/system.d/org.readmit.Recovery1.conf",
    );
    host.copy(
        &bus.join("org.readmit.Recovery1.service"),
        "/usr/share/dbus-1/system-services/org.readmit.Recovery1.service",
    );
    let polkit = contrib().join("polkit");
    host.copy(&polkit.join("org.readmit.policy"), "/usr/share/polkit-1/actions/org.readmit.policy");
    host.write("/etc/readmit/readmit.toml", CONFIG);
    host.sh(
        "systemd-sysusers; systemd-tmpfiles --create readmit.conf; systemctl daemon-reload; busctl call \
             org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig >/dev/null",
    );
    host
}

/// The commands of root's that contrib/systemd/README.md gives under a heading, before the next one.
pub fn commands(heading: &str) -> Vec<String> {
    let text = fs::read_to_string(units().join("README.md")).unwrap();
    let lines = text.lines().skip_while(|line| *line != heading).skip(1);
    // In a block of commands, `# ` is root's prompt.
    let mut in_block = false;
    let mut commands = Vec::new();
    for line in lines {
        match line {
            "```console" => in_block = true,
            "```" => in_block = false,
            line if in_block => commands.extend(line.strip_prefix("# ").map(str::to_owned)),
            line if line.starts_with('#') => break,
            _ => {}
        }
    }
    assert!(!commands.is_empty(), "no commands under {heading}");
    commands
}

/// Waits until these lines of shell succeed in the host.
#[track_caller]
pub fn until(host: &Host, script: &str) -> String {
    let since = Instant::now();
    loop {
        let ended = host.run(["sh", "-euc", script]);
        if ended.code == 0 {
            return ended.output;
        }
        assert!(since.elapsed() < PATIENCE, "in vain: {script}\n{}{}", ended.output, ended.error);
        // The host tells nobody outside of what happens in it.
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A property of a unit.
pub fn property(host: &Host, unit: &str, name: &str) -> String {
    host.sh(&format!("systemctl show --value --property={name} {unit}")).trim().to_owned()
}
