//! What people type: lines, and secrets without echo. A script's lines come from the same place, so that
//! whatever a person can do, a test can.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

use readmit_recovery::secret::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

use crate::failure::{Failure, Kind};
use crate::limits::{LINE_BYTES, LINES_AHEAD};

/// Standard input.
pub struct Terminal {
    lines: Option<mpsc::Receiver<std::io::Result<Secret>>>,
    interactive: bool,
}

impl Terminal {
    /// Standard input; nothing is read before the first question.
    #[must_use]
    pub fn new() -> Self {
        Self { lines: None, interactive: std::io::stdin().is_terminal() }
    }

    /// Whether a person is there.
    #[must_use]
    pub const fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// The next line, without its end; `None` at the end of the input. Cancel safe.
    ///
    /// # Errors
    /// The input cannot be read, is no UTF-8, or a line is too long.
    pub async fn line(&mut self) -> Result<Option<Secret>, Failure> {
        let lines = self.lines.get_or_insert_with(read_lines);
        match lines.recv().await {
            None => Ok(None),
            Some(Ok(line)) => Ok(Some(line)),
            Some(Err(error)) => Err(Failure::new(Kind::Usage, format!("the input cannot be read: {error}"))),
        }
    }

    /// Asks for a line.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub async fn ask(&mut self, prompt: &str) -> Result<Option<String>, Failure> {
        self.prompt(prompt)?;
        Ok(self.line().await?.map(|line| line.expose().trim().to_owned()))
    }

    /// Asks for a secret: it is not shown while it is typed.
    ///
    /// # Errors
    /// As [`Self::line`], or there is none.
    pub async fn secret(&mut self, prompt: &str) -> Result<Secret, Failure> {
        let _hidden = self.hide()?;
        self.unseen(prompt).await
    }

    /// Asks for two secrets, one after the other; the echo stays off in between.
    ///
    /// # Errors
    /// As [`Self::secret`].
    pub async fn two_secrets(&mut self, first: &str, second: &str) -> Result<(Secret, Secret), Failure> {
        let _hidden = self.hide()?;
        Ok((self.unseen(first).await?, self.unseen(second).await?))
    }

    /// Asks for a new secret: a person types it twice, a script once.
    ///
    /// # Errors
    /// As [`Self::secret`], or the two differ.
    pub async fn new_secret(&mut self, prompt: &str) -> Result<Secret, Failure> {
        if !self.interactive {
            return self.secret(prompt).await;
        }
        let (first, second) = self.two_secrets(prompt, "Once more: ").await?;
        if first != second {
            return Err(Failure::new(Kind::Usage, "the two were not the same; nothing was changed")
                .with_hint("run the same command again"));
        }
        Ok(first)
    }

    async fn unseen(&mut self, prompt: &str) -> Result<Secret, Failure> {
        self.prompt(prompt)?;
        self.line().await?.filter(|line| !line.expose().is_empty()).ok_or_else(|| {
            Failure::new(Kind::Usage, "nothing was typed")
                .with_hint("type it at the prompt, or pipe it in: a secret is never an argument")
        })
    }

    /// Asks a person to confirm; a script has made up its mind.
    ///
    /// # Errors
    /// As [`Self::line`], or the answer is not yes.
    pub async fn confirm(&mut self, question: &str) -> Result<(), Failure> {
        if !self.interactive {
            return Ok(());
        }
        match self.ask(&format!("{question} [y/N] ")).await? {
            Some(answer) if matches!(answer.to_lowercase().as_str(), "y" | "yes") => Ok(()),
            _ => Err(Failure::new(Kind::Failed, "nothing was changed")),
        }
    }

    /// Turns the echo off until the guard is dropped, which also a panic or a signal does (signals end the
    /// command by dropping it). Nothing to do for a script.
    ///
    /// # Errors
    /// The terminal refuses.
    pub fn hide(&self) -> Result<Option<EchoOff>, Failure> {
        if !self.interactive {
            return Ok(None);
        }
        let before = tcgetattr(rustix::stdio::stdin()).map_err(std::io::Error::from)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &hidden).map_err(std::io::Error::from)?;
        Ok(Some(EchoOff { before }))
    }

    fn prompt(&self, prompt: &str) -> Result<(), Failure> {
        if self.interactive {
            let mut error = std::io::stderr().lock();
            error.write_all(prompt.as_bytes())?;
            error.flush()?;
        }
        Ok(())
    }
}

/// The echo is off while this lives.
pub struct EchoOff {
    before: Termios,
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing left to put right.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
    }
}

/// A thread that reads, because a blocked read of standard input cannot be called off. It ends with the
/// process.
fn read_lines() -> mpsc::Receiver<std::io::Result<Secret>> {
    let (sender, receiver) = mpsc::channel(LINES_AHEAD);
    std::thread::spawn(move || {
        loop {
            let line = read_line(&mut std::io::stdin().lock());
            let is_last = !matches!(line, Ok(Some(_)));
            if let Some(line) = line.transpose()
                && sender.blocking_send(line).is_err()
            {
                return;
            }
            if is_last {
                return;
            }
        }
    });
    receiver
}

fn read_line(input: &mut impl std::io::BufRead) -> std::io::Result<Option<Secret>> {
    let mut line = String::new();
    let read = input.take(LINE_BYTES).read_line(&mut line)?;
    if read == 0 {
        return Ok(None);
    }
    let has_end = line.ends_with('\n');
    if !has_end && line.len() as u64 >= LINE_BYTES {
        return Err(std::io::Error::other("a line is too long"));
    }
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(Some(Secret::new(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<String, String>> {
        let mut input = std::io::Cursor::new(text.as_bytes());
        let mut lines = Vec::new();
        loop {
            match read_line(&mut input) {
                Ok(None) => return lines,
                Ok(Some(line)) => lines.push(Ok(line.expose().to_owned())),
                Err(error) => {
                    lines.push(Err(error.to_string()));
                    return lines;
                }
            }
        }
    }

    #[test]
    fn lines_end_with_the_input() {
        assert_eq!(read("a b\r\n\nlast"), [Ok("a b".into()), Ok(String::new()), Ok("last".into())]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn a_line_has_a_limit() {
        let most = "x".repeat(LINE_BYTES as usize - 1);
        assert_eq!(read(&format!("{most}\n")), [Ok(most.clone())]);
        assert_eq!(read(&format!("{most}xx\n")), [Err("a line is too long".into())]);
    }
}
