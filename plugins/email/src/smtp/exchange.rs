//! One letter over one connection, command by command, so that a failure names its stage.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::response::Response;

use super::failure::Stage;
use crate::message::Letter;

/// Sends a letter and returns the server's answer to it.
pub(super) async fn exchange(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
) -> Result<Response, (Stage, Error)> {
    let at = |stage| move |error| (stage, error);
    connection.command(Mail::new(Some(letter.from.clone()), vec![])).await.map_err(at(Stage::Sender))?;
    connection.command(Rcpt::new(letter.to.clone(), vec![])).await.map_err(at(Stage::Recipient))?;
    connection.command(Data).await.map_err(at(Stage::Content))?;
    // Content and final dot in one write: two small ones would wait for each other (Nagle's algorithm).
    connection.command(transparent(&letter.content)).await.map_err(at(Stage::Content))
}

/// Doubles dots at the start of lines and adds the final one (RFC 5321 section 4.5.2).
///
/// Every line ends in CRLF, and there is no CR or LF besides: servers disagree about a dot between bare ones, and
/// would be made to see a second message.
fn transparent(content: &str) -> String {
    let mut text = String::with_capacity(content.len() + content.len() / 32 + 16);
    let body = content.strip_suffix('\n').unwrap_or(content);
    for line in body.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.starts_with('.') {
            text.push('.');
        }
        text.extend(line.chars().map(|c| if c == '\r' { ' ' } else { c }));
        text.push_str("\r\n");
    }
    text.push_str(".\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_at_the_start_of_a_line_does_not_end_the_message() {
        for (content, sent) in [
            ("a\r\n.\r\n..b\r\nc.\r\n", "a\r\n..\r\n...b\r\nc.\r\n.\r\n"),
            (".a", "..a\r\n.\r\n"),
            ("", "\r\n.\r\n"),
            ("a\r\n\r\n", "a\r\n\r\n.\r\n"),
        ] {
            assert_eq!(transparent(content), sent);
        }
    }

    #[test]
    fn no_second_message_can_be_smuggled_between_bare_line_ends() {
        for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\r\n.\r\n"] {
            let sent = transparent(&format!("a{end}MAIL FROM:<eve@evil.test>\r\n"));
            let lines = sent.split("\r\n").collect::<Vec<_>>();
            assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])), "{sent:?}");
            assert_eq!(lines.iter().filter(|line| **line == ".").count(), 1, "{sent:?}");
        }
    }
}
