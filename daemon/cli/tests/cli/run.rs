//! Runs the command line as a script does.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

/// Longer than any run on a busy machine; a run that hangs fails the test.
const LIMIT: Duration = Duration::from_secs(120);

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub output: String,
    pub error: String,
}

impl Ended {
    /// Standard output as its one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The hint of the error.
    pub fn hint(&self) -> &str {
        self.error.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default()
    }
}

/// The command, away from the environment of whoever runs the tests.
pub fn command(address: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_readmit"));
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("READMIT_BUS", address).env("TERM", "xterm");
    command
}

/// Runs it with these arguments and this standard input.
pub fn readmit(address: &str, arguments: &[&str], input: &str) -> Ended {
    let mut command = command(address);
    command.args(arguments);
    finish(command, input)
}

/// Runs a command to its end.
pub fn finish(mut command: Command, input: &str) -> Ended {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    // A command that asks nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(LIMIT) else {
        let _ = Command::new("kill").arg(id.to_string()).status();
        panic!("the command hangs; what it said: {:?}", receiver.recv());
    };
    let output = output.unwrap();
    Ended {
        code: output.status.code().expect("it ends by itself"),
        output: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}
