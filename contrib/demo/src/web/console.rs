//! Support's console, for who wants to be on the other side: the portal's own program, as the person who runs the
//! demonstration.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::binaries::Binaries;
use crate::home::Home;
use crate::{guard, limits};

/// A console that runs until it is dropped.
#[derive(Debug)]
pub(super) struct Console {
    _child: Child,
}

impl Console {
    /// Starts one, and returns the address that it tells, which is good once.
    ///
    /// # Errors
    /// If it does not start, or tells none.
    pub(super) async fn open(binaries: &Binaries, home: &Home) -> io::Result<(Self, String)> {
        let mut command = Command::from(guard::command(&binaries.demo, &binaries.portal));
        command.args(["console", "--config"]).arg(home.portal_configuration());
        command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(stdout).lines();
        let told = async {
            while let Some(line) = lines.next_line().await? {
                if line.trim().starts_with("http://") {
                    return io::Result::Ok(line.trim().to_owned());
                }
            }
            Err(io::ErrorKind::UnexpectedEof.into())
        };
        let address = timeout(limits::PORTAL_START, told).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok((Self { _child: child }, address))
    }
}
