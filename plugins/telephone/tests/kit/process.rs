//! The executable of a plugin that calls people, driven as the daemon drives it. The tests of each plugin take this file
//! in by its path.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// The number that the tests call.
pub const NUMBER: &str = "+14155550123";
/// The digits that are right.
pub const CODE: &str = "407993";
/// How long anything may take before a test fails instead of waiting on.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// How a call ended and what was heard of it on the way.
#[derive(Debug)]
pub struct Ended {
    pub disposition: String,
    pub detail: String,
    pub provider_id: Option<String>,
    pub phases: Vec<String>,
    pub checks: Vec<String>,
}

/// The running executable.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    said: Vec<String>,
    errors: Option<JoinHandle<String>>,
    next: u64,
    /// Whether checks are left without an answer.
    pub silent: bool,
}

impl Process {
    /// Starts it; [`Process::initialize`] gives it its settings.
    pub fn start(command: &mut Command) -> Process {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let errors = child.stderr.take().unwrap();
        let errors = Some(thread::spawn(move || io::read_to_string(errors).unwrap()));
        Process { input: child.stdin.take(), child, lines, said: vec![], errors, next: 0, silent: false }
    }

    /// Gives it its settings, or gets the error that the daemon would show.
    pub fn initialize(&mut self, settings: &Value) -> Result<(), Value> {
        let answer = self.ask("initialize", json!({ "protocol": 1, "settings": settings }));
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
        mut on_phase: impl FnMut(&mut Process, &str) -> Option<String>,
    ) -> Ended {
        let request = self.start_call(changes);
        let (mut phases, mut checks) = (vec![], vec![]);
        loop {
            let message = self.until(|_| true);
            match message["method"].as_str() {
                Some("progress") => {
                    let phase = message["params"]["phase"].as_str().unwrap().to_owned();
                    if let Some(id) = on_phase(self, &phase) {
                        self.request("cancel", json!({ "id": id }));
                    }
                    phases.push(phase);
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
    pub fn probe(&mut self) -> Vec<Value> {
        let answer = self.ask("probe", json!({ "deadline_ms": 20_000 }));
        answer["result"]["steps"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// Shuts down in good order and looks through everything that was written: neither log nor protocol may show a number,
    /// digits that were typed, or a secret, except where the protocol carries them. Returns the log.
    pub fn finish(mut self, secrets: &[&str]) -> String {
        let id = self.ask_shutdown();
        self.until(|message| message["id"] == id && message.get("method").is_none());
        self.wait(secrets)
    }

    /// Asks for the shutdown and does not wait for it.
    pub fn ask_shutdown(&mut self) -> u64 {
        self.request("shutdown", json!({}))
    }

    /// Waits for the end of the process and looks through what it wrote, as [`Process::finish`] does.
    pub fn wait(mut self, secrets: &[&str]) -> String {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
        let errors = self.errors.take().unwrap().join().unwrap();
        for secret in [NUMBER.trim_start_matches('+'), CODE].iter().chain(secrets) {
            assert!(!errors.contains(secret), "{secret:?} is in the log:\n{errors}");
            for line in self.said.iter().filter(|line| !line.contains("\"check\"")) {
                assert!(!line.contains(secret), "{secret:?} is in {line}");
            }
        }
        errors
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.until(|message| message["id"] == id && message.get("method").is_none())
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

impl Drop for Process {
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
