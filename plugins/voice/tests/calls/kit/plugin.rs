//! The executable, driven as the daemon drives it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::{fs, io};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::PATIENCE;

/// The number that the tests call.
pub const NUMBER: &str = "+14155550123";
/// The digits that are right.
pub const CODE: &str = "407993";
/// The name that the trunk knows the plugin by.
pub const USERNAME: &str = "trunkuser";
/// Its password.
pub const PASSWORD: &str = "correct horse 7";

/// How a call ended and what was heard of it on the way.
#[derive(Debug)]
pub struct Ended {
    pub disposition: String,
    pub detail: String,
    pub provider_id: Option<String>,
    pub phases: Vec<String>,
    pub checks: Vec<String>,
}

/// One step of a probe.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub name: String,
    pub ok: bool,
    pub detail: String,
}

/// The running executable.
pub struct Plugin {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    said: Vec<String>,
    errors: Option<JoinHandle<String>>,
    next: u64,
    _files: TempDir,
}

impl Plugin {
    /// Starts with these settings over those that all tests share: quick prompts, short waits.
    pub fn start(settings: Value) -> Plugin {
        Plugin::try_start(settings).unwrap_or_else(|error| panic!("the plugin did not start: {error}"))
    }

    /// Starts, or gives the error that the daemon would show.
    pub fn try_start(settings: Value) -> Result<Plugin, Value> {
        Plugin::try_start_logging_by("RUST_LOG", settings)
    }

    /// Starts with everything asked to be logged, by this variable.
    pub fn try_start_logging_by(variable: &str, settings: Value) -> Result<Plugin, Value> {
        let files = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_readmit-voice"))
            .env_remove("READMIT_LOG")
            .env(variable, "trace,rsipstack=trace,rsipstack::transport::udp=trace")
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
        let input = child.stdin.take();
        let mut plugin =
            Plugin { child, input, lines, said: vec![], errors: Some(errors), next: 0, _files: files };
        let settings = plugin.complete(settings);
        let id = plugin.request("initialize", json!({ "protocol": 1, "settings": settings }));
        let answer = plugin.until(|message| message["id"] == id && message.get("method").is_none());
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(plugin),
        }
    }

    fn complete(&self, settings: Value) -> Value {
        let directory = self._files.path();
        short_prompts(&directory.join("prompts"));
        let password = directory.join("password");
        fs::write(&password, PASSWORD).unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        // sipp's scenarios begin with an INVITE, so the plugin asks by OPTIONS only where a test wants it.
        let trunk = json!({
            "domain": "trunk.test", "username": USERNAME, "password_file": password, "options_seconds": 0,
        });
        let shared = json!({
            "regions": ["+1"], "prompts": directory.join("prompts"), "first_key_seconds": 6, "next_key_seconds": 1,
        });
        let mut settings = settings;
        match settings.get_mut("trunks").and_then(Value::as_array_mut) {
            Some(trunks) => {
                for given in trunks {
                    *given = over(&trunk, given);
                    given.as_object_mut().unwrap().retain(|_, value| !value.is_null());
                }
            }
            None => settings = over(&trunk, &settings),
        }
        let mut all = over(&shared, &settings);
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        all
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
        let mut params = json!({
            "id": format!("call-{}", self.next), "to": NUMBER, "locale": "en-US", "fields": {}, "digits": 6,
            "tries": 3, "deadline_ms": 80_000,
        });
        params.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let request = self.request("call", params);
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
                    self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
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

    /// Has the way to the trunks tried.
    pub fn probe(&mut self) -> Vec<Step> {
        let id = self.request("probe", json!({ "deadline_ms": 20_000 }));
        let answer = self.until(|message| message["id"] == id && message.get("method").is_none());
        let steps = answer["result"]["steps"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let text = |step: &Value, name: &str| step[name].as_str().unwrap_or_default().to_owned();
        let step = |step: &Value| Step {
            name: text(step, "name"),
            ok: step["ok"] == true,
            detail: text(step, "detail"),
        };
        steps.iter().map(step).collect()
    }

    /// Shuts down in good order and looks through everything that was written: neither log nor protocol may
    /// show a number, the digits that were typed, or a password, except where the protocol carries them.
    pub fn finish(mut self, typed: &[String]) {
        let id = self.ask_shutdown();
        self.until(|message| message["id"] == id && message.get("method").is_none());
        self.wait(typed);
    }

    /// Asks for the shutdown and does not wait for it.
    pub fn ask_shutdown(&mut self) -> u64 {
        self.request("shutdown", json!({}))
    }

    /// Waits for the end of the process and looks through what it wrote, as [`Plugin::finish`] does.
    pub fn wait(mut self, typed: &[String]) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
        let errors = self.errors.take().unwrap().join().unwrap();
        let mut secrets = vec![NUMBER.trim_start_matches('+'), CODE, PASSWORD, "Signal="];
        secrets.extend(typed.iter().map(String::as_str));
        for secret in secrets {
            assert!(!errors.contains(secret), "{secret:?} is in the log:\n{errors}");
            for line in self.said.iter().filter(|line| !line.contains("\"check\"")) {
                assert!(!line.contains(secret), "{secret:?} is in {line}");
            }
        }
        for trace in ["rsipstack", "SIP/2.0", "Authorization", "nonce=", "m=audio"] {
            assert!(!errors.contains(trace), "the stack wrote to the log:\n{errors}");
        }
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
    fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
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

/// What is given, over what is usual.
fn over(usual: &Value, given: &Value) -> Value {
    let mut all = usual.as_object().unwrap().clone();
    all.extend(given.as_object().unwrap().clone());
    Value::Object(all)
}

/// Prompts of a fifth of a second, so that tests do not listen to whole sentences.
fn short_prompts(directory: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    fs::create_dir_all(directory.join("en")).unwrap();
    for name in ["greeting", "again", "wrong", "accepted", "too_many_tries", "no_input", "report", "reported"]
    {
        let mut wav = hound::WavWriter::create(directory.join(format!("en/{name}.wav")), spec).unwrap();
        for sample in 0..1600 {
            let phase = f64::from(sample) * 440.0 / 8000.0 * std::f64::consts::TAU;
            wav.write_sample((phase.sin() * 8000.0) as i16).unwrap();
        }
        wav.finalize().unwrap();
    }
}
