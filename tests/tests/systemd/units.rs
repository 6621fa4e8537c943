//! The units as they are shipped: systemd finds nothing wrong with them, and little that they leave open.

use std::fs;

use readmit_tests::Host;

use crate::installed::{host, units};

/// How much each service may leave open, by `systemd-analyze security`: 0 is nothing, 10 is everything.
const EXPOSURE: [(&str, f32); 6] = [
    ("readmitd.service", 1.0),
    ("readmit-email.service", 1.5),
    ("readmit-voice.service", 1.5),
    ("readmit-voice-http.service", 1.5),
    ("readmit-portal.service", 1.0),
    ("readmit-console@.service", 1.0),
];

fn names() -> Vec<String> {
    let entries =
        fs::read_dir(units()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> =
        entries.filter(|name| name.ends_with(".service") || name.ends_with(".socket")).collect();
    names.sort();
    names
}

fn verified(host: &Host) {
    host.sh("useradd alice");
    for name in names() {
        let instance = name.replace("@.", "@alice.");
        // Man pages are a package's to bring along.
        let ended = host.run(["systemd-analyze", "verify", "--man=no", &instance]);
        assert!(ended.code == 0 && ended.error.is_empty(), "{instance}: {ended:?}");
    }
}

fn hardened(host: &Host) {
    for (name, most) in EXPOSURE {
        let place = format!("/usr/lib/systemd/system/{name}");
        let report = host.run(["systemd-analyze", "security", "--offline=true", "--no-pager", &place]);
        let line = report.output.lines().find(|line| line.contains("Overall exposure level")).unwrap();
        let level = line.rsplit(": ").next().and_then(|text| text.split(' ').next()).unwrap();
        assert!(level.parse::<f32>().unwrap() <= most, "{line}\n{}", report.output);
    }
    let services = names().into_iter().filter(|name| name.ends_with(".service"));
    assert!(services.eq(sorted(EXPOSURE.map(|(name, _)| name.to_owned()))), "every service has a bound");
}

fn sorted<const N: usize>(mut names: [String; N]) -> [String; N] {
    names.sort();
    names
}

/// What `systemctl preset` makes of them on a new machine.
fn enabled_as_is_sensible(host: &Host) {
    host.sh(
        "systemctl preset readmitd.service readmit-email.socket readmit-voice.socket readmit-portal.socket \
         readmit-voice-http.socket readmit-voice-http-webhook.socket",
    );
    for (unit, state) in [
        ("readmitd.service", "enabled"),
        ("readmit-email.socket", "enabled"),
        ("readmit-voice.socket", "enabled"),
        ("readmit-voice-http.socket", "disabled"),
        ("readmit-voice-http-webhook.socket", "disabled"),
        ("readmit-portal.socket", "disabled"),
    ] {
        assert_eq!(host.run(["systemctl", "is-enabled", unit]).output.trim(), state, "{unit}");
    }
}

fn owned_as_is_right(host: &Host) {
    for (path, owner) in [("/etc/readmit", "755 root root"), ("/run/readmit/plugins", "755 root root")] {
        assert_eq!(host.sh(&format!("stat -c '%a %U %G' {path}")).trim(), owner, "{path}");
    }
    assert_eq!(host.sh("id -nG readmit").trim(), "readmit");
    assert_eq!(host.sh("id -nG readmit-portal").trim(), "readmit-portal readmit-frontend");
}

#[test]
fn the_units_are_right_and_tight() {
    let host = host();
    verified(&host);
    hardened(&host);
    enabled_as_is_sensible(&host);
    owned_as_is_right(&host);
}
