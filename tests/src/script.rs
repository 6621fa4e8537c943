//! A program that tells what happens as JSON lines: the SMTP server and the softphone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;
use tokio::sync::watch;

use crate::patiently;

/// What the tests need of Python's packages.
pub(crate) const INSTALL: &str = "python3 -m venv /tmp/readmit-venv && /tmp/readmit-venv/bin/pip install \
                       aiosmtpd==1.4.6 pjsua2-python==2.15.1.post1 'PyJWT[crypto]==2.10.1' twilio==9.13.0 jsonschema==4.25.1 \
                       prometheus-client==0.26.0 opentelemetry-proto==1.45.2 && \
                       /tmp/readmit-venv/bin/pip install --no-deps axe-playwright-python==0.1.8";

/// A running script and everything that it has told.
pub(crate) struct Script {
    name: String,
    child: Child,
    input: ChildStdin,
    events: Arc<Events>,
}

struct Events {
    told: Mutex<Vec<Told>>,
    /// What it wrote to standard error, for whoever reads why a test failed.
    complaints: Mutex<String>,
    count: watch::Sender<usize>,
}

struct Told {
    event: Value,
    taken: bool,
}

impl Script {
    /// Starts a script of the project with the tests' interpreter.
    pub(crate) fn start(path: &str, arguments: &[&str]) -> Self {
        Self::start_in(path, arguments, &[])
    }

    /// The same in an environment with these over the usual.
    pub(crate) fn start_in(path: &str, arguments: &[&str], environment: &[(&str, PathBuf)]) -> Self {
        let python = python();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        let mut child = Command::new(&python)
            .arg(&script)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{python} cannot be run ({error}); install it: {INSTALL}"));
        let events = Arc::new(Events {
            told: Mutex::default(),
            complaints: Mutex::default(),
            count: watch::channel(0).0,
        });
        let output = BufReader::new(child.stdout.take().unwrap());
        let telling = Arc::clone(&events);
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let Ok(event) = serde_json::from_str(&line) else { continue };
                telling.told.lock().unwrap().push(Told { event, taken: false });
                telling.count.send_modify(|count| *count += 1);
            }
        });
        let errors = BufReader::new(child.stderr.take().unwrap());
        let telling = Arc::clone(&events);
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                *telling.complaints.lock().unwrap() += &format!("{line}\n");
            }
        });
        let input = child.stdin.take().unwrap();
        Self { name: path.to_owned(), child, input, events }
    }

    /// Waits for the first event that fits and was not taken yet, and takes it.
    pub(crate) async fn take(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut count = self.events.count.subscribe();
        let name = self.name.clone();
        let look = async {
            loop {
                count.borrow_and_update();
                if let Some(event) = self.take_now(&fits) {
                    return event;
                }
                if count.has_changed().unwrap_or(false) {
                    continue;
                }
                count.changed().await.unwrap_or_else(|_| panic!("{name} has ended"));
            }
        };
        let found = tokio::time::timeout(crate::PATIENCE, look).await;
        found.unwrap_or_else(|_| {
            let complaints = self.events.complaints.lock().unwrap();
            panic!("{} did not tell of {what}; it told:\n{:#?}\n{complaints}", self.name, self.all())
        })
    }

    /// Waits for the event that says that it serves; a script that lacks a library never does.
    pub(crate) async fn started(&mut self, event: &str) -> Value {
        let python_is_incomplete = format!("{event} (is its Python complete? {INSTALL})");
        self.take(&python_is_incomplete, |told| told["event"] == event).await
    }

    /// Takes the first event that fits, if there is one.
    pub(crate) fn take_now(&self, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let mut told = self.events.told.lock().unwrap();
        let found = told.iter_mut().find(|told| !told.taken && fits(&told.event))?;
        found.taken = true;
        Some(found.event.clone())
    }

    /// Takes everything that was told so far.
    pub(crate) fn forget(&self) {
        self.events.told.lock().unwrap().iter_mut().for_each(|told| told.taken = true);
    }

    /// Everything that was told, taken or not.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.events.told.lock().unwrap().iter().map(|told| told.event.clone()).collect()
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Writes one line to its standard input.
    pub(crate) fn command(&mut self, line: &str) {
        writeln!(self.input, "{line}").and_then(|()| self.input.flush()).unwrap();
    }

    /// Waits until everything that happened before is told, where the script answers a line with `synced`.
    pub(crate) async fn sync(&mut self) {
        self.command("");
        patiently("the script to catch up", self.take("synced", |told| told["event"] == "synced")).await;
    }
}

/// The tests' interpreter.
#[must_use]
pub fn python() -> String {
    std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned())
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
