//! Cuts a stream into lines, with a bound.
//!
//! What a line means is [`crate::wire`]'s; what to do about a bad one is the caller's.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::{Zeroize, Zeroizing};

use crate::limits;

/// What came in.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// One line without its newline, not empty. Erased from memory when dropped.
    Line(Zeroizing<String>),
    /// A line longer than [`limits::MAX_LINE`]; its rest is skipped.
    TooLong,
    /// A line that is not UTF-8.
    NotUtf8,
    /// The input ended within a line.
    Half,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => write!(f, "Line({} bytes)", line.len()),
            Self::TooLong => f.write_str("TooLong"),
            Self::NotUtf8 => f.write_str("NotUtf8"),
            Self::Half => f.write_str("Half"),
        }
    }
}

/// Reads lines from `R`. It never holds more than one line and one read.
pub struct Frames<R> {
    reader: R,
    buffer: Vec<u8>,
    /// How far `buffer` is known to hold no newline.
    searched: usize,
    skipping: bool,
    ended: bool,
}

impl<R> std::fmt::Debug for Frames<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The buffer holds what people type.
        f.debug_struct("Frames").field("buffered", &self.buffer.len()).finish_non_exhaustive()
    }
}

impl<R: AsyncRead + Unpin> Frames<R> {
    /// Starts at the beginning of a line.
    pub fn new(reader: R) -> Self {
        // Room for the longest line and one read, so that secrets are never left behind by a reallocation.
        let buffer = Vec::with_capacity(limits::MAX_LINE + 1 + READ);
        Self { reader, buffer, searched: 0, skipping: false, ended: false }
    }

    /// Returns the next frame, or none at the end of the input. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Fails if reading fails.
    pub async fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.cut() {
                return Ok(Some(frame));
            }
            if self.ended {
                return Ok(None);
            }
            let mut limited = (&mut self.reader).take(READ as u64);
            if limited.read_buf(&mut self.buffer).await? == 0 {
                self.ended = true;
                let half = !self.buffer.is_empty() && !self.skipping;
                self.buffer.zeroize();
                return Ok(half.then_some(Frame::Half));
            }
        }
    }

    fn cut(&mut self) -> Option<Frame> {
        loop {
            let newline = self.buffer.iter().skip(self.searched).position(|byte| *byte == b'\n');
            let Some(end) = newline.map(|offset| self.searched + offset) else {
                self.searched = self.buffer.len();
                if self.skipping {
                    self.forget(self.searched);
                } else if self.searched > limits::MAX_LINE {
                    self.forget(self.searched);
                    self.skipping = true;
                    return Some(Frame::TooLong);
                }
                return None;
            };
            let line = self.buffer.get(..end).unwrap_or_default();
            let frame = if std::mem::take(&mut self.skipping) {
                None
            } else if line.len() > limits::MAX_LINE {
                Some(Frame::TooLong)
            } else if line.iter().all(u8::is_ascii_whitespace) {
                None
            } else {
                Some(match std::str::from_utf8(line) {
                    Ok(text) => Frame::Line(Zeroizing::new(text.to_owned())),
                    Err(_) => Frame::NotUtf8,
                })
            };
            self.forget(end + 1);
            if frame.is_some() {
                return frame;
            }
        }
    }

    /// Drops the first `count` bytes and erases what moving the rest leaves behind.
    fn forget(&mut self, count: usize) {
        let rest = self.buffer.len().saturating_sub(count);
        self.buffer.copy_within(count.., 0);
        if let Some(stale) = self.buffer.get_mut(rest..) {
            stale.zeroize();
        }
        self.buffer.truncate(rest);
        self.searched = 0;
    }
}

const READ: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    async fn frames_of(input: &[u8]) -> Vec<Frame> {
        let (mut writer, reader) = tokio::io::duplex(37);
        let input = input.to_vec();
        tokio::spawn(async move { writer.write_all(&input).await });
        let mut frames = Frames::new(reader);
        let mut all = Vec::new();
        while let Some(frame) = frames.next().await.unwrap() {
            all.push(frame);
        }
        all
    }

    fn line(text: &str) -> Frame {
        Frame::Line(Zeroizing::new(text.to_owned()))
    }

    #[tokio::test]
    async fn lines_come_one_by_one_and_blank_ones_not_at_all() {
        assert_eq!(frames_of(b"").await, []);
        assert_eq!(frames_of(b"\n \r\n\n").await, []);
        assert_eq!(frames_of(b"a\nb\r\n\nc\n").await, [line("a"), line("b\r"), line("c")]);
    }

    #[tokio::test]
    async fn half_a_line_and_bad_utf8_are_told() {
        assert_eq!(frames_of(b"a\nb").await, [line("a"), Frame::Half]);
        assert_eq!(frames_of(b"\xff\xfe\na\n").await, [Frame::NotUtf8, line("a")]);
    }

    #[tokio::test]
    async fn the_limit_holds_at_it_and_past_it_and_the_next_line_is_whole() {
        let mut input = vec![b'x'; limits::MAX_LINE];
        input.extend_from_slice(b"\nnext\n");
        let frames = frames_of(&input).await;
        assert!(matches!(&frames[0], Frame::Line(text) if text.len() == limits::MAX_LINE));
        assert_eq!(frames[1], line("next"));
        let mut input = vec![b'x'; limits::MAX_LINE + 1];
        input.extend_from_slice(b"\nnext\n");
        assert_eq!(frames_of(&input).await, [Frame::TooLong, line("next")]);
        let mut input = vec![b'x'; 1024 * 1024];
        input.extend_from_slice(b"\nnext\n");
        assert_eq!(frames_of(&input).await, [Frame::TooLong, line("next")]);
        assert_eq!(frames_of(&vec![b'x'; 1024 * 1024]).await, [Frame::TooLong]);
    }

    #[tokio::test]
    async fn memory_stays_bounded_by_one_line_and_one_read() {
        let (mut writer, reader) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move { writer.write_all(&vec![b'x'; 4 << 20]).await });
        let mut frames = Frames::new(reader);
        let room = frames.buffer.capacity();
        assert_eq!(frames.next().await.unwrap(), Some(Frame::TooLong));
        assert_eq!(frames.next().await.unwrap(), None);
        assert_eq!(frames.buffer.capacity(), room);
    }
}
