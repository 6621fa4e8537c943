//! Whoever asks for a password in this terminal when polkit wants one: polkit's own `pkttyagent`, as `systemctl` does it.

use std::process::Stdio;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::administration::Asking;
use crate::limits::AGENT_START;

/// A running agent for this process. Dropped, it ends.
pub struct Agent {
    _child: Child,
}

impl Agent {
    /// Starts it where somebody could be asked; root is never asked. Where it is not installed, or does
    /// not start, what needs a password is refused by the daemon, which says so.
    pub async fn start(asking: Asking) -> Option<Self> {
        if asking == Asking::Forbidden || rustix::process::getuid().is_root() {
            return None;
        }
        // It closes its standard output once it can be asked. Other agents, as a desktop's, are preferred.
        let mut child = Command::new("pkttyagent")
            .args(["--notify-fd", "1", "--fallback", "--process", &std::process::id().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut nothing = [0; 1];
        if let Some(output) = child.stdout.as_mut() {
            // Late or broken: the call is made all the same.
            let _ = timeout(AGENT_START, output.read(&mut nothing)).await;
        }
        Some(Self { _child: child })
    }
}
