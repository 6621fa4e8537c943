//! A table of settings, and the files that they name.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::*;

fn settings(changes: &Value) -> Result<Checked, String> {
    let mut all = json!({ "from": "Readmit <no-reply@example.org>", "server": "localhost",
        "link_base": "https://recover.example.org" });
    for (key, value) in changes.as_object().unwrap() {
        all[key] = value.clone();
    }
    let settings: Settings = serde_json::from_value(all).map_err(|error| error.to_string())?;
    settings.check().map_err(|error| error.to_string())
}

#[test]
fn defaults_serve() {
    let checked = settings(&json!({})).unwrap();
    assert_eq!(checked.server.port, 587);
    assert_eq!(checked.server.security, Security::Starttls);
    assert_eq!(checked.server.connections, 20);
    assert_eq!(checked.config.house.organization, "example.org");
    assert_eq!(settings(&json!({ "security": "tls" })).unwrap().server.port, 465);
    assert_eq!(settings(&json!({ "security": "none" })).unwrap().server.port, 25);
}

#[test]
fn wrong_settings_are_refused_with_the_key() {
    for (changes, expected) in [
        (json!({ "from": "no address" }), "`from`"),
        (json!({ "from": "A <a@b>\r\nBcc: x@y.z" }), "`from`"),
        (json!({ "reply_to": "x" }), "`reply_to`"),
        (json!({ "server": "" }), "`server`"),
        (json!({ "server": "mail.example.org:25" }), "`server`"),
        (json!({ "server": "mail example" }), "`server`"),
        (json!({ "ehlo": "a b" }), "`ehlo`"),
        (json!({ "server": "mail.example.org", "security": "none" }), "only for a server on this host"),
        (json!({ "security": "ssl" }), "ssl"),
        (json!({ "connections": 0 }), "`connections`"),
        (json!({ "connections": limits::MAX_CONNECTIONS + 1 }), "`connections`"),
        (json!({ "timeout_seconds": 0 }), "`timeout_seconds` has to be from 1 to 600"),
        (json!({ "timeout_seconds": limits::MAX_TIMEOUT_SECONDS + 1 }), "`timeout_seconds`"),
        (json!({ "idle_seconds": limits::MAX_IDLE_SECONDS + 1 }), "`idle_seconds` has to be from 0 to 3600"),
        (json!({ "username": "u" }), "go together"),
        (json!({ "password_file": "/etc/hostname" }), "go together"),
        (json!({ "password": "hunter2" }), "unknown field `password`"),
        (json!({ "username": "u", "password_file": "/nonexistent" }), "cannot be read"),
        (json!({ "ca_file": "/nonexistent" }), "`ca_file`"),
        (json!({ "link_base": "http://recover.example.org" }), "`link_base`"),
        (json!({ "link_base": "javascript:alert(1)" }), "`link_base`"),
        (json!({ "link_base": "https://" }), "`link_base`"),
        (json!({ "link_base": "https://a.example/?q" }), "`link_base`"),
        (json!({ "link_base": "https://good@evil.example" }), "`link_base`"),
        (json!({ "link_base": "https://a.example/\n" }), "`link_base`"),
    ] {
        let error = settings(&changes).err().unwrap_or_else(|| panic!("{changes} was accepted"));
        assert!(error.contains(expected), "{changes}: {error}");
    }
}

#[test]
fn limits_hold_at_them_and_openness_needs_a_word() {
    settings(&json!({ "connections": limits::MAX_CONNECTIONS })).unwrap();
    settings(&json!({ "timeout_seconds": limits::MAX_TIMEOUT_SECONDS })).unwrap();
    settings(&json!({ "idle_seconds": limits::MAX_IDLE_SECONDS })).unwrap();
    settings(&json!({ "server": "mail.example.org", "security": "none", "insecure": true })).unwrap();
    settings(&json!({ "server": "::1", "security": "none" })).unwrap();
    assert_eq!(settings(&json!({ "link_base": "" })).unwrap().config.house.link_base, None);
    for (base, kept) in [
        ("https://recover.example.org/", "https://recover.example.org"),
        ("http://127.0.0.1:8080/readmit", "http://127.0.0.1:8080/readmit"),
        ("http://[::1]:80", "http://[::1]:80"),
    ] {
        assert_eq!(
            settings(&json!({ "link_base": base })).unwrap().config.house.link_base.as_deref(),
            Some(kept)
        );
    }
}

#[test]
fn a_password_comes_from_a_guarded_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("password");
    fs::write(&path, "hunter2\n").unwrap();
    let login = |mode: u32| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        settings(&json!({ "username": "u", "password_file": path }))
    };
    assert_eq!(login(0o600).unwrap().server.login.unwrap().password.as_str(), "hunter2");
    let error = login(0o640).map(drop).unwrap_err().to_string();
    assert!(error.starts_with("`password_file`: ") && error.contains("chmod 600"), "{error}");
}
