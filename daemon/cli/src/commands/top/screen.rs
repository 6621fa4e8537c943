//! A terminal that shows one screen after the other, and is as it was before when it is let go of.

use std::io::{IsTerminal as _, Read as _};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::limits::{KEYS_AHEAD, SCREEN_ROWS};
use crate::output;

/// The other screen, without a cursor, and with long lines cut.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";
/// The first screen, with one.
const LEAVE: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

/// A terminal in somebody's hands.
pub struct Screen {
    before: Termios,
    keys: mpsc::Receiver<u8>,
}

impl Screen {
    /// Takes the terminal; none if there is none that can be drawn on.
    ///
    /// # Errors
    /// The terminal refuses.
    pub fn open() -> Result<Option<Self>, Failure> {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if dumb || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Ok(None);
        }
        let before = tcgetattr(rustix::stdio::stdin()).map_err(std::io::Error::from)?;
        let mut quiet = before.clone();
        // Each key as it is pressed, and not shown; Ctrl-C stays a signal.
        quiet.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &quiet).map_err(std::io::Error::from)?;
        // From here on dropping it puts everything right.
        let screen = Self { before, keys: read_keys() };
        output::write(ENTER)?;
        Ok(Some(screen))
    }

    /// Shows a text, cut to what fits.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn draw(&mut self, text: &str) -> Result<(), Failure> {
        let rows = tcgetwinsize(rustix::stdio::stdout()).map_or(SCREEN_ROWS, |size| usize::from(size.ws_row));
        output::write(&drawn(text, rows))
    }

    /// Waits for `q`.
    pub async fn quit(&mut self) {
        loop {
            match self.keys.recv().await {
                Some(b'q' | b'Q') => return,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing left to put right.
        let _ = output::write(LEAVE);
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
    }
}

/// The text from the upper left on: each line over what stood there, and nothing below.
fn drawn(text: &str, rows: usize) -> String {
    let lines: Vec<&str> = text.lines().take(rows.max(2) - 1).collect();
    format!("\u{1b}[H{}\u{1b}[K\u{1b}[J", lines.join("\u{1b}[K\r\n"))
}

/// A thread that reads, because a blocked read cannot be called off. It ends with the process.
fn read_keys() -> mpsc::Receiver<u8> {
    let (sender, keys) = mpsc::channel(KEYS_AHEAD);
    std::thread::spawn(move || {
        let mut key = [0];
        while let Ok(1) = std::io::stdin().lock().read(&mut key) {
            if sender.blocking_send(key[0]).is_err() {
                return;
            }
        }
    });
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_takes_what_fits() {
        assert_eq!(drawn("a\nb\nc\n", 3), "\u{1b}[Ha\u{1b}[K\r\nb\u{1b}[K\u{1b}[J");
        assert_eq!(drawn("a\n", 0), "\u{1b}[Ha\u{1b}[K\u{1b}[J");
    }
}
