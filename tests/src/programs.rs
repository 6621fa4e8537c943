//! The programs under test, as they were built beside this test, and the way to run one to its end.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::PATIENCE;

/// Where a program of the project is.
///
/// # Panics
/// If it was not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().find(|place| place.ends_with("deps")).and_then(|deps| deps.parent());
    let path = profile.unwrap_or_else(|| panic!("{} is not in target/*/deps", test.display())).join(name);
    assert!(path.exists(), "{} is missing: run `cargo build --workspace` first", path.display());
    path
}

/// How a run of a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub error: String,
}

impl Ended {
    /// The hint of the error.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.error.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            error: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a program of the project to its end, away from this process's environment.
#[must_use]
pub fn run(name: &str, arguments: &[&str], input: &str) -> Ended {
    let mut child = Command::new(program(name))
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    // A program that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        panic!("{name} {arguments:?} hangs: {:?}", receiver.recv());
    };
    output.unwrap().into()
}
