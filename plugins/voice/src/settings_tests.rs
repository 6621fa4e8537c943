//! Settings as people write them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::*;

fn check(changes: Value) -> Result<Checked, String> {
    let mut settings = json!({ "trunk": "sip.example.org" });
    if changes.get("trunks").is_some() {
        settings = json!({});
    }
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
    let [trunk] = &checked.trunks[..] else { panic!("{checked:?}") };
    assert_eq!(trunk.domain, "sip.example.org");
    assert_eq!((checked.ring.as_secs(), checked.max_call.as_secs(), checked.trying.as_secs()), (30, 120, 6));
    assert_eq!((checked.concurrent_calls, trunk.from.as_str()), (20, "anonymous"));
    assert_eq!(checked.codecs, [Codec::Pcmu, Codec::Pcma]);
    assert!(trunk.login.is_none() && trunk.register.is_none() && trunk.session.is_none());
    assert_eq!(trunk.options.map(|every| every.as_secs()), Some(60));
}

#[test]
fn required_encryption_wants_its_keys_encrypted_too() {
    assert_eq!(check(json!({})).unwrap().srtp, Policy::Off);
    assert_eq!(check(json!({ "srtp": "optional" })).unwrap().srtp, Policy::Optional);
    let refused = check(json!({ "srtp": "required" })).unwrap_err();
    assert!(refused.contains("srtp: ") && refused.contains("srtp_without_tls"), "{refused}");
    let accepted = check(json!({ "srtp": "required", "srtp_without_tls": true })).unwrap();
    assert_eq!(accepted.srtp, Policy::Required);
    assert!(check(json!({ "srtp": "required", "trunk": "sips:sip.example.org" })).is_ok());
    let both = json!([{ "trunk": "sips:sip.example.org" }, { "trunk": "sip.example.org" }]);
    assert!(check(json!({ "srtp": "required", "trunks": both })).unwrap_err().contains("srtp_without_tls"));
    assert!(check(json!({ "srtp": "on" })).is_err());
}

#[test]
fn every_fault_names_its_key() {
    let table = [
        (json!({ "trunk": "" }), "trunk"),
        (json!({ "trunk": null }), "trunk: name"),
        (json!({ "trunk": "x.example.org;transport=sctp" }), "trunk: "),
        (json!({ "outbound_proxy": "x y" }), "outbound_proxy"),
        (json!({ "sip_port": 5061, "trunk": "sips:x.example.org" }), "certificate_file"),
        (json!({ "ca_file": "/x" }), "ca_file: is for TLS only"),
        (json!({ "key_file": "/x" }), "key_file: is for TLS only"),
        (json!({ "ca_file": "/x", "trunk": "sips:x.example.org" }), "ca_file"),
        (json!({ "ca_file": "/x", "trunk": "sips:x.example.org", "outbound_proxy": "p" }), "ca_file: is for"),
        (json!({ "register_seconds": 60 }), "register_seconds"),
        (json!({ "register_seconds": 29, "username": "u", "password_file": "/x" }), "password_file"),
        (json!({ "options_seconds": 3601 }), "options_seconds"),
        (json!({ "session_seconds": 89 }), "session_seconds"),
        (json!({ "dns_servers": ["ns.example.org"] }), "dns_servers"),
        (json!({ "dns_servers": vec!["192.0.2.1"; limits::MAX_NAME_SERVERS + 1] }), "dns_servers"),
        (json!({ "trunks": [{ "trunk": "a" }], "username": "u" }), "trunks: with it"),
        (json!({ "trunks": [{ "trunk": "a" }, { "trunk": "" }] }), "trunks[1].trunk"),
        (json!({ "trunks": [{ "trunk": "a" }, {}] }), "trunks[1].trunk"),
        (json!({ "trunks": [{ "trunk": "a", "colour": 1 }] }), "colour"),
        (json!({ "trunks": vec![json!({ "trunk": "a" }); limits::MAX_TRUNKS + 1] }), "trunks"),
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
        (json!({ "signalling_networks": vec!["::1"; limits::MAX_NETWORKS + 1] }), "signalling_networks"),
        (json!({ "regions": ["49"] }), "regions"),
        (json!({ "regions": vec!["+49"; readmit_telephone::limits::MAX_PREFIXES + 1] }), "regions"),
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
        json!({ "regions": vec!["+49"; readmit_telephone::limits::MAX_PREFIXES] }),
        json!({ "codecs": ["pcma"] }),
        json!({ "from": "+14155550100" }),
        json!({ "options_seconds": 0, "session_seconds": 90, "outbound_proxy": "[2001:db8::1]:5070;lr" }),
        json!({ "dns_servers": ["192.0.2.53", "[2001:db8::53]:5353", "2001:db8::53"] }),
        json!({ "trunk": "sip.example.org;transport=tcp", "sip_port": 5060 }),
        json!({ "trunks": vec![json!({ "trunk": "a" }); limits::MAX_TRUNKS] }),
    ] {
        assert!(check(changes.clone()).is_ok(), "{changes}");
    }
}

#[test]
fn the_password_comes_from_a_closed_file() {
    let with =
        |file: &tempfile::NamedTempFile| check(json!({ "username": "u", "password_file": file.path() }));
    let checked = with(&secret_file(0o600, b"s3cret\n")).unwrap();
    assert_eq!(checked.trunks[0].login.as_ref().unwrap().password.as_str(), "s3cret");
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

#[test]
fn several_trunks_keep_to_themselves() {
    let (first, second) = (secret_file(0o600, b"one"), secret_file(0o600, b"two"));
    let checked = check(json!({ "trunks": [
        { "trunk": "a.example.org", "username": "u", "password_file": first.path(), "from": "+14155550100" },
        { "trunk": "b.example.org;transport=tcp", "username": "v", "password_file": second.path() },
        { "trunk": "c.example.org", "options_seconds": 0 },
    ] }));
    let checked = checked.unwrap();
    let seen = checked.trunks.iter().map(|trunk| {
        let login = trunk.login.as_ref().map(|login| (login.username.as_str(), login.password.as_str()));
        (trunk.domain.as_str(), trunk.from.as_str(), login, trunk.options.is_some())
    });
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            ("a.example.org", "+14155550100", Some(("u", "one")), true),
            ("b.example.org", "anonymous", Some(("v", "two")), true),
            ("c.example.org", "anonymous", None, false),
        ]
    );
}
