//! TLS without a proxy, with OpenSSL as the browser; and who may read the key.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use readmit_tests::{Ended, Portal, Web, World, patiently, run};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

/// A certificate for this machine, and its key.
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Pair {
    pub fn make(directory: &Path, name: &str) -> Self {
        let pair = Self {
            certificate: directory.join(format!("{name}.pem")),
            key: directory.join(format!("{name}.key")),
        };
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", &format!("/CN={name}"), "-addext", "subjectAltName=IP:127.0.0.1"])
            .arg("-keyout")
            .arg(&pair.key)
            .arg("-out")
            .arg(&pair.certificate)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        set_mode(&pair.key, 0o600);
        pair
    }

    /// Puts itself where another one is, as programs that renew certificates do.
    fn replace(&self, other: &Self) {
        std::fs::rename(&self.certificate, &other.certificate).unwrap();
        std::fs::rename(&self.key, &other.key).unwrap();
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The configuration of a portal with this certificate. The portal listens where the kit says.
fn config(pair: &Pair) -> String {
    format!(
        "public_url = \"https://recover.example.org\"\n[tls]\ncertificate = \"{}\"\nkey = \"{}\"\n",
        pair.certificate.display(),
        pair.key.display()
    )
}

/// What OpenSSL says of a greeting with these arguments, and what the portal answers to a request.
fn greet(portal: &Portal, arguments: &[&str]) -> String {
    let mut child = Command::new("timeout")
        .args(["60", "openssl", "s_client", "-connect", portal.address(), "-ign_eof"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    // Where the greeting fails nobody reads it.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), request);
    let output = child.wait_with_output().unwrap();
    [output.stdout, output.stderr].iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
}

#[tokio::test]
async fn browsers_are_greeted_by_the_configured_certificate_and_by_no_old_protocol() {
    let world = World::builder().portal().start().await;
    let pair = Pair::make(world.directory(), "one");
    let portal = world.portal(&config(&pair)).await;
    let trusting =
        ["-CAfile", pair.certificate.to_str().unwrap(), "-verify_return_error", "-verify_ip", "127.0.0.1"];
    let said = greet(&portal, &[&trusting[..], &["-alpn", "h2,http/1.1"]].concat());
    assert!(said.contains("HTTP/1.1 200 OK") && said.contains("ALPN protocol: http/1.1"), "{said}");
    assert!(said.contains("Verify return code: 0 (ok)") && said.contains("TLSv1.3"), "{said}");
    assert!(said.contains("strict-transport-security: max-age=31536000"), "{said}");
    let said = greet(&portal, &[&trusting[..], &["-tls1_2"]].concat());
    assert!(said.contains("HTTP/1.1 200 OK") && said.contains("TLSv1.2"), "{said}");
    let said = greet(&portal, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
    assert!(!said.contains("HTTP/1.1") && said.contains("alert"), "{said}");
    // In clear there is nothing to hear.
    let said = Web::new(portal.url()).raw(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(!said.contains("HTTP/1.1"), "{said}");
}

/// A connection that stays.
struct Kept {
    input: tokio::process::ChildStdin,
    output: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    _child: tokio::process::Child,
}

impl Kept {
    fn open(portal: &Portal) -> Self {
        let mut child = tokio::process::Command::new("openssl")
            .args(["s_client", "-connect", portal.address(), "-quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input, output, _child: child }
    }

    /// Asks and reads to the end of the answer.
    async fn ask(&mut self) {
        self.input.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let answered = async {
            let mut lines = Vec::new();
            while !lines.last().is_some_and(|line: &String| line.contains("\"portal\"")) {
                lines.push(self.output.next_line().await.unwrap().expect("the connection ended"));
            }
            lines
        };
        let lines = patiently("an answer", answered).await;
        assert!(lines[0].starts_with("HTTP/1.1 200"), "{lines:?}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_no_connection_is_lost() {
    let world = World::builder().portal().start().await;
    let pair = Pair::make(world.directory(), "one");
    let portal = world.portal(&config(&pair)).await;
    let subject = |portal: &Portal| {
        // OpenSSL's versions put spaces differently.
        let said = greet(portal, &[]).replace(' ', "");
        ["one", "two", "three"].into_iter().find(|name| said.contains(&format!("CN={name}\n")))
    };
    let mut kept = Kept::open(&portal);
    kept.ask().await;
    assert_eq!(subject(&portal), Some("one"));
    // By itself.
    Pair::make(world.directory(), "two").replace(&pair);
    let renewed = async { while subject(&portal) != Some("two") {} };
    patiently("the second certificate", renewed).await;
    // Half of it is of no use, and the old one stays.
    let third = Pair::make(world.directory(), "three");
    std::fs::copy(&third.certificate, &pair.certificate).unwrap();
    portal.logged("the certificate that was there before is kept").await;
    assert_eq!(subject(&portal), Some("two"));
    kept.ask().await;
    third.replace(&pair);
    let renewed = async { while subject(&portal) != Some("three") {} };
    patiently("the third certificate", renewed).await;
    kept.ask().await;
}

#[tokio::test]
async fn a_hangup_has_the_certificate_read_anew_and_ends_nothing() {
    let world = World::builder().portal().start().await;
    let pair = Pair::make(world.directory(), "one");
    let portal = world.portal(&config(&pair)).await;
    let id = Pid::from_raw(i32::try_from(portal.id()).unwrap()).unwrap();
    kill_process(id, Signal::HUP).unwrap();
    portal.logged("the certificate was read anew").await;
    assert!(greet(&portal, &[]).contains("HTTP/1.1 200 OK"));
}

#[test]
fn a_key_that_others_may_read_or_that_is_no_key_is_refused_before_anything_starts() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (Pair::make(directory.path(), "one"), Pair::make(directory.path(), "two"));
    let file = directory.path().join("portal.toml");
    let check = |certificate: &Path, key: &str| -> Ended {
        let pair = Pair { certificate: certificate.to_owned(), key: key.into() };
        std::fs::write(&file, config(&pair)).unwrap();
        run("readmit-portal", &["--config", file.to_str().unwrap(), "--check-config"], "")
    };
    let key = one.key.to_str().unwrap();
    let fine = check(&one.certificate, key);
    assert_eq!(fine.code, 0, "{}", fine.error);
    let refused = |certificate: &Path, key: &str, why: &str| {
        let ended = check(certificate, key);
        assert_eq!(ended.code, 1, "{why}");
        assert!(ended.error.contains(why), "{}", ended.error);
        assert!(!ended.error.contains("PRIVATE"), "{}", ended.error);
    };
    refused(&one.certificate, other.key.to_str().unwrap(), "cannot be used together");
    refused(&one.key, key, "holds no certificate");
    refused(&one.certificate, one.certificate.to_str().unwrap(), "may be read by others");
    refused(&directory.path().join("none.pem"), key, "cannot be read");
    refused(&one.certificate, "portal.key", "$CREDENTIALS_DIRECTORY is not set");
    set_mode(&one.key, 0o640);
    refused(&one.certificate, key, "may be read by others");
}
