//! Settings as people write them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::*;

fn check(changes: Value) -> Result<Checked, String> {
    let mut settings = json!({ "trunk": "sip.example.org" });
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    settings.as_object_mut().unwrap().extend(changes);
    let settings: Settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    settings.check().map_err(|error| error.to_string())
}

fn secret_file(mode: u32, text: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
    file
}

#[test]
fn a_trunk_is_enough() {
    let checked = check(json!({})).unwrap();
    assert_eq!(checked.domain, "sip.example.org");
    assert_eq!((checked.ring.as_secs(), checked.max_call.as_secs(), checked.trying.as_secs()), (30, 120, 6));
    assert_eq!((checked.concurrent_calls, checked.from.as_str()), (20, "anonymous"));
    assert_eq!(checked.codecs, [Codec::Pcmu, Codec::Pcma]);
    assert!(checked.login.is_none());
}

#[test]
fn required_encryption_wants_its_keys_encrypted_too() {
    assert_eq!(check(json!({})).unwrap().srtp, Policy::Off);
    assert_eq!(check(json!({ "srtp": "optional" })).unwrap().srtp, Policy::Optional);
    let refused = check(json!({ "srtp": "required" })).unwrap_err();
    assert!(refused.contains("srtp: ") && refused.contains("srtp_without_tls"), "{refused}");
    let accepted = check(json!({ "srtp": "required", "srtp_without_tls": true })).unwrap();
    assert_eq!(accepted.srtp, Policy::Required);
    assert!(check(json!({ "srtp": "on" })).is_err());
}

#[test]
fn every_fault_names_its_key() {
    let table = [
        (json!({ "trunk": "" }), "trunk"),
        (json!({ "trunk": "sips:x.example.org" }), "trunk"),
        (json!({ "trunk": "x.example.org;transport=tls" }), "trunk"),
        (json!({ "domain": "exa mple" }), "domain"),
        (json!({ "from": "a@b" }), "from"),
        (json!({ "from": "" }), "from"),
        (json!({ "username": "u" }), "password_file"),
        (json!({ "password_file": "/x" }), "username"),
        (json!({ "ring_seconds": 0 }), "ring_seconds"),
        (json!({ "ring_seconds": 121 }), "ring_seconds"),
        (json!({ "max_call_seconds": 9 }), "max_call_seconds"),
        (json!({ "trying_seconds": 31 }), "trying_seconds"),
        (json!({ "silence_seconds": 4 }), "silence_seconds"),
        (json!({ "first_key_seconds": 0 }), "first_key_seconds"),
        (json!({ "next_key_seconds": 61 }), "next_key_seconds"),
        (json!({ "concurrent_calls": 0 }), "concurrent_calls"),
        (json!({ "concurrent_calls": 1001 }), "concurrent_calls"),
        (json!({ "rtp_ports": [30000, 30009] }), "rtp_ports"),
        (json!({ "rtp_ports": [80, 3000] }), "rtp_ports"),
        (json!({ "rtp_ports": [4000, 3000] }), "rtp_ports"),
        (json!({ "codecs": [] }), "codecs"),
        (json!({ "codecs": ["pcmu", "pcmu"] }), "codecs"),
        (json!({ "codecs": ["opus"] }), "opus"),
        (json!({ "media_networks": ["10/8"] }), "media_networks"),
        (json!({ "signalling_networks": ["x"] }), "signalling_networks"),
        (json!({ "regions": ["49"] }), "regions"),
        (json!({ "regions": vec!["+49"; limits::MAX_PREFIXES + 1] }), "regions"),
        (json!({ "prompts": "/nonexistent" }), "prompts"),
        (json!({ "colour": "blue" }), "colour"),
    ];
    for (changes, key) in table {
        let error = check(changes.clone()).unwrap_err();
        assert!(error.contains(key), "{changes}: {error}");
    }
}

#[test]
fn values_at_their_limits_pass() {
    for changes in [
        json!({ "ring_seconds": 1, "max_call_seconds": 10, "trying_seconds": 1, "silence_seconds": 5 }),
        json!({ "ring_seconds": 120, "max_call_seconds": 600, "trying_seconds": 30, "silence_seconds": 120 }),
        json!({ "concurrent_calls": 5, "rtp_ports": [30000, 30009] }),
        json!({ "regions": vec!["+49"; limits::MAX_PREFIXES] }),
        json!({ "codecs": ["pcma"] }),
        json!({ "from": "+14155550100" }),
    ] {
        assert!(check(changes.clone()).is_ok(), "{changes}");
    }
}

#[test]
fn the_password_comes_from_a_closed_file() {
    let with =
        |file: &tempfile::NamedTempFile| check(json!({ "username": "u", "password_file": file.path() }));
    let checked = with(&secret_file(0o600, b"s3cret\n")).unwrap();
    assert_eq!(checked.login.as_ref().unwrap().password.as_str(), "s3cret");
    assert!(!format!("{checked:?}").contains("s3cret"));
    assert!(with(&secret_file(0o640, b"s3cret\n")).unwrap_err().contains("chmod 600"));
    for text in [&b""[..], b"\n", b"two\nlines\n", &[b'x'; 2000], b"\xff\xfe"] {
        let error = with(&secret_file(0o600, text)).unwrap_err();
        assert!(error.contains("password_file") && !error.contains("two"), "{error}");
    }
    assert!(
        check(json!({ "username": "u", "password_file": "/nonexistent" }))
            .unwrap_err()
            .contains("password_file")
    );
    assert!(
        check(json!({ "username": "a\"b", "password_file": "/nonexistent" }))
            .unwrap_err()
            .contains("username")
    );
}
