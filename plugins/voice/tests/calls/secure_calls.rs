//! Calls with encrypted audio: what each setting makes of each kind of telephone, in two media stacks. Keys
//! cross the loopback in the clear here, which the settings say.

use std::thread;

use serde_json::{Value, json};

use super::kit::{Baresip, CODE, Certificates, Ended, Plugin, Sipp, Softphone};

fn settings(trunk: &str, srtp: &str) -> Value {
    json!({ "trunk": trunk, "srtp": srtp, "srtp_without_tls": true })
}

/// What becomes of a call, and whether the telephone says that it was encrypted.
fn call(ours: &str, theirs: &str) -> (Ended, Option<bool>) {
    let mut phone = Softphone::start(&["--digits", CODE, "--srtp", theirs, "--after", "1"]);
    let mut plugin = Plugin::start(settings(&phone.address(), ours));
    let ended = plugin.call();
    let encrypted = (ended.disposition == "entered")
        .then(|| phone.wait_for("media").unwrap()["encrypted"].as_bool().unwrap());
    plugin.finish(&["inline:".to_owned(), CODE.to_owned()]);
    phone.finish();
    (ended, encrypted)
}

#[test]
fn each_setting_with_each_telephone() {
    let check = |ours: &str, theirs: &str, encrypted: Option<bool>| {
        let (ended, was_encrypted) = call(ours, theirs);
        assert_eq!(was_encrypted, encrypted, "{ours} {theirs}: {ended:?}");
        let disposition = if encrypted.is_some() { "entered" } else { "media_negotiation" };
        assert_eq!(ended.disposition, disposition, "{ours} {theirs}: {ended:?}");
        let told = ended.detail.contains("(SRTP)");
        assert_eq!(told, encrypted == Some(true), "{ours} {theirs}: {}", ended.detail);
        assert!(!ended.detail.contains("not authentic"), "{ours} {theirs}: {}", ended.detail);
    };
    let table = [
        ("off", "off", Some(false)),
        ("off", "optional", Some(false)),
        ("off", "required", None),
        ("optional", "off", Some(false)),
        ("optional", "optional", Some(true)),
        ("required", "off", None),
        ("required", "optional", Some(true)),
        ("required", "required", Some(true)),
    ];
    thread::scope(|scope| {
        for (ours, theirs, encrypted) in table {
            scope.spawn(move || check(ours, theirs, encrypted));
        }
    });
}

#[test]
fn baresip_encrypts_too() {
    for (ours, account) in [("required", ";mediaenc=srtp-mand"), ("optional", ";mediaenc=srtp")] {
        let mut phone = Baresip::start(account);
        let mut plugin = Plugin::start(settings(&phone.address(), ours));
        let calling = thread::spawn(move || {
            let ended = plugin.call();
            plugin.finish(&["inline:".to_owned()]);
            ended
        });
        phone.wait_for("CALL_ESTABLISHED");
        phone.press(CODE);
        let ended = calling.join().unwrap();
        assert_eq!(ended.checks, [CODE], "{ours}: {ended:?}");
        assert!(ended.detail.contains("(SRTP)"), "{ours}: {}", ended.detail);
        phone.finish();
    }
}

/// A peer that takes the call and leaves the encryption out: the audio is not even begun.
#[test]
fn a_plain_answer_to_required_encryption_ends_the_call() {
    let trunk = Sipp::answer("plain_answer", &[]);
    let mut plugin = Plugin::start(settings(&trunk.address(), "required"));
    let ended = plugin.call();
    plugin.finish(&[]);
    assert_eq!(ended.disposition, "media_negotiation", "{ended:?}");
    assert!(ended.detail.contains("answered without encryption"), "{}", ended.detail);
    assert!(!ended.phases.contains(&"answered".to_owned()), "{ended:?}");
    trunk.finish();
}

/// A peer that encrypts, and then wants to go on without.
#[test]
fn encryption_is_not_taken_back_in_the_call() {
    let trunk = Sipp::answer("downgrade", &[]);
    let mut plugin = Plugin::start(settings(&trunk.address(), "optional"));
    let ended = plugin.call();
    plugin.finish(&[]);
    assert_eq!(ended.disposition, "hung_up", "{ended:?}");
    assert!(ended.detail.contains("(SRTP)"), "{}", ended.detail);
    trunk.finish();
}

#[test]
fn required_encryption_wants_tls_or_a_word() {
    let error = Plugin::try_start(json!({ "trunk": "127.0.0.1", "srtp": "required" })).err().unwrap();
    assert!(error.to_string().contains("srtp_without_tls"), "{error}");
}

/// With TLS nobody on the way sees the keys, and nothing has to be said about it.
#[test]
fn over_tls_required_encryption_needs_no_word() {
    let certificates = Certificates::make();
    let (certificate, key) = (certificates.path("server.pem"), certificates.path("server.key"));
    let tls = ["--transport", "tls", "--certificate", &certificate, "--key", &key];
    let phone = Softphone::start(&[&tls[..], &["--srtp", "required", "--digits", CODE]].concat());
    let trunk = format!("localhost:{};transport=tls", phone.port());
    let settings = json!({ "trunk": trunk, "ca_file": certificates.path("ca.pem"), "srtp": "required" });
    let mut plugin = Plugin::start(settings);
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    assert!(ended.detail.contains("(SRTP)"), "{}", ended.detail);
    plugin.finish(&["inline:".to_owned(), CODE.to_owned()]);
    phone.finish();
}
