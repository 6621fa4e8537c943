//! Trunks that this project did not write: kamailio as proxy and registrar, OpenSSL for handshakes that fail, dnsmasq
//! for their names; and the certificates that they show.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;
use std::{fs, thread};

use tempfile::TempDir;

use super::{PASSWORD, PATIENCE, free_port};

/// An authority and certificates of it, made by the openssl command.
pub struct Certificates {
    directory: TempDir,
}

impl Certificates {
    /// Makes the authority, and `server` for localhost.
    pub fn make() -> Certificates {
        let certificates = Certificates { directory: tempfile::tempdir().unwrap() };
        certificates.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-authority -keyout ca.key -out ca.pem",
        );
        certificates.issue("server", "DNS:localhost,IP:127.0.0.1");
        certificates
    }

    /// Issues a certificate for these names.
    pub fn issue(&self, file: &str, names: &str) {
        self.issue_by("openssl", &[], file, names);
    }

    /// Issues one that was valid for two days in 2020.
    pub fn issue_expired(&self, file: &str, names: &str) {
        self.issue_by("faketime", &["2020-01-01", "openssl"], file, names);
    }

    fn issue_by(&self, program: &str, before: &[&str], file: &str, names: &str) {
        let extensions = self.path("extensions");
        fs::write(extensions, format!("subjectAltName={names}\nbasicConstraints=CA:FALSE\n")).unwrap();
        self.openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={file} -keyout {file}.key -out {file}.csr"
        ));
        let sign = format!(
            "x509 -req -in {file}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out {file}.pem"
        );
        self.run(Command::new(program).args(before).args(sign.split(' ')));
    }

    fn openssl(&self, arguments: &str) {
        self.run(Command::new("openssl").args(arguments.split(' ')));
    }

    fn run(&self, command: &mut Command) {
        let output = command.current_dir(self.directory.path()).output().unwrap_or_else(|error| {
            panic!("{command:?} cannot be run ({error}); install it: apt-get install openssl faketime");
        });
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The path of a file.
    pub fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }
}

/// A server process whose lines are read.
struct Server {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Server {
    fn start(command: &mut Command, package: &str) -> Server {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be run ({error}): apt-get install {package}"));
        let (sender, lines) = channel();
        let (output, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let other = sender.clone();
        thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|l| other.send(l))
        });
        thread::spawn(move || {
            BufReader::new(errors).lines().map_while(Result::ok).try_for_each(|l| sender.send(l))
        });
        Server { child, lines, seen: Vec::new() }
    }

    /// Waits for a line with these words, among those that came before too.
    fn wait_for(&mut self, words: &str) -> String {
        if let Some(line) = self.seen.iter().find(|line| line.contains(words)) {
            return line.clone();
        }
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("no {words:?} in:\n{}", self.seen.join("\n"));
            };
            self.seen.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM, so that a server with children takes them along.
        let killed = Command::new("kill").arg(self.child.id().to_string()).status();
        drop(killed.map(|_| self.child.wait()));
        if thread::panicking() {
            self.seen.extend(self.lines.try_iter());
            eprintln!("the server wrote:\n{}", self.seen.join("\n"));
        }
    }
}

/// Kamailio with `tests/kamailio.cfg`, in front of one telephone.
pub struct Kamailio {
    server: Server,
    host: String,
    port: u16,
    tls_port: u16,
    _directory: TempDir,
    _certificates: Option<Certificates>,
}

impl Kamailio {
    /// Starts it in front of the telephone at this port of the same host, with what is defined.
    pub fn start(callee: u16, defined: &[&str]) -> Kamailio {
        let certificates = Certificates::make();
        let started = Kamailio::start_as("127.0.0.1", callee, "MD5", &certificates, defined);
        Kamailio { _certificates: Some(certificates), ..started }
    }

    /// Starts it with another address, digest algorithm and certificate.
    pub fn start_as(
        host: &str,
        callee: u16,
        algorithm: &str,
        certificates: &Certificates,
        defined: &[&str],
    ) -> Kamailio {
        let directory = tempfile::tempdir().unwrap();
        let (port, tls_port) = (free_port(), free_port());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kamailio.cfg");
        let mut text = fs::read_to_string(source).unwrap();
        for (name, value) in [
            ("host", host.to_owned()),
            ("port", port.to_string()),
            ("tls_port", tls_port.to_string()),
            ("callee", callee.to_string()),
            ("algorithm", algorithm.to_owned()),
            ("password", PASSWORD.to_owned()),
            ("directory", certificates.directory.path().to_str().unwrap().to_owned()),
        ] {
            text = text.replace(&format!("[{name}]"), &value);
        }
        let config = directory.path().join("kamailio.cfg");
        fs::write(&config, text).unwrap();
        let mut command = Command::new("kamailio");
        command.args(["-DD", "-E", "-m", "32", "-M", "4", "-f"]).arg(&config).arg("-Y").arg(directory.path());
        command.arg("-P").arg(directory.path().join("pid"));
        for name in defined {
            command.args(["-A", name]);
        }
        let mut server = Server::start(&mut command, "kamailio kamailio-tls-modules");
        wait_for_port(host, port, &mut server);
        Kamailio { server, host: host.to_owned(), port, tls_port, _directory: directory, _certificates: None }
    }

    /// Where it listens, for the setting `trunk`.
    pub fn udp(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The same over TCP.
    pub fn tcp(&self) -> String {
        format!("{};transport=tcp", self.udp())
    }

    /// The same over TLS, by the name in the certificate.
    pub fn tls(&self) -> String {
        format!("localhost:{};transport=tls", self.tls_port)
    }

    /// The same with `sips:`.
    pub fn sips(&self) -> String {
        format!("sips:localhost:{}", self.tls_port)
    }

    /// Waits until it saw something.
    pub fn saw(&mut self, what: &str) -> String {
        self.server.wait_for(&format!("seen: {what}"))
    }
}

/// The server is up when its port takes a connection; it says nothing by itself.
fn wait_for_port(host: &str, port: u16, server: &mut Server) {
    let started = Instant::now();
    while TcpStream::connect(format!("{host}:{port}")).is_err() {
        let ended = server.child.try_wait().unwrap();
        let patient = started.elapsed() < PATIENCE && ended.is_none();
        assert!(
            patient,
            "no server on {port}: {ended:?}\n{}",
            server.lines.try_iter().collect::<Vec<_>>().join("\n")
        );
        thread::yield_now();
    }
}

/// A TLS server that does not speak SIP: the handshake is all that it is for.
pub struct Handshake {
    _server: Server,
    port: u16,
}

impl Handshake {
    /// Shows this certificate.
    pub fn with(certificates: &Certificates, file: &str) -> Handshake {
        let port = free_port();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-quiet", "-naccept", "9"]);
        command.args(["-cert", &certificates.path(&format!("{file}.pem"))]);
        command.args(["-key", &certificates.path(&format!("{file}.key"))]);
        let mut server = Server::start(&mut command, "openssl");
        wait_for_port("127.0.0.1", port, &mut server);
        Handshake { _server: server, port }
    }

    /// Where it listens, for the setting `trunk`.
    pub fn address(&self) -> String {
        format!("sips:localhost:{}", self.port)
    }
}

/// dnsmasq with these records.
pub struct Names {
    _server: Server,
    port: u16,
}

impl Names {
    /// Starts it with options such as `--host-record=sip.trunk.test,127.0.0.1`.
    pub fn start(records: &[String]) -> Names {
        let port = free_port();
        let mut command = Command::new("dnsmasq");
        command.args(["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--local=/test/"]);
        command.args(["--listen-address=127.0.0.1", "--bind-interfaces", "--user=root", "--pid-file="]);
        command.arg(format!("--port={port}")).args(records);
        let mut server = Server::start(&mut command, "dnsmasq-base");
        server.wait_for("started");
        Names { _server: server, port }
    }

    /// Where it listens, for the setting `dns_servers`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}
