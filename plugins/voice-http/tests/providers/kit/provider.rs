//! The provider: a program that plays it, by the provider's own libraries.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

use super::{ACCOUNT, PATIENCE, TOKEN};

/// What the tests need of Python's packages.
const INSTALL: &str = "python3 -m venv /tmp/readmit-venv && /tmp/readmit-venv/bin/pip install twilio==9.13.0 \
                       'PyJWT[crypto]==2.10.1'; then READMIT_TEST_PYTHON=/tmp/readmit-venv/bin/python";

/// The tests' interpreter.
pub fn python() -> Command {
    let name = std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned());
    assert!(Path::new(&name).exists(), "{name} is missing: {INSTALL}");
    Command::new(name)
}

/// A running provider.
pub struct Provider {
    child: Child,
    input: ChildStdin,
    events: Receiver<Value>,
    heard: Vec<Value>,
    port: u64,
}

impl Provider {
    /// One that is like Twilio, and reaches the plugin here.
    pub fn twilio(through: &str, more: &[&str]) -> Provider {
        let usual = ["--kind", "twilio", "--through", through, "--account", ACCOUNT, "--token", TOKEN];
        Provider::start(&[&usual, ["--secret", TOKEN].as_slice(), more].concat())
    }

    /// One with these arguments.
    pub fn start(arguments: &[&str]) -> Provider {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider.py");
        let mut child = python()
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, events) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            lines.filter_map(|line| serde_json::from_str(&line).ok()).try_for_each(|event| sender.send(event))
        });
        let input = child.stdin.take().unwrap();
        let mut provider = Provider { child, input, events, heard: vec![], port: 0 };
        provider.port = provider.wait_for("ready")["port"].as_u64().unwrap();
        provider
    }

    /// Where its interface is.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What becomes of the next call.
    pub fn plan(&mut self, steps: &[Value]) {
        self.command(&json!({ "plan": steps }));
    }

    /// What the next request for a call is answered with.
    pub fn answer(&mut self, answer: Value) {
        self.command(&json!({ "answer": answer }));
    }

    /// What questions about calls are answered with.
    pub fn status(&mut self, status: Value) {
        self.command(&json!({ "status": status }));
    }

    /// The next event of this kind.
    pub fn wait_for(&mut self, kind: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                panic!("the provider told of no {kind} after {:#?} ({INSTALL})", self.heard)
            });
            assert_ne!(event["event"], "failed", "{event}");
            self.heard.push(event.clone());
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// Waits until a plan is through; gives the webhooks of it.
    pub fn planned(&mut self) -> Vec<Value> {
        let before = self.heard.len();
        self.wait_for("planned");
        self.heard[before..].iter().filter(|event| event["event"] == "webhook").cloned().collect()
    }

    /// Everything of this kind so far.
    pub fn all(&self, kind: &str) -> Vec<&Value> {
        self.heard.iter().filter(|event| event["event"] == kind).collect()
    }

    fn command(&mut self, command: &Value) {
        writeln!(self.input, "{command}").and_then(|()| self.input.flush()).unwrap();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
