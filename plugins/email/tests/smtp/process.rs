//! How the process starts, on which ends it speaks, and how it stops.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use readmit_plugin::wire::{Id, Message};
use serde_json::{Value, json};

use crate::peers::{Plugin, Server, plain_settings, python, test_letter};

#[test]
fn settings_that_cannot_work_are_refused_with_the_key_and_can_be_mended() {
    let server = Server::start(&json!({}));
    let templates = tempfile::tempdir().unwrap();
    std::fs::create_dir(templates.path().join("en")).unwrap();
    std::fs::write(templates.path().join("en/test.txt"), "Hello {{ nmae }}").unwrap();
    std::fs::write(templates.path().join("ca.pem"), "no certificate").unwrap();
    let mut plugin = Plugin::spawn();
    for (key, value, expected) in [
        ("from", json!("nobody"), "`from` has to be an e-mail address"),
        ("passwd", json!("x"), "unknown field `passwd`"),
        ("port", json!("25"), "port"),
        ("server", json!("mail.example.org"), "use \"starttls\" or \"tls\""),
        ("templates", json!(templates.path()), "ca.pem is not used"),
        ("templates", json!(templates.path().join("en")), "is not used"),
    ] {
        let mut settings = plain_settings(server.port);
        settings[key] = value;
        let error = plugin.initialize(&settings).unwrap_err();
        assert!(error.message.contains(expected), "{key}: {error}");
    }
    for (text, expected) in [
        ("no certificate", "`ca_file` holds no PEM certificates"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "`ca_file`"),
    ] {
        std::fs::write(templates.path().join(".ca.pem"), text).unwrap();
        let mut settings = plain_settings(server.port);
        settings["security"] = json!("tls");
        settings["ca_file"] = json!(templates.path().join(".ca.pem"));
        let error = plugin.initialize(&settings).unwrap_err();
        assert!(error.message.contains(expected), "{error}");
    }
    std::fs::remove_file(templates.path().join("ca.pem")).unwrap();
    let mut settings = plain_settings(server.port);
    settings["templates"] = json!(templates.path());
    let error = plugin.initialize(&settings).unwrap_err();
    assert!(error.message.contains("en/test.txt") && error.message.contains(":1"), "file and line: {error}");
    std::fs::write(templates.path().join("en/test.txt"), "Hello from {{ organization }}").unwrap();
    plugin.initialize(&settings).unwrap();
    assert_eq!(plugin.deliver(test_letter("a", 60_000)).disposition, "sent");
    assert_eq!(
        server.wait_for("message")["parts"][0][1].as_str().unwrap().trim_end(),
        "Hello from Example & Söhne"
    );
}

#[test]
fn a_wrong_command_line_is_told() {
    let done = Command::new(env!("CARGO_BIN_EXE_readmit-email")).arg("--verbose").output().unwrap();
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("--socket PATH"));
}

/// A plugin on a socket, and the daemon that connects to it.
struct OnSocket(Child);

impl Drop for OnSocket {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
        let _already_gone = self.0.wait();
    }
}

fn ask(stream: &mut BufReader<UnixStream>, id: u64, method: &str, params: Value) -> Value {
    let line = Message::Request { id: Id::Number(id), method: method.into(), params }.to_line();
    stream.get_mut().write_all(line.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_line(&mut answer).unwrap();
    match Message::parse(answer.trim_end()).unwrap() {
        Message::Response { outcome: Ok(result), .. } => result,
        other => panic!("{other:?}"),
    }
}

/// One connection after another; what was delivered over one is known on the next.
fn two_connections_deliver_one_letter(socket: &Path, connect: impl Fn(&Path) -> UnixStream) {
    let server = Server::start(&json!({}));
    for _ in 0..2 {
        let mut stream = BufReader::new(connect(socket));
        let settings = json!({ "protocol": 1, "settings": plain_settings(server.port) });
        assert_eq!(ask(&mut stream, 1, "initialize", settings)["name"], "readmit-email");
        assert_eq!(ask(&mut stream, 2, "deliver", test_letter("a", 60_000))["disposition"], "sent");
    }
    let messages = server.happened().into_iter().filter(|event| event["event"] == "message").count();
    assert_eq!(messages, 1);
}

#[test]
fn it_serves_a_socket_that_it_binds_itself() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("email.sock");
    let child = Command::new(env!("CARGO_BIN_EXE_readmit-email"))
        .arg("--socket")
        .arg(&socket)
        .env("RUST_LOG", "info")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut plugin = OnSocket(child);
    let mut first_line = String::new();
    let mut errors = BufReader::new(plugin.0.stderr.take().unwrap());
    errors.read_line(&mut first_line).unwrap();
    assert!(first_line.contains("listening"), "{first_line}");
    two_connections_deliver_one_letter(&socket, |socket| UnixStream::connect(socket).unwrap());
    let pid = plugin.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(plugin.0.wait().unwrap().success(), "SIGTERM is a graceful end");
    assert!(!socket.exists(), "and leaves no socket behind");
}

#[test]
fn it_serves_a_socket_that_systemd_would_hand_over() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("email.sock");
    // What systemd does for a socket unit: the listening socket is file descriptor 3, LISTEN_PID is the process.
    let script = "import os, socket, sys\n\
        s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n\
        if s.fileno() != 3: os.dup2(s.fileno(), 3)\n\
        os.set_inheritable(3, True)\n\
        print('ready', flush=True)\n\
        os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n\
        os.execv(sys.argv[2], [sys.argv[2]])";
    let child = Command::new(python())
        .args(["-c", script])
        .arg(&socket)
        .arg(env!("CARGO_BIN_EXE_readmit-email"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut plugin = OnSocket(child);
    let mut ready = String::new();
    BufReader::new(plugin.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    two_connections_deliver_one_letter(&socket, |socket| UnixStream::connect(socket).unwrap());
}
