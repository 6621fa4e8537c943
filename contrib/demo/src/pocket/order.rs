//! The orders that a person types into the second terminal.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::limits;

/// What can be typed.
pub const HELP: &str = "\
This is Alice's pocket: her mailbox, her telephone, her authenticator app.
  mail [N]     list the mails, or read mail N
  open [N]     open the link of the newest mail (or mail N) in this phone's browser
  not me [N]   say \"this was not me\": stops the recovery
  answer, decline, busy, hang up
  123456       press these keys during a call
  app SECRET   add a device to the authenticator app, by its secret or otpauth:// URI
  codes        what the authenticator app shows
  help, quit
";

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// An empty line.
    Nothing,
    /// Say what can be typed.
    Help,
    /// List the mails.
    List,
    /// Read a mail; without a number the newest.
    Read(Option<usize>),
    /// Open a mail's link.
    Open(Option<usize>),
    /// Say "this was not me".
    NotMe(Option<usize>),
    /// Answer the call.
    Answer,
    /// Decline it.
    Decline,
    /// Be in another call.
    Busy,
    /// Hang up.
    HangUp,
    /// Press keys.
    Press(String),
    /// Add a device to the app.
    Scan(String),
    /// Show the app.
    Codes,
    /// Close the terminal.
    Quit,
}

/// Reads an order.
///
/// # Errors
/// What to type instead.
pub fn read_order(line: &str) -> Result<Order, &'static str> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(Order::Nothing);
    }
    let keys: String = line.chars().filter(|c| !" -".contains(*c)).collect();
    if !keys.is_empty() && keys.chars().all(|c| c.is_ascii_digit() || "*#".contains(c)) {
        return if keys.len() <= limits::KEYS {
            Ok(Order::Press(keys))
        } else {
            Err("these are too many keys")
        };
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let lower = word.to_ascii_lowercase();
    match (lower.as_str(), rest) {
        ("help" | "?", "") => Ok(Order::Help),
        ("mail" | "mails" | "m", "") => Ok(Order::List),
        ("mail" | "read" | "m", rest) => numbered(rest, Order::Read),
        ("open" | "o", rest) => numbered(rest, Order::Open),
        ("not", rest) if rest == "me" || rest.starts_with("me ") => numbered(rest[2..].trim(), Order::NotMe),
        ("answer" | "a", "") => Ok(Order::Answer),
        ("decline" | "d", "") => Ok(Order::Decline),
        ("busy" | "b", "") => Ok(Order::Busy),
        ("hang", "up") | ("hangup" | "h", "") => Ok(Order::HangUp),
        ("app", secret) if !secret.is_empty() => Ok(Order::Scan(secret.to_owned())),
        ("codes" | "code" | "app" | "c", "") => Ok(Order::Codes),
        ("quit" | "exit" | "q", "") => Ok(Order::Quit),
        _ => Err("this is no order; `help` shows them all"),
    }
}

fn numbered(text: &str, order: impl Fn(Option<usize>) -> Order) -> Result<Order, &'static str> {
    if text.is_empty() {
        return Ok(order(None));
    }
    text.parse().map(|number| order(Some(number))).map_err(|_| "this takes the number of a mail")
}

/// Reads a line of bounded length; `None` at the end.
///
/// # Errors
/// As the reader's; also for a line that is too long or no text.
pub async fn read_line<R: AsyncBufRead + Unpin>(reader: &mut R) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = reader.take(limits::POCKET_LINE as u64).read_until(b'\n', &mut line).await?;
    if read == 0 {
        return Ok(None);
    }
    if read == limits::POCKET_LINE && !line.ends_with(b"\n") {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    String::from_utf8(line).map(Some).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        let table = [
            ("", Ok(Order::Nothing)),
            ("  \n", Ok(Order::Nothing)),
            ("?", Ok(Order::Help)),
            ("mail", Ok(Order::List)),
            ("Mail 2\n", Ok(Order::Read(Some(2)))),
            ("read", Ok(Order::Read(None))),
            ("mail two", Err("this takes the number of a mail")),
            ("open", Ok(Order::Open(None))),
            ("o 3", Ok(Order::Open(Some(3)))),
            ("not me", Ok(Order::NotMe(None))),
            ("not me 4", Ok(Order::NotMe(Some(4)))),
            ("not mean", Err("this is no order; `help` shows them all")),
            ("answer", Ok(Order::Answer)),
            ("hang up", Ok(Order::HangUp)),
            ("h", Ok(Order::HangUp)),
            ("123 456", Ok(Order::Press("123456".into()))),
            ("#", Ok(Order::Press("#".into()))),
            ("-", Err("this is no order; `help` shows them all")),
            ("app JBSW Y3DP", Ok(Order::Scan("JBSW Y3DP".into()))),
            ("app", Ok(Order::Codes)),
            ("codes", Ok(Order::Codes)),
            ("quit", Ok(Order::Quit)),
            ("answer now", Err("this is no order; `help` shows them all")),
            ("dance", Err("this is no order; `help` shows them all")),
        ];
        for (line, order) in table {
            assert_eq!(read_order(line), order, "{line:?}");
        }
        assert!(read_order(&"1".repeat(limits::KEYS)).is_ok());
        assert!(read_order(&"1".repeat(limits::KEYS + 1)).is_err());
    }

    #[tokio::test]
    async fn lines_are_bounded() {
        let mut input: &[u8] = b"one\ntwo";
        assert_eq!(read_line(&mut input).await.unwrap().as_deref(), Some("one\n"));
        assert_eq!(read_line(&mut input).await.unwrap().as_deref(), Some("two"));
        assert_eq!(read_line(&mut input).await.unwrap(), None);
        let long = vec![b'x'; limits::POCKET_LINE + 1];
        assert!(read_line(&mut &long[..]).await.is_err());
        assert!(read_line(&mut &b"\xff\n"[..]).await.is_err());
    }
}
