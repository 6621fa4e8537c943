//! TLS and logins, and the real reason when they fail.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::peers::{BRIEF, Certificates, Plugin, Server, plain_settings, test_letter, verification};

struct Site {
    certificates: Certificates,
    server: Server,
}

impl Site {
    fn start(changes: &Value) -> Self {
        let certificates = Certificates::make();
        let mut options = json!({
            "tls": "starttls",
            "certificate": certificates.path("server.pem"),
            "key": certificates.path("server.key"),
            "user": "readmit",
            "password": "hunter2-password",
        });
        merge(&mut options, changes);
        let server = Server::start(&options);
        Self { certificates, server }
    }

    fn settings(&self, changes: &Value) -> Value {
        let file = self.certificates.path("password");
        fs::write(&file, "hunter2-password\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let mut settings = plain_settings(self.server.port);
        let secured = json!({
            "server": "localhost",
            "security": "starttls",
            "ca_file": self.certificates.path("ca.pem"),
            "username": "readmit",
            "password_file": file,
        });
        merge(&mut settings, &secured);
        merge(&mut settings, changes);
        settings
    }
}

fn merge(into: &mut Value, changes: &Value) {
    for (key, value) in changes.as_object().unwrap() {
        into[key] = value.clone();
    }
}

#[test]
fn starttls_and_both_logins_work() {
    for mechanism in ["PLAIN", "LOGIN"] {
        let site = Site::start(&json!({ "mechanism": mechanism }));
        let mut plugin = Plugin::start(&site.settings(&json!({})));
        let ended = plugin.deliver(test_letter("a", 60_000));
        assert_eq!(ended.disposition, "sent", "{ended:?}");
        let login = site.server.wait_for("login");
        assert_eq!(login, json!({ "event": "login", "mechanism": mechanism, "good": true }));
        assert_eq!(site.server.wait_for("message")["secured"], true);
    }
}

#[test]
fn tls_from_the_first_byte_works() {
    let site = Site::start(&json!({ "tls": "tls" }));
    let mut plugin = Plugin::start(&site.settings(&json!({ "security": "tls" })));
    let ended = plugin.deliver(test_letter("a", 60_000));
    assert_eq!(ended.disposition, "sent", "{ended:?}");
    assert_eq!(site.server.wait_for("login")["good"], true);
}

#[test]
fn a_wrong_password_is_the_administrators_to_mend_and_is_told_at_once() {
    let site = Site::start(&json!({ "password": "another" }));
    let mut plugin = Plugin::start(&site.settings(&json!({})));
    let ended = plugin.deliver(test_letter("a", 600_000));
    assert_eq!(ended.disposition, "provider_error");
    assert!(ended.detail.as_deref().unwrap().starts_with("logging in: 535 "), "{ended:?}");
}

#[test]
fn a_certificate_of_a_stranger_is_refused_before_anything_is_said() {
    let site = Site::start(&json!({}));
    let other = Certificates::make();
    let mut plugin = Plugin::start(&site.settings(&json!({ "ca_file": other.path("ca.pem") })));
    let ended = plugin.deliver(test_letter("a", BRIEF));
    assert_eq!(ended.disposition, "unreachable");
    let detail = ended.detail.unwrap();
    assert!(detail.contains("securing the connection") && detail.contains("certificate"), "{detail}");
    assert!(
        detail.contains("UnknownIssuer")
            || detail.contains("BadSignature")
            || detail.contains("unknown issuer"),
        "the real reason: {detail}"
    );
    assert!(site.server.happened().iter().all(|event| event["event"] == "connected"), "no login, no message");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let site = Site::start(&json!({}));
    let mut plugin = Plugin::start(&site.settings(&json!({ "server": "127.0.0.1" })));
    let ended = plugin.deliver(test_letter("a", BRIEF));
    assert_eq!(ended.disposition, "unreachable");
    let detail = ended.detail.unwrap();
    assert!(detail.contains("not valid for name"), "{detail}");
}

#[test]
fn a_server_without_starttls_gets_neither_login_nor_letter() {
    let site = Site::start(&json!({ "tls": "none" }));
    let mut plugin = Plugin::start(&site.settings(&json!({})));
    let ended = plugin.deliver(test_letter("a", BRIEF));
    assert_eq!(ended.disposition, "unreachable");
    assert!(ended.detail.as_deref().unwrap().contains("STARTTLS is not supported"), "{ended:?}");
    assert!(site.server.happened().iter().all(|event| event["event"] == "connected"));
}

/// Everything before a letter is tried, and no letter; what fails is the step that failed, with the real reason.
#[test]
fn a_probe_goes_as_far_as_it_gets_and_sends_nothing() {
    let nobody = |settings: &mut Value| {
        let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        settings["port"] = json!(socket.local_addr().unwrap().port());
    };
    let unknown = |settings: &mut Value| settings["server"] = json!("no-such-host.invalid");
    let stranger = |settings: &mut Value| settings["server"] = json!("127.0.0.1");
    let as_is = |_: &mut Value| {};
    type Change = fn(&mut Value);
    let table: [(Value, Change, &[&str], &str); 6] = [
        (json!({}), as_is, &["dns", "connect", "tls", "login", "noop"], "250"),
        (json!({}), unknown, &["dns"], "looking up no-such-host.invalid: "),
        (json!({}), nobody, &["dns", "connect"], "connecting: "),
        (json!({ "tls": "none" }), as_is, &["dns", "connect", "tls"], "STARTTLS is not supported"),
        (json!({}), stranger, &["dns", "connect", "tls"], "not valid for name"),
        (json!({ "password": "another" }), as_is, &["dns", "connect", "tls", "login"], "logging in: 535 "),
    ];
    for (server, change, names, words) in table {
        let site = Site::start(&server);
        let mut settings = site.settings(&json!({}));
        change(&mut settings);
        let mut plugin = Plugin::start(&settings);
        let probed = plugin.ask("probe", json!({ "deadline_ms": 60_000 })).unwrap();
        let steps = probed["steps"].as_array().unwrap();
        let found: Vec<&str> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{probed}");
        let (last, before) = steps.split_last().unwrap();
        assert!(before.iter().all(|step| step["ok"] == true), "{probed}");
        assert_eq!(last["ok"], words == "250", "{probed}");
        assert!(last["detail"].as_str().unwrap().contains(words), "{words}: {probed}");
        assert!(site.server.happened().iter().all(|event| event["event"] != "message"), "nothing is sent");
        assert!(!plugin.end().contains("hunter2"));
    }
}

#[test]
fn nothing_secret_is_ever_logged() {
    let replies =
        json!({ "RCPT": ["450 4.2.1 <ada@customer.test> busy", "550 5.1.1 <ada@customer.test> unknown"] });
    let site = Site::start(&json!({ "replies": replies }));
    let mut plugin = Plugin::start(&site.settings(&json!({})));
    assert_eq!(plugin.deliver(verification("a")).disposition, "rejected");
    assert_eq!(plugin.deliver(verification("b")).disposition, "sent");
    let mut wrong = verification("c");
    wrong["fields"]["code"] = json!(508688);
    plugin.ask("deliver", wrong).unwrap_err();
    let mut invalid = verification("d");
    invalid["to"] = json!("ada@customer.test@x");
    assert_eq!(plugin.deliver(invalid).disposition, "invalid_address");
    let written = plugin.end();
    assert!(written.contains("disposition=\"sent\""), "it does log: {written}");
    assert!(written.contains("DEBUG"), "at every level");
    for secret in ["customer.test", "508688", "link-token-1", "veto-token-1", "hunter2", "eve@evil"] {
        assert!(!written.contains(secret), "{secret} in {written}");
    }
}
