//! The services on a Debian that runs: from their start to their end, and through what happens to them.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use readmit_tests::Host;
use serde_json::Value;

use crate::doctor::finds;
use crate::installed::{CONFIG, commands, host, property, until};

const LIST: &str = "busctl call org.readmit.Recovery1 /org/readmit/Recovery1 org.readmit.Policies1 List";

/// The e-mail plugin's password, by the commands of contrib/systemd/README.md; nobody is there to be asked for it.
fn with_credentials(host: &Host) {
    let commands = commands("## Secrets").join("\n");
    let asking = "systemd-ask-password -n 'Password at the mail server:'";
    assert!(commands.contains(asking));
    host.sh(&commands
        .replace(asking, "printf hunter2")
        .replace("systemctl restart", "systemctl try-restart"));
}

fn started(host: &Host) {
    host.sh("systemctl start readmit-email.socket readmit-voice.socket readmitd.service");
    until(host, "systemctl status readmitd.service | grep -q 'Status: \"Policies '");
    until(host, "systemctl show --property=StatusText readmitd.service | grep -q 'plugins well'");
}

/// The database's key moves from its file into an encrypted credential, and the daemon reads its database with it.
fn the_key_moves_into_a_credential(host: &Host) {
    host.sh("mkdir -p /somewhere/safe");
    host.sh(&commands("### The key of the database").join("\n"));
    host.sh(LIST);
    assert!(!host.has("/var/lib/readmit/store.key"), "no second key is made");
    let shown = host.sh("cat /etc/credstore.encrypted/readmit.store.key");
    assert!(!shown.contains("readmit-keyring"), "it is encrypted");
    until(host, "systemctl show --property=StatusText readmitd.service | grep -q 'plugins well'");
}

/// Each runs as its own user, whom systemd makes up for the plugins, and only the daemon reaches their sockets.
fn each_has_its_user(host: &Host) {
    let user = |unit: &str| {
        let process = property(host, unit, "MainPID");
        host.sh(&format!("stat -c %u /proc/{process}")).trim().parse::<u32>().unwrap()
    };
    let daemon: u32 = host.sh("id -u readmit").trim().parse().unwrap();
    let (email, voice) = (user("readmit-email.service"), user("readmit-voice.service"));
    assert_eq!(user("readmitd.service"), daemon);
    assert!((61184..=65519).contains(&email) && (61184..=65519).contains(&voice) && email != voice);
    assert_eq!(host.sh("stat -c '%a %U' /run/readmit/plugins/email.sock").trim(), "600 readmit");
    assert_eq!(host.sh("stat -c '%a %U' /var/lib/readmit").trim(), "700 readmit");
}

/// Even where the mode of its socket is too wide, a plugin serves nobody but the daemon.
fn a_plugin_turns_others_away(host: &Host) {
    host.sh("useradd mallory; systemctl stop readmitd.service; chmod 666 /run/readmit/plugins/email.sock");
    let connect = "timeout 30 busctl --address=unix:path=/run/readmit/plugins/email.sock list";
    assert_ne!(host.run(["runuser", "-u", "mallory", "--", "sh", "-c", connect]).code, 0);
    let uid = host.sh("id -u mallory");
    let turned_away =
        journal(host, &format!("_SYSTEMD_UNIT=readmit-email.service READMIT_UID={}", uid.trim()));
    let message =
        turned_away.first().expect("whoever it was is named")["MESSAGE"].as_str().unwrap().to_owned();
    assert!(message.contains("turned away"), "{message}");
    host.sh("systemctl start readmitd.service");
    until(host, "systemctl show --property=StatusText readmitd.service | grep -q 'plugins well'");
}

/// It has a loopback device that is down, and no other.
fn the_daemon_has_no_network(host: &Host) {
    let process = property(host, "readmitd.service", "MainPID");
    let devices = host.sh(&format!("cat /proc/{process}/net/dev"));
    let devices: Vec<_> =
        devices.lines().skip(2).map(|line| line.split(':').next().unwrap().trim()).collect();
    assert_eq!(devices, ["lo"]);
    let status = host.sh(&format!("cat /proc/{process}/status"));
    for words in ["NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000", "CapEff:\t0000000000000000"] {
        assert!(status.contains(words), "{words}: {status}");
    }
}

/// They are read on a port of the host, by the one socket that is passed in; it comes and goes with the daemon.
fn metrics_are_read_though_there_is_no_network(host: &Host) {
    let scrape = r"exec 3<>/dev/tcp/127.0.0.1/9464
        printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3; cat <&3";
    assert_ne!(host.run(["bash", "-c", scrape]).code, 0, "nobody listens unless it is asked for");
    host.sh("systemctl enable readmitd-metrics.socket; systemctl restart readmitd.service");
    the_daemon_has_no_network(host);
    let text = host.run(["bash", "-c", scrape]).output;
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("\nreadmit_store_readable 1\n"), "{text}");
    let age = text.lines().find_map(|line| line.strip_prefix("readmit_watchdog_age_seconds ")).unwrap();
    let age: f64 = age.parse().unwrap();
    assert!(age > 0.0 && age < 30.0, "the watchdog is told, and so are the metrics: {age}");
    host.sh("systemctl stop readmitd.service");
    assert_eq!(property(host, "readmitd-metrics.socket", "ActiveState"), "inactive");
    assert_ne!(host.run(["bash", "-c", scrape]).code, 0);
    assert_eq!(property(host, "readmitd.service", "ActiveState"), "inactive", "a scrape starts nothing");
    host.sh("systemctl start readmitd.service");
    assert!(host.run(["bash", "-c", scrape]).output.starts_with("HTTP/1.1 200"));
    until(host, "systemctl show --property=StatusText readmitd.service | grep -q 'plugins well'");
}

fn journal(host: &Host, query: &str) -> Vec<Value> {
    host.sh("journalctl --sync");
    let lines = host.sh(&format!("journalctl --output=json --no-pager {query}"));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `journalctl READMIT_PLUGIN=voice` finds what was logged of it, by whichever service.
fn the_journal_has_fields(host: &Host) {
    let ready = journal(host, "_SYSTEMD_UNIT=readmitd.service READMIT_VERSION=0.1.0");
    let ready = ready.first().expect("the daemon says when it is ready");
    assert_eq!(
        (&ready["MESSAGE"], &ready["SYSLOG_IDENTIFIER"]),
        (&"ready version=0.1.0".into(), &"readmitd".into())
    );
    assert_eq!(ready["PRIORITY"], "6");
    assert!(!journal(host, "READMIT_PLUGIN=voice").is_empty());
    let listening = journal(host, "_SYSTEMD_UNIT=readmit-email.service MESSAGE=listening");
    assert_eq!(listening.first().expect("plugins log natively too")["_TRANSPORT"], "journal");
}

fn a_reload_is_whole(host: &Host) {
    host.write("/etc/readmit/policies/default.lua", "return nonsense +");
    host.sh("systemctl reload readmitd.service");
    until(host, "systemctl show --property=StatusText readmitd.service | grep -q 'refused: .*default.lua:1'");
    host.sh("rm -r /etc/readmit/policies; systemctl reload readmitd.service");
    until(
        host,
        "systemctl show --property=StatusText readmitd.service | grep -q 'plugins well' && ! systemctl show --property=StatusText readmitd.service | grep -q refused",
    );
    assert_eq!(property(host, "readmitd.service", "NRestarts"), "0");
}

/// The portal serves by its socket, finds the daemon, and is reloaded, without a network.
fn the_portal_serves(host: &Host) {
    host.sh("systemctl start readmit-portal.socket readmit-portal.service");
    let mut browser = UnixStream::connect(host.place("/run/readmit-portal/portal.sock")).unwrap();
    browser.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    browser.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""daemon":"ok""#), "{answer}");
    assert_eq!(
        host.sh("stat -c '%a %U %G' /run/readmit-portal/portal.sock").trim(),
        "660 readmit-portal www-data"
    );
    host.sh("systemctl reload readmit-portal.service");
    assert_eq!(property(host, "readmit-portal.service", "ActiveState"), "active");
    let process = property(host, "readmit-portal.service", "MainPID");
    let devices = host.sh(&format!("cat /proc/{process}/net/dev"));
    assert_eq!(devices.lines().skip(2).count(), 1, "{devices}");
}

/// Whatever keeps the daemon from starting is said, with no secret in it; once it is mended, the daemon is there.
fn what_is_in_the_way_is_said(host: &Host) {
    host.sh("systemctl stop readmitd.service; cp -a /etc/credstore.encrypted/readmit.store.key /root/");
    for (wrong, words, mended) in [
        (
            "chmod 600 /etc/readmit/readmit.toml",
            &["/etc/readmit/readmit.toml cannot be read", "mode 0644"][..],
            "chmod 644 /etc/readmit/readmit.toml",
        ),
        (
            "rm /etc/credstore.encrypted/readmit.store.key",
            &["cannot open the keyring /var/lib/readmit/store.key"],
            "cp -a /root/readmit.store.key /etc/credstore.encrypted/",
        ),
        (
            "head -c 60 /somewhere/safe/store.key | systemd-creds encrypt --name=readmit.store.key - \
             /etc/credstore.encrypted/readmit.store.key",
            &["line 2 of the keyring", "is malformed"],
            "cp -a /root/readmit.store.key /etc/credstore.encrypted/",
        ),
        (
            "printf 'no credential' > /etc/credstore.encrypted/readmit.store.key",
            &["Failed to set up credentials"],
            "cp -a /root/readmit.store.key /etc/credstore.encrypted/",
        ),
        (
            "chmod 755 /var/lib/readmit/readmit.db",
            &["has mode 0755", "chmod 0600"],
            "chmod 600 /var/lib/readmit/readmit.db",
        ),
        (
            "chown root /var/lib/readmit/readmit.db",
            &["readmit.db belongs to uid 0: run chown"],
            "chown readmit /var/lib/readmit/readmit.db",
        ),
        (
            "mv /etc/credstore.encrypted/readmit.store.key /root/moved.key; \
             install -m 644 -o nobody /somewhere/safe/store.key /var/lib/readmit/store.key",
            &["the keyring /var/lib/readmit/store.key belongs to uid 65534: run chown"],
            "rm /var/lib/readmit/store.key; mv /root/moved.key /etc/credstore.encrypted/readmit.store.key",
        ),
    ] {
        let since = host.sh("journalctl -n 1 -q --show-cursor --no-pager | sed -n 's/^-- cursor: //p'");
        host.sh(&format!("{wrong}; systemctl start --no-block readmitd.service"));
        let log = format!(
            "journalctl --sync; journalctl -u readmitd.service --no-pager -o cat --after-cursor='{}'",
            since.trim()
        );
        for word in words {
            until(host, &format!("{log} | grep -qF '{word}'"));
        }
        let key = host.sh("sed -n 's/^key 1 //p' /somewhere/safe/store.key | head -c 20");
        assert!(!host.sh(&log).contains(&key), "{wrong}: a secret in the log");
        host.sh(mended);
        until(host, "systemctl is-active readmitd.service");
        host.sh("systemctl stop readmitd.service");
    }
}

/// What only systemd, its journal and polkit can tell: how the unit is, and the heads that left the store.
fn the_doctor_looks(host: &Host) {
    host.sh("journalctl --sync");
    finds(
        host,
        &[
            ("unit", "ok", "readmitd.service is active"),
            ("heads", "ok", " in the system's journal"),
            ("anchor", "ok", "the journal leads to entry "),
            ("polkit", "ok", " actions of Readmit's"),
        ],
    );
    // A bus that does not start it leaves it as it was stopped.
    let activation = "/usr/share/dbus-1/system-services/org.readmit.Recovery1.service";
    let reload = "busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig > /dev/null";
    host.sh(&format!("systemctl stop readmitd.service; mv {activation} /root/; {reload}"));
    finds(
        host,
        &[
            ("unit", "failure", "readmitd.service is inactive"),
            ("bus", "failure", "org.readmit.Recovery1 is not there"),
        ],
    );
    host.sh(&format!("mv /root/org.readmit.Recovery1.service {activation}; {reload}"));
    host.sh("systemctl start readmitd.service");
    until(host, "systemctl show --property=StatusText readmitd.service | grep -q 'plugins well'");
}

/// A kernel that cannot wall in files: where that is required it is said and nothing starts; else the daemon goes on with
/// the rest of its walls, and says so to whoever looks.
fn a_kernel_without_landlock_is_said(host: &Host) {
    host.write(
        "/etc/systemd/system/readmitd.service.d/kernel.conf",
        "[Service]\nSystemCallFilter=\nSystemCallFilter=~landlock_create_ruleset\nSystemCallErrorNumber=EOPNOTSUPP\n",
    );
    let since = host.sh("journalctl -n 1 -q --show-cursor --no-pager | sed -n 's/^-- cursor: //p'");
    let log = format!("journalctl -u readmitd.service --no-pager -o cat --after-cursor='{}'", since.trim());
    host.sh("systemctl daemon-reload; systemctl restart --no-block readmitd.service");
    until(host, &format!("{log} | grep -q 'cannot keep the daemon to its files (Landlock)'"));
    assert_ne!(property(host, "readmitd.service", "ActiveState"), "active");
    host.sh("sed -i 's/mode = \"require\"/mode = \"auto\"/' /etc/readmit/readmit.toml; systemctl restart readmitd.service");
    host.sh(&format!(
        "journalctl --sync; {log} | grep -q 'the sandbox is not whole, and the daemon goes on'"
    ));
    let status: Value = serde_json::from_str(&host.sh("readmit status --json")).unwrap();
    let parts = status["degraded"].as_array().unwrap();
    let sandbox = parts.iter().find(|part| part["part"] == "sandbox").expect("it is said");
    assert!(sandbox["what"].as_str().unwrap().contains("Landlock"), "{sandbox}");
    the_daemon_has_no_network(host);
    host.write("/etc/readmit/readmit.toml", CONFIG);
    host.sh("rm /etc/systemd/system/readmitd.service.d/kernel.conf; systemctl daemon-reload; systemctl restart readmitd.service");
}

#[test]
fn the_services_run_by_their_units() {
    let host = host();
    with_credentials(&host);
    started(&host);
    the_key_moves_into_a_credential(&host);
    each_has_its_user(&host);
    the_daemon_has_no_network(&host);
    the_journal_has_fields(&host);
    a_plugin_turns_others_away(&host);
    a_reload_is_whole(&host);
    the_portal_serves(&host);
    the_doctor_looks(&host);
    metrics_are_read_though_there_is_no_network(&host);
    a_kernel_without_landlock_is_said(&host);
    host.sh("systemctl stop readmitd.service");
    assert_eq!(property(&host, "readmitd.service", "Result"), "success");
    // Whoever calls it, starts it.
    host.sh(LIST);
    assert_eq!(property(&host, "readmitd.service", "ActiveState"), "active");
    host.sh("systemctl stop readmitd.service");
    what_is_in_the_way_is_said(&host);
    assert_eq!(host.run(["systemctl", "--failed", "--no-legend"]).output, "");
}

/// The watchdog replaces a daemon that hangs; a bus that is restarted, and a disk that is full for a while, need no person.
#[test]
fn the_daemon_comes_back_by_itself() {
    let host = host();
    with_credentials(&host);
    host.write(
        "/etc/systemd/system/readmitd.service.d/quick.conf",
        "[Service]\nWatchdogSec=2s\nRestartSteps=0\nRestartSec=200ms\n",
    );
    host.sh("systemctl daemon-reload");
    started(&host);

    let before = property(&host, "readmitd.service", "MainPID");
    host.sh(&format!("kill -STOP {before}"));
    until(&host, "[ $(systemctl show --value --property=NRestarts readmitd.service) -ge 1 ]");
    until(&host, LIST);
    assert!(!journal(&host, "-u readmitd.service -g watchdog").is_empty());
    finds(&host, &[("unit", "warning", "readmitd.service is active, and was restarted ")]);

    let before = property(&host, "readmitd.service", "MainPID");
    host.sh("systemctl restart dbus.service");
    until(
        &host,
        &format!("[ $(systemctl show --value --property=MainPID readmitd.service) != {before} ] && {LIST}"),
    );

    host.sh("systemctl stop readmitd.service; mv /var/lib/readmit /var/lib/kept; mkdir /var/lib/readmit
        mount -t tmpfs -o size=4m,mode=0700,uid=$(id -u readmit),gid=$(id -g readmit) tmpfs /var/lib/readmit
        cp -a /var/lib/kept/. /var/lib/readmit/; dd if=/dev/zero of=/var/lib/readmit/ballast 2>/dev/null || true
        rm -f /var/lib/readmit/readmit.db-wal /var/lib/readmit/readmit.db-shm; dd if=/dev/zero of=/var/lib/readmit/more 2>/dev/null || true
        systemctl start --no-block readmitd.service");
    until(&host, "journalctl -u readmitd.service -g 'full|No space left' -q --no-pager | grep -q .");
    host.sh("rm /var/lib/readmit/ballast /var/lib/readmit/more");
    until(&host, LIST);
    assert_eq!(property(&host, "readmitd.service", "ActiveState"), "active");
    finds(&host, &[("disk", "failure", " MiB are left where the store is")]);
}
