//! The executable, driven as the daemon drives it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::{fs, io};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ACCOUNT, PATIENCE, PUBLIC, SECRET, TOKEN};

/// The number that the tests call.
pub const NUMBER: &str = "+14155550123";
/// The digits that are right.
pub const CODE: &str = "407993";

/// How a call ended and what was heard of it on the way.
#[derive(Debug)]
pub struct Ended {
    pub disposition: String,
    pub detail: String,
    pub provider_id: Option<String>,
    pub phases: Vec<String>,
    pub checks: Vec<String>,
    pub queued: usize,
}

/// The running executable.
pub struct Plugin {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    said: Vec<String>,
    errors: Option<JoinHandle<String>>,
    next: u64,
    /// Which checks are not answered.
    pub silent: bool,
    files: TempDir,
}

/// A place for the listener that nobody uses.
pub fn free_address() -> String {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().to_string()
}

impl Plugin {
    /// Starts the process; [`Plugin::initialize`] gives it its settings.
    pub fn spawn() -> Plugin {
        let mut child = Command::new(env!("CARGO_BIN_EXE_readmit-voice-http"))
            .env("RUST_LOG", "trace,hyper=trace,rustls=trace")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let errors = child.stderr.take().unwrap();
        let errors = thread::spawn(move || io::read_to_string(errors).unwrap());
        let (input, files) = (child.stdin.take(), tempfile::tempdir().unwrap());
        Plugin { child, input, lines, said: vec![], errors: Some(errors), next: 0, silent: false, files }
    }

    /// A file with a secret.
    pub fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Starts with Twilio's settings and these over them.
    pub fn twilio(&mut self, base_url: &str, listen: &str, changes: Value) {
        let token = self.secret("token", TOKEN);
        let mut settings = json!({
            "public_url": PUBLIC, "listen": listen, "base_url": base_url, "from": "+14155550100",
            "regions": ["+1"], "twilio": { "account": ACCOUNT, "auth_token_file": token },
            "calls_per_second": 100,
        });
        settings.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.initialize(&settings).unwrap();
    }

    /// Starts with Vonage's settings.
    pub fn vonage(&mut self, base_url: &str, listen: &str, application: &str, key: &str) {
        let key = self.secret("key", key);
        let secret = self.secret("secret", SECRET);
        let settings = json!({
            "public_url": PUBLIC, "listen": listen, "base_url": base_url, "from": "+14155550100",
            "regions": ["+1"], "vonage": {
                "application": application, "private_key_file": key, "signature_secret_file": secret },
        });
        self.initialize(&settings).unwrap();
    }

    /// Gives it its settings, or gets the error that the daemon would show.
    pub fn initialize(&mut self, settings: &Value) -> Result<(), Value> {
        let id = self.request("initialize", json!({ "protocol": 1, "settings": settings }));
        let answer = self.until(|message| message["id"] == id && message.get("method").is_none());
        answer.get("error").cloned().map_or(Ok(()), Err)
    }

    /// Calls [`NUMBER`] and answers checks until the call has ended.
    pub fn call(&mut self) -> Ended {
        self.call_with(json!({}), |_, _| None)
    }

    /// Calls with other parameters. `on_phase` may return the id of a call to cancel.
    pub fn call_with(
        &mut self,
        changes: Value,
        mut on_phase: impl FnMut(&mut Plugin, &str) -> Option<String>,
    ) -> Ended {
        let request = self.start_call(changes);
        let (mut phases, mut checks, mut queued) = (vec![], vec![], 0);
        loop {
            let message = self.until(|_| true);
            match message["method"].as_str() {
                Some("progress") => {
                    let phase = message["params"]["phase"].as_str().unwrap().to_owned();
                    if let Some(id) = on_phase(self, &phase) {
                        self.request("cancel", json!({ "id": id }));
                    }
                    // Whether there is a wait depends on how long the call before took.
                    match phase.as_str() {
                        "queued" => queued += 1,
                        _ => phases.push(phase),
                    }
                }
                Some("check") => {
                    let digits = message["params"]["digits"].as_str().unwrap().to_owned();
                    let result = json!({ "accepted": digits == CODE, "tries_left": 5 });
                    checks.push(digits);
                    if !self.silent {
                        self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
                    }
                }
                None if message["id"] == request => {
                    let result = message.get("result").unwrap_or_else(|| panic!("no result: {message}"));
                    let text = |name: &str| result[name].as_str().map(str::to_owned);
                    return Ended {
                        disposition: text("disposition").unwrap(),
                        detail: text("detail").unwrap_or_default(),
                        provider_id: text("provider_id"),
                        phases,
                        checks,
                        queued,
                    };
                }
                _ => {}
            }
        }
    }

    /// Asks for a call and does not wait for its end.
    pub fn start_call(&mut self, changes: Value) -> u64 {
        let mut params = json!({
            "id": format!("call-{}", self.next), "to": NUMBER, "locale": "en-US", "fields": {}, "digits": 6,
            "tries": 3, "deadline_ms": 80_000,
        });
        params.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.request("call", params)
    }

    /// The steps of a probe.
    pub fn probe(&mut self) -> Value {
        let id = self.request("probe", json!({ "deadline_ms": 20_000 }));
        self.until(|message| message["id"] == id && message.get("method").is_none())["result"]["steps"]
            .clone()
    }

    /// Shuts down in good order and looks through everything that was written: neither log nor protocol may show a
    /// number, the digits that were typed, or a secret, except where the protocol carries them.
    pub fn finish(mut self, typed: &[&str]) -> String {
        let id = self.request("shutdown", json!({}));
        self.until(|message| message["id"] == id && message.get("method").is_none());
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
        let errors = self.errors.take().unwrap().join().unwrap();
        let number = NUMBER.trim_start_matches('+');
        let secrets = [number, CODE, TOKEN, SECRET, "PRIVATE KEY", "/calls/", "Basic ", "Bearer "];
        for secret in secrets.into_iter().chain(typed.iter().copied()) {
            assert!(!errors.contains(secret), "{secret:?} is in the log:\n{errors}");
            for line in self.said.iter().filter(|line| !line.contains("\"check\"")) {
                assert!(!line.contains(secret), "{secret:?} is in {line}");
            }
        }
        for library in ["hyper::", "hyper_util", "rustls::"] {
            assert!(!errors.contains(library), "{library} wrote to the log:\n{errors}");
        }
        errors
    }

    fn request(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{message}").and_then(|()| input.flush()).unwrap();
    }

    /// Reads on until a message fits.
    pub fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                panic!("the plugin went silent after: {:#?}", self.said);
            });
            let message: Value = serde_json::from_str(&line).unwrap();
            self.said.push(line);
            if fits(&message) {
                return message;
            }
        }
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        // Only a test that failed leaves a running child behind.
        if thread::panicking() {
            drop(self.child.kill());
            drop(self.child.wait());
            if let Some(errors) = self.errors.take() {
                eprintln!("the plugin wrote:\n{}", errors.join().unwrap_or_default());
            }
        }
    }
}
