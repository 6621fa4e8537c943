//! A plugin, driven as the daemon drives it: JSON-RPC, one message a line.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, BufWriter, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::Outcome;
use crate::daemon::program;
use crate::limits::PATIENCE;

/// A running plugin; dropped, it is killed.
pub(crate) struct Plugin {
    child: Child,
    input: BufWriter<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    next: u64,
}

impl Plugin {
    /// Starts a plugin of the project and gives it its settings.
    pub(crate) async fn start(name: &str, settings: &Value) -> Outcome<Self> {
        let mut child = Command::new(program(name)?)
            .env("RUST_LOG", "error")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let input = BufWriter::new(child.stdin.take().ok_or("no input")?);
        let output = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let mut plugin = Self { child, input, output, next: 0 };
        let id = plugin.request("initialize", &json!({ "protocol": 1, "settings": settings })).await?;
        loop {
            let answer = plugin.receive().await?;
            if answer["id"] == id && answer.get("method").is_none() {
                let error = answer.get("error");
                return error.map_or(Ok(plugin), |error| Err(format!("{name}: {error}").into()));
            }
        }
    }

    /// The process.
    pub(crate) fn process(&self) -> Outcome<u32> {
        Ok(self.child.id().ok_or("the plugin is gone")?)
    }

    /// Sends a request and returns its id.
    pub(crate) async fn request(&mut self, method: &str, params: &Value) -> Outcome<u64> {
        self.next += 1;
        let message = json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params });
        self.input.write_all(format!("{message}\n").as_bytes()).await?;
        self.input.flush().await?;
        Ok(self.next)
    }

    /// Answers a request of the plugin.
    pub(crate) async fn answer(&mut self, id: &Value, result: &Value) -> Outcome<()> {
        let message = json!({ "jsonrpc": "2.0", "id": id, "result": result });
        self.input.write_all(format!("{message}\n").as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    /// The next message of the plugin.
    pub(crate) async fn receive(&mut self) -> Outcome<Value> {
        let line =
            timeout(PATIENCE, self.output.next_line()).await.map_err(|_| "the plugin went silent")??;
        Ok(serde_json::from_str(&line.ok_or("the plugin ended")?)?)
    }

    /// The next message, if there is one before `until`.
    pub(crate) async fn receive_until(&mut self, until: tokio::time::Instant) -> Outcome<Option<Value>> {
        match tokio::time::timeout_at(until, self.output.next_line()).await {
            Err(_) => Ok(None),
            Ok(line) => Ok(Some(serde_json::from_str(&line?.ok_or("the plugin ended")?)?)),
        }
    }
}
