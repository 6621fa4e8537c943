//! The two ends of every test: aiosmtpd, which we did not write, and the real plugin binary as the daemon runs it.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use readmit_plugin::wire::{Ended, ErrorObject, Id, Message, parse_params};
use serde_json::{Value, json};

/// Long enough for a busy machine; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A deadline in milliseconds for what never succeeds: tries after 0, 1 and 3 s, the last with 3 s to fail in.
pub const BRIEF: u64 = 6500;

/// The interpreter with aiosmtpd.
pub fn python() -> PathBuf {
    let python = std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned());
    let ready =
        Command::new(&python).args(["-c", "import aiosmtpd"]).output().is_ok_and(|out| out.status.success());
    assert!(
        ready,
        "{python} with aiosmtpd is missing. Install it by\n\
         python3 -m venv /tmp/readmit-venv && /tmp/readmit-venv/bin/pip install aiosmtpd==1.4.6\n\
         or name such an interpreter in READMIT_TEST_PYTHON."
    );
    python.into()
}

/// An SMTP server that does as it is told.
pub struct Server {
    process: Child,
    input: Mutex<ChildStdin>,
    events: Receiver<Value>,
    pub port: u16,
}

impl Server {
    pub fn start(options: &Value) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp/server.py");
        let mut process = Command::new(python())
            .arg(script)
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = Mutex::new(process.stdin.take().unwrap());
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let listening: Value = events.recv_timeout(PATIENCE).expect("the SMTP server did not start");
        let port = u16::try_from(listening["port"].as_u64().unwrap()).unwrap();
        Self { process, input, events, port }
    }

    /// Waits for the next event of this kind; others before it are counted as seen.
    pub fn wait_for(&self, kind: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no event {kind}"));
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// Everything that happened until now and was not yet looked at.
    pub fn happened(&self) -> Vec<Value> {
        self.input.lock().unwrap().write_all(b"sync\n").unwrap();
        let next = || self.events.recv_timeout(PATIENCE).expect("the SMTP server does not answer");
        std::iter::from_fn(|| Some(next()).filter(|event| event["event"] != "synced")).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_gone = self.process.kill();
        let _already_gone = self.process.wait();
    }
}

/// The plugin, driven as the daemon drives it.
pub struct Plugin {
    process: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    errors: Option<JoinHandle<String>>,
    seen: String,
    early: HashMap<u64, Result<Value, ErrorObject>>,
    next: u64,
}

impl Plugin {
    /// Starts the binary without a word to it.
    pub fn spawn() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_readmit-email"))
            .env_clear()
            .env("RUST_LOG", "trace,lettre=trace,rustls=trace,tokio=trace,readmit_email=trace")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        let (sender, output) = channel();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut stderr = process.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let input = process.stdin.take();
        Self {
            process,
            input,
            output,
            errors: Some(errors),
            seen: String::new(),
            early: HashMap::new(),
            next: 0,
        }
    }

    /// Starts the binary and initializes it.
    pub fn start(settings: &Value) -> Self {
        let mut plugin = Self::spawn();
        let about = plugin.initialize(settings).unwrap();
        assert_eq!(about["channels"], json!(["email"]));
        plugin
    }

    /// Starts the binary for a server on this host without TLS.
    pub fn for_server(server: &Server) -> Self {
        Self::start(&plain_settings(server.port))
    }

    pub fn initialize(&mut self, settings: &Value) -> Result<Value, ErrorObject> {
        self.ask("initialize", json!({ "protocol": 1, "settings": settings }))
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, ErrorObject> {
        let id = self.send(method, params);
        self.answer(id)
    }

    /// Sends a request and returns its id.
    pub fn send(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let line = Message::Request { id: Id::Number(self.next), method: method.into(), params }.to_line();
        self.input.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
        self.next
    }

    /// Waits for the answer to a request; other answers are kept for later.
    pub fn answer(&mut self, id: u64) -> Result<Value, ErrorObject> {
        loop {
            if let Some(outcome) = self.early.remove(&id) {
                return outcome;
            }
            let line = self.output.recv_timeout(PATIENCE).expect("the plugin does not answer");
            self.seen.push_str(&line);
            if let Message::Response { id: Some(Id::Number(id)), outcome } = Message::parse(&line).unwrap() {
                self.early.insert(id, outcome);
            }
        }
    }

    pub fn deliver(&mut self, params: Value) -> Ended {
        parse_params(self.ask("deliver", params).unwrap()).unwrap()
    }

    /// Ends it and returns everything that it ever wrote.
    pub fn end(mut self) -> String {
        drop(self.input.take());
        assert!(self.process.wait().unwrap().success());
        let rest: String = self.output.iter().collect();
        format!("{}{rest}{}", self.seen, self.errors.take().unwrap().join().unwrap())
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        let _already_gone = self.process.kill();
        let _already_gone = self.process.wait();
    }
}

pub fn plain_settings(port: u16) -> Value {
    json!({
        "from": "Example Recovery <no-reply@example.org>",
        "server": "127.0.0.1",
        "port": port,
        "security": "none",
        "organization": "Example & Söhne",
        "link_base": "https://recover.example.org",
        "support": "Call +1 555 0100.",
        "ehlo": "plugin.test",
    })
}

/// A verification for Ada with everything in it.
pub fn verification(id: &str) -> Value {
    json!({
        "id": id,
        "channel": "email",
        "to": "ada@customer.test",
        "purpose": "verification",
        "locale": "de-AT",
        "fields": {
            "code": "508688",
            "link_token": "link-token-1",
            "veto_token": "veto-token-1",
            "minutes": "15",
            "client": "Firefox <b>\r\nBcc: eve@evil.test",
        },
        "deadline_ms": 60_000,
    })
}

/// The shortest letter.
pub fn test_letter(id: &str, deadline_ms: u64) -> Value {
    json!({ "id": id, "channel": "email", "to": "ada@customer.test", "purpose": "test", "locale": "en",
        "fields": {}, "deadline_ms": deadline_ms })
}

/// A certificate authority and a certificate for localhost, made by the openssl command.
pub struct Certificates {
    directory: tempfile::TempDir,
}

impl Certificates {
    pub fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(
            directory.path().join("extensions"),
            "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n",
        )
        .unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        for command in [
            format!("req -x509 {key} -days 2 -subj /CN=test-authority -keyout ca.key -out ca.pem"),
            format!("req {key} -subj /CN=localhost -keyout server.key -out server.csr"),
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.pem"
                .to_owned(),
        ] {
            let done = Command::new("openssl")
                .args(command.split(' '))
                .current_dir(directory.path())
                .output()
                .expect("the command openssl is missing: apt-get install openssl");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        Self { directory }
    }

    pub fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }
}
