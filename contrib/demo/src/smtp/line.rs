//! Reads lines that end in CRLF, and only in CRLF, without ever holding more than a bound.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// One line as it came off the wire, without its CRLF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A whole line.
    Whole(Vec<u8>),
    /// A line that was longer than the bound; so many octets of it were thrown away.
    TooLong(usize),
    /// A line with a CR or LF that is not part of a CRLF (RFC 5321 §2.3.8 forbids them).
    Bare(usize),
}

/// Reads one line of at most `bound` octets, its CRLF counted; `None` at the end of the stream.
///
/// A line that is too long or has a bare CR or LF is read to its CRLF, so that the dialogue stays in step,
/// but not kept.
///
/// # Errors
/// As the reader's; [`io::ErrorKind::FileTooLarge`] when a line goes on after `discard` octets.
pub async fn read_line<R>(reader: &mut R, bound: usize, discard: usize) -> io::Result<Option<Line>>
where
    R: AsyncBufRead + Unpin,
{
    let mut line = Vec::new();
    let mut length = 0_usize;
    let mut after_cr = false;
    let mut bare = false;
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            return Ok(None);
        }
        let mut used = 0;
        let mut ended = false;
        for &byte in available {
            used += 1;
            match (after_cr, byte) {
                (true, b'\n') => {
                    ended = true;
                    break;
                }
                (true, _) | (false, b'\n') => bare = true,
                (false, _) => {}
            }
            after_cr = byte == b'\r';
            if length + used <= bound {
                line.push(byte);
            }
        }
        reader.consume(used);
        length += used;
        if ended {
            line.truncate(length.saturating_sub(2));
            return Ok(Some(match (length > bound, bare) {
                (true, _) => Line::TooLong(length),
                (false, true) => Line::Bare(length),
                (false, false) => Line::Whole(line),
            }));
        }
        if length > discard {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    async fn all(input: &[u8], capacity: usize) -> Vec<Line> {
        let mut reader = BufReader::with_capacity(capacity, input);
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut reader, 8, 64).await.unwrap() {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn lines_end_in_crlf_only() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        let table: &[(&str, Vec<Line>)] = &[
            ("", vec![]),
            ("a\r\nbc\r\n", vec![whole("a"), whole("bc")]),
            ("\r\n\r\n", vec![whole(""), whole("")]),
            ("123456\r\n", vec![whole("123456")]),
            ("1234567\r\nok\r\n", vec![Line::TooLong(9), whole("ok")]),
            ("a\nb\r\nok\r\n", vec![Line::Bare(5), whole("ok")]),
            ("a\rb\r\n", vec![Line::Bare(5)]),
            ("a\r\r\n", vec![Line::Bare(4)]),
            ("cut off", vec![]),
        ];
        for (input, lines) in table {
            for capacity in [1, 2, 3, 1024] {
                assert_eq!(&all(input.as_bytes(), capacity).await, lines, "{input:?} by {capacity}");
            }
        }
    }

    #[tokio::test]
    async fn an_endless_line_is_an_error() {
        let input = [b'x'; 1000];
        let mut reader = BufReader::with_capacity(16, &input[..]);
        let error = read_line(&mut reader, 8, 64).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
