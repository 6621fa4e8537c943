//! The executable, with the settings of a provider.

use std::fs;
use std::net::TcpListener;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::Process;
use super::{ACCOUNT, Ended, PUBLIC, SECRET, TOKEN};

/// The running executable.
pub struct Plugin {
    process: Process,
    files: TempDir,
}

/// A place for the listener that nobody uses.
pub fn free_address() -> String {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().to_string()
}

impl Plugin {
    /// Starts the process; [`Process::initialize`] gives it its settings.
    pub fn spawn() -> Plugin {
        let process = Process::start(
            Command::new(env!("CARGO_BIN_EXE_readmit-voice-http"))
                .env("RUST_LOG", "trace,hyper=trace,rustls=trace"),
        );
        Plugin { process, files: tempfile::tempdir().unwrap() }
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

    /// Calls and answers checks until the call has ended.
    pub fn call(&mut self) -> Ended {
        placed(self.process.call())
    }

    /// Calls with other parameters.
    pub fn call_with(
        &mut self,
        changes: Value,
        on_phase: impl FnMut(&mut Process, &str) -> Option<String>,
    ) -> Ended {
        placed(self.process.call_with(changes, on_phase))
    }

    /// Shuts down in good order and looks through everything that was written: neither log nor protocol may show a
    /// number, the digits that were typed, or a secret, except where the protocol carries them.
    pub fn finish(self, typed: &[&str]) -> String {
        let secrets = [TOKEN, SECRET, "PRIVATE KEY", "/calls/", "Basic ", "Bearer "];
        let log = self.process.finish(&[&secrets, typed].concat());
        for library in ["hyper::", "hyper_util", "rustls::"] {
            assert!(!log.contains(library), "{library} wrote to the log:\n{log}");
        }
        log
    }
}

/// Without the waits, which depend on how long the call before took.
fn placed(mut ended: Ended) -> Ended {
    ended.phases.retain(|phase| phase != "queued");
    ended
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
