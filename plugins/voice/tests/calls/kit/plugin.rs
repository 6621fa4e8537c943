//! The executable, with settings that all tests share.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::Process;

/// The name that the trunk knows the plugin by.
pub const USERNAME: &str = "trunkuser";
/// Its password.
pub const PASSWORD: &str = "correct horse 7";

/// One step of a probe.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub name: String,
    pub ok: bool,
    pub detail: String,
}

/// The running executable.
pub struct Plugin {
    process: Process,
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
        let mut process = Process::start(
            Command::new(env!("CARGO_BIN_EXE_readmit-voice"))
                .env_remove("READMIT_LOG")
                .env(variable, "trace,rsipstack=trace,rsipstack::transport::udp=trace"),
        );
        let files = tempfile::tempdir().unwrap();
        process.initialize(&complete(files.path(), settings))?;
        Ok(Plugin { process, _files: files })
    }

    /// Has the way to the trunks tried.
    pub fn probe(&mut self) -> Vec<Step> {
        let text = |step: &Value, name: &str| step[name].as_str().unwrap_or_default().to_owned();
        let step = |step: Value| Step {
            name: text(&step, "name"),
            ok: step["ok"] == true,
            detail: text(&step, "detail"),
        };
        self.process.probe().into_iter().map(step).collect()
    }

    /// Shuts down in good order and looks through everything that was written: neither log nor protocol may
    /// show a number, the digits that were typed, or a password, except where the protocol carries them.
    pub fn finish(self, typed: &[String]) {
        looked_through(&self.process.finish(&secrets(typed)));
    }

    /// Waits for the end of the process and looks through what it wrote, as [`Plugin::finish`] does.
    pub fn wait(self, typed: &[String]) {
        looked_through(&self.process.wait(&secrets(typed)));
    }
}

impl Deref for Plugin {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Plugin {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

fn secrets(typed: &[String]) -> Vec<&str> {
    [PASSWORD, "Signal="].into_iter().chain(typed.iter().map(String::as_str)).collect()
}

fn looked_through(log: &str) {
    for trace in ["rsipstack", "SIP/2.0", "Authorization", "nonce=", "m=audio"] {
        assert!(!log.contains(trace), "the stack wrote to the log:\n{log}");
    }
}

/// Settings, over those that all tests share; what is null is left out.
fn complete(directory: &Path, mut settings: Value) -> Value {
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
