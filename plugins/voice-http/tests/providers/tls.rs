//! The way to the provider: believed by an authority of one's own, and the real reason where it is not.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::kit::{Plugin, Provider, free_address};

/// A certificate for this name by an authority of its own: that of the authority, the certificate, and its key.
fn certificate(directory: &Path, name: &str) -> [String; 3] {
    let path = |file: &str| directory.join(file).display().to_string();
    let run = |arguments: &[&str]| {
        let ended = Command::new("openssl").args(arguments).output();
        let ended = ended.unwrap_or_else(|error| panic!("openssl: {error}: apt-get install openssl"));
        assert!(ended.status.success(), "{ended:?}");
    };
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test"];
    let (ca, ca_key) = (path("ca.pem"), path("ca.key"));
    let authority = ["req", "-x509", "-days", "30", "-out", &ca, "-keyout", &ca_key];
    run(&[authority.as_slice(), &curve].concat());
    let (certificate, key) = (path(&format!("{name}.pem")), path(&format!("{name}.key")));
    let extension = format!("subjectAltName={name}");
    let issued = ["req", "-x509", "-days", "30", "-CA", &ca, "-CAkey", &ca_key, "-out", &certificate];
    let constraints =
        ["-keyout", &key, "-addext", &extension, "-addext", "basicConstraints=critical,CA:FALSE"];
    run(&[issued.as_slice(), &constraints, &curve].concat());
    [ca, certificate, key]
}

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
