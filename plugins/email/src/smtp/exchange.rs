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

/// Doubles dots at the start of lines and adds the final one (RFC 5321 section 4.5.2). Lines end in CRLF.
fn transparent(content: &str) -> String {
    let mut text = String::with_capacity(content.len() + 16);
    for line in content.split_inclusive("\r\n") {
        if line.starts_with('.') {
            text.push('.');
        }
        text.push_str(line);
    }
    if !text.ends_with("\r\n") {
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
        assert_eq!(transparent("a\r\n.\r\n..b\r\nc.\r\n"), "a\r\n..\r\n...b\r\nc.\r\n.\r\n");
        assert_eq!(transparent(".a"), "..a\r\n.\r\n");
        assert_eq!(transparent(""), "\r\n.\r\n");
    }
}
