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
const PROGRAMS: [(&str, &str); 5] = [
    ("readmitd", "/usr/bin/readmitd"),
    ("readmit", "/usr/bin/readmit"),
    ("readmit-portal", "/usr/bin/readmit-portal"),
    ("readmit-email", "/usr/libexec/readmit/readmit-email"),
    ("readmit-voice", "/usr/libexec/readmit/readmit-voice"),
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
    for entry in fs::read_dir(units()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".service") || name.ends_with(".socket") {
            host.copy(&path, &format!("/usr/lib/systemd/system/{name}"));
        }
    }
    host.copy(&units().join("sysusers.d/readmit.conf"), "/usr/lib/sysusers.d/readmit.conf");
    host.copy(&units().join("tmpfiles.d/readmit.conf"), "/usr/lib/tmpfiles.d/readmit.conf");
    host.copy(
        &units().join("system-preset/50-readmit.preset"),
        "/usr/lib/systemd/system-preset/50-readmit.preset",
    );
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
