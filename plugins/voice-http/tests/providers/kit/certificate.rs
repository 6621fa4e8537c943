//! Certificates.

use std::path::Path;
use std::process::Command;

/// A certificate for this name by an authority of its own: that of the authority, the certificate, and its key.
pub fn certificate(directory: &Path, name: &str) -> [String; 3] {
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
