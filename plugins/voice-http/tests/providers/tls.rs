//! The way to the provider: believed by an authority of one's own, and the real reason where it is not.

use serde_json::json;

use crate::kit::{Plugin, Provider, certificate, free_address};

#[test]
fn a_provider_is_believed_by_its_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let table = [
        ("IP:127.0.0.1", true, "busy", "busy"),
        ("IP:127.0.0.1", false, "unreachable", "UnknownIssuer"),
        ("DNS:other.example.org", true, "unreachable", "not valid for name"),
    ];
    for (name, known, disposition, detail) in table {
        let [ca, certificate, key] = certificate(directory.path(), name);
        let listen = free_address();
        let mut provider = Provider::twilio(&listen, &["--tls", &certificate, &key]);
        let mut plugin = Plugin::spawn();
        let base_url = provider.base_url().replace("http:", "https:");
        let authority = if known { json!({ "ca_file": ca }) } else { json!({}) };
        plugin.twilio(&base_url, &listen, authority);
        provider.plan(&[json!({ "do": "status", "word": "busy" })]);
        let ended = plugin.call();
        assert_eq!(ended.disposition, disposition, "{name} {ended:?}");
        assert!(ended.detail.contains(detail), "{name} {ended:?}");
        let steps = plugin.probe();
        assert_eq!(steps[1]["name"], "tls", "{steps:?}");
        assert_eq!(steps[1]["ok"], json!(disposition == "busy"), "{steps:?}");
        plugin.finish(&[]);
    }
}
