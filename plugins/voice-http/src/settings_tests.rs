//! Settings as people write them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::*;

fn secret(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn check(changes: Value) -> Result<(Checked, Provider), String> {
    let directory = tempfile::tempdir().unwrap();
    let token = secret(directory.path(), "token", "hunter2\n");
    let mut settings = json!({
        "public_url": "https://calls.example.org/readmit",
        "from": "+14155550100",
        "twilio": { "account": "AC1", "auth_token_file": token },
    });
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    settings.as_object_mut().unwrap().extend(changes);
    settings.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let settings: Settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    settings.check().map_err(|error| error.to_string())
}

#[test]
fn a_provider_a_number_and_a_url_are_enough() {
    let (checked, provider) = check(json!({})).unwrap();
    assert!(matches!(provider, Provider::Twilio(_)));
    assert_eq!(checked.base.to_string(), "https://api.twilio.com");
    assert_eq!(checked.listen, Listen::Given);
    assert_eq!((checked.calls_per_second, checked.concurrent_calls), (1, 20));
    assert_eq!((checked.ring.as_secs(), checked.max_call.as_secs(), checked.key.as_secs()), (30, 120, 8));
}

#[test]
fn places_to_listen() {
    let listen = |text: &str| check(json!({ "listen": text })).map(|(checked, _)| checked.listen);
    assert_eq!(listen("127.0.0.1:8480"), Ok(Listen::Tcp("127.0.0.1:8480".parse().unwrap())));
    assert_eq!(listen("[::]:8480"), Ok(Listen::Tcp("[::]:8480".parse().unwrap())));
    assert_eq!(listen("/run/x.sock"), Ok(Listen::Unix("/run/x.sock".into())));
    assert!(listen("8480").unwrap_err().contains("listen"));
}

#[test]
fn every_fault_names_its_key() {
    let twilio = |changes: Value| {
        let mut twilio = json!({ "account": "AC1", "auth_token_file": "/nonexistent" });
        twilio.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        twilio.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        json!({ "twilio": twilio })
    };
    let vonage = |application: &str| {
        json!({ "twilio": null, "vonage": {
            "application": application, "private_key_file": "/nonexistent/key", "signature_secret_file": "/x" } })
    };
    let table = [
        (json!({ "public_url": "http://calls.example.org" }), "public_url: write https"),
        (json!({ "public_url": "calls" }), "public_url"),
        (json!({ "base_url": "http://192.0.2.1" }), "base_url: write https"),
        (json!({ "from": "anonymous" }), "from"),
        (json!({ "listen": "x" }), "listen"),
        (json!({ "twilio": null }), "name one provider"),
        (json!({ "vonage": vonage("a")["vonage"] }), "name one provider"),
        (twilio(json!({})), "twilio.auth_token_file"),
        (twilio(json!({ "account": "../x" })), "twilio.account"),
        (twilio(json!({ "auth_token_file": null })), "twilio.auth_token_file is missing"),
        (twilio(json!({ "api_key_id": "SK1" })), "twilio.api_key_file is missing"),
        (twilio(json!({ "api_key_file": "/x" })), "twilio.api_key_id is missing"),
        (twilio(json!({ "api_key_id": "S/K", "api_key_file": "/x" })), "twilio.api_key_id"),
        (twilio(json!({ "signature": "md5" })), "hmac_sha1"),
        (vonage("x y"), "vonage.application"),
        (vonage("78d335fa-1"), "vonage.private_key_file"),
        (json!({ "ca_file": "/nonexistent" }), "ca_file"),
        (json!({ "prompts": "/nonexistent" }), "prompts"),
        (json!({ "ring_seconds": 4 }), "ring_seconds"),
        (json!({ "max_call_seconds": 601 }), "max_call_seconds"),
        (json!({ "trying_seconds": 0 }), "trying_seconds"),
        (json!({ "key_seconds": 11 }), "key_seconds"),
        (json!({ "concurrent_calls": 0 }), "concurrent_calls"),
        (json!({ "calls_per_second": 0 }), "calls_per_second"),
        (json!({ "regions": ["49"] }), "regions"),
        (json!({ "regions": vec!["+49"; 513] }), "regions: has at most 512"),
        (json!({ "nonsense": 1 }), "nonsense"),
    ];
    for (changes, words) in table {
        let error = check(changes.clone()).err().unwrap_or_else(|| panic!("{changes} was taken"));
        assert!(error.contains(words), "{changes}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn webhooks_are_signed_with_a_key_of_their_own_if_configured() {
    let directory = tempfile::tempdir().unwrap();
    let key = secret(directory.path(), "key", "shared");
    let token = secret(directory.path(), "token", "hunter2");
    let twilio = |shared: Option<&PathBuf>| {
        check(json!({ "twilio": {
            "account": "AC1", "auth_token_file": token, "signature": "hmac_sha256", "shared_key_file": shared } }))
    };
    assert!(twilio(Some(&key)).is_ok());
    assert!(twilio(None).err().unwrap().contains("twilio.shared_key_file is missing"));
}
