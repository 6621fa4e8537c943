//! Certificates and keys as people have them, made by OpenSSL.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::*;

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(directory).output();
    let output = output.unwrap_or_else(|error| panic!("apt-get install openssl ({error})"));
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

fn files() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    for name in ["one", "two"] {
        openssl(
            place,
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout {name}.key -out {name}.pem"
            ),
        );
    }
    openssl(place, "ec -in one.key -out sec1.key");
    fs::write(place.join("empty.pem"), "").unwrap();
    fs::write(place.join("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    for key in ["one.key", "two.key", "sec1.key"] {
        fs::set_permissions(place.join(key), fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::copy(place.join("one.key"), place.join("open.key")).unwrap();
    fs::set_permissions(place.join("open.key"), fs::Permissions::from_mode(0o644)).unwrap();
    directory
}

#[test]
fn files_that_serve_and_files_that_do_not() {
    let directory = files();
    let load = |ca: &str, certificate: &str, key: &str| {
        let path = |name: &str| (!name.is_empty()).then(|| directory.path().join(name));
        let (ca, certificate, key) = (path(ca), path(certificate), path(key));
        Tls::load(ca.as_deref(), certificate.as_deref(), key.as_deref()).map_err(|error| error.to_string())
    };
    let tls = load("one.pem", "one.pem", "one.key").unwrap();
    assert!(tls.listen().is_some() && !format!("{tls:?}").contains("BEGIN"));
    assert_eq!(tls.to("sip.example.org.").sni_hostname.as_deref(), Some("sip.example.org"));
    assert!(load("one.pem", "", "").unwrap().listen().is_none());
    for (ca, certificate, key, words) in [
        ("absent.pem", "", "", "ca_file: "),
        ("empty.pem", "", "", "has no certificates"),
        ("broken.pem", "", "", "has no certificates"),
        ("one.pem", "one.pem", "", "key_file is not"),
        ("one.pem", "", "one.key", "certificate_file is not"),
        ("one.pem", "empty.pem", "one.key", "certificate_file: "),
        ("one.pem", "one.pem", "two.key", "does not belong"),
        ("one.pem", "one.pem", "one.pem", "chmod 600"),
        ("one.pem", "one.pem", "open.key", "chmod 600"),
        ("one.pem", "one.pem", "sec1.key", "openssl pkcs8"),
        ("one.pem", "one.pem", "absent.key", "key_file: "),
    ] {
        let error = load(ca, certificate, key).unwrap_err();
        assert!(error.contains(words) && !error.contains("BEGIN EC"), "{ca} {certificate} {key}: {error}");
    }
}

#[test]
fn handshakes_fail_for_reasons() {
    let wrap = |error: rustls::Error| io::Error::new(io::ErrorKind::InvalidData, error);
    let certificate = |error| wrap(rustls::Error::InvalidCertificate(error));
    let name = CertificateError::NotValidForNameContext {
        expected: rustls::pki_types::ServerName::try_from("sip.example.org").unwrap(),
        presented: vec!["DnsName(\"other.example.org\")".to_owned()],
    };
    for (error, words) in [
        (certificate(CertificateError::UnknownIssuer), "authority"),
        (certificate(CertificateError::Expired), "expired"),
        (certificate(CertificateError::NotValidYet), "not valid yet"),
        (certificate(CertificateError::NotValidForName), "another name"),
        (certificate(name), "not for sip.example.org but for other.example.org"),
        (certificate(CertificateError::BadSignature), "authority"),
        (certificate(CertificateError::Revoked), "cannot be used"),
        (
            wrap(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)),
            "does not speak TLS",
        ),
        (
            wrap(rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure)),
            "refused the handshake",
        ),
        (io::ErrorKind::UnexpectedEof.into(), "closed the connection"),
    ] {
        let found = reason(&error).unwrap();
        assert!(found.contains(words), "{found}");
    }
    assert_eq!(reason(&io::ErrorKind::ConnectionRefused.into()), None);
}
