//! Makes a MIME message of what the templates wrote.

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use thiserror::Error;

use crate::limits;
use crate::settings::Config;
use crate::templates::Rendered;

/// A message as it goes over the wire, with its envelope.
pub(crate) struct Letter {
    /// The envelope's sender.
    pub(crate) from: Address,
    /// The envelope's recipient.
    pub(crate) to: Address,
    /// The Message-ID with its angle brackets.
    pub(crate) id: String,
    /// Headers and body in ASCII, with CRLF, not yet dot-stuffed.
    pub(crate) content: String,
}

/// Why an address cannot be written to. No text quotes the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressFault {
    /// It exceeds [`limits::MAX_ADDRESS`].
    #[error("the address is longer than {} bytes", limits::MAX_ADDRESS)]
    TooLong,
    /// It is no address.
    #[error("the address is malformed: {0}")]
    Malformed(#[from] lettre::address::AddressError),
    /// Only its domain may have other letters.
    #[error("the address has letters outside ASCII before the @, which this plugin does not send to")]
    NotAscii,
}

/// Why no message could be made.
#[derive(Debug, Error)]
#[error("the message could not be put together")]
pub(crate) enum LetterError {
    Build(#[from] lettre::error::Error),
    Text(#[from] std::string::FromUtf8Error),
}

/// Reads an address and writes its domain in ASCII (RFC 5891).
pub(crate) fn address(text: &str) -> Result<Address, AddressFault> {
    if text.len() > limits::MAX_ADDRESS {
        return Err(AddressFault::TooLong);
    }
    ascii(&text.parse()?)
}

/// Writes the domain of an address in ASCII; what comes before the @ has to be ASCII already.
pub(crate) fn ascii(address: &Address) -> Result<Address, AddressFault> {
    if !address.user().is_ascii() {
        return Err(AddressFault::NotAscii);
    }
    let domain = idna::domain_to_ascii(address.domain()).unwrap_or_else(|_| address.domain().to_owned());
    Ok(Address::new(address.user(), domain)?)
}

/// Puts a message together. The same `id` always gives the same Message-ID.
pub(crate) fn compose(
    config: &Config,
    to: Address,
    id: &str,
    rendered: Rendered,
) -> Result<Letter, LetterError> {
    let message_id = message_id(id, config.from.email.domain());
    let mut message = Message::builder()
        .from(config.from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(rendered.subject)
        .date_now()
        .message_id(Some(message_id.clone()))
        // No vacation notice, no bounce storm (RFC 3834 section 5; the second for Exchange).
        .raw_header(plain_header("Auto-Submitted", "auto-generated"))
        .raw_header(plain_header("X-Auto-Response-Suppress", "All"))
        .raw_header(plain_header("Content-Language", &rendered.language));
    if let Some(reply_to) = &config.reply_to {
        message = message.reply_to(reply_to.clone());
    }
    let message = message.multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))?;
    let content = String::from_utf8(message.formatted())?;
    Ok(Letter { from: config.from.email.clone(), to, id: message_id, content })
}

fn plain_header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Makes `<id@domain>`; bytes that RFC 5322 section 3.2.3 would want quoted become `=` and two hex digits.
fn message_id(id: &str, domain: &str) -> String {
    let mut left = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            left.push(char::from(byte));
        } else {
            left.push_str(&format!("={byte:02X}"));
        }
    }
    format!("<{left}@{domain}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn config() -> Config {
        let settings = serde_json::json!({ "from": "Mäil <no-reply@example.org>", "server": "localhost",
            "reply_to": "help@example.org", "link_base": "" });
        serde_json::from_value::<Settings>(settings).unwrap().check().unwrap().config
    }

    fn rendered(subject: &str, text: &str) -> Rendered {
        Rendered {
            language: "en".into(),
            subject: subject.into(),
            text: text.into(),
            html: format!("<p>{text}</p>"),
        }
    }

    #[test]
    fn a_message_id_is_a_function_of_the_id() {
        for (id, expected) in [
            ("0191-abc_D", "<0191-abc_D@example.org>"),
            ("case.3:email", "<case=2E3=3Aemail@example.org>"),
            ("a=3Ab", "<a=3D3Ab@example.org>"),
            ("a\r\nb>", "<a=0D=0Ab=3E@example.org>"),
            ("ü", "<=C3=BC@example.org>"),
        ] {
            assert_eq!(message_id(id, "example.org"), expected);
        }
    }

    #[test]
    fn addresses_are_strict_and_domains_become_ascii() {
        assert_eq!(address("ada@müller.example").unwrap().to_string(), "ada@xn--mller-kva.example");
        assert_eq!(address("ada+x@example.org").unwrap().to_string(), "ada+x@example.org");
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a b@example.org",
            "ada@example.org\r\nRCPT TO:<x@y.z>",
            "a@b@c",
        ] {
            assert!(matches!(address(bad), Err(AddressFault::Malformed(_))), "{bad}");
        }
        assert_eq!(address("ädä@example.org"), Err(AddressFault::NotAscii));
        let long = |extra| format!("a@{}.org", "b.".repeat(124) + &"c".repeat(extra));
        assert_eq!(long(1).len(), 255);
        assert_eq!(address(&long(1)), Err(AddressFault::TooLong));
    }

    #[test]
    fn headers_say_that_a_machine_wrote_it_and_nothing_can_be_smuggled_in() {
        let hostile = rendered("Hi\r\nBcc: eve@example.org", "Grüße\n.\nEnd\n\n.hidden\n");
        let letter = compose(&config(), address("ada@example.org").unwrap(), "id-1", hostile).unwrap();
        assert!(letter.content.is_ascii());
        let (headers, body) = letter.content.split_once("\r\n\r\n").unwrap();
        assert!(!headers.contains("\nBcc:"), "{headers}");
        for line in [
            "To: ada@example.org",
            "Reply-To: help@example.org",
            "Message-ID: <id-1@example.org>",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "Content-Language: en",
            "MIME-Version: 1.0",
        ] {
            assert!(headers.lines().any(|header| header == line), "no {line} in {headers}");
        }
        assert!(headers.contains("\r\nDate: ") && headers.contains("multipart/alternative"), "{headers}");
        assert!(body.contains("text/plain") && body.contains("text/html"));
        assert_eq!(letter.content.matches('\n').count(), letter.content.matches("\r\n").count());
        assert!(letter.content.lines().all(|line| line.len() <= 998), "RFC 5322 section 2.1.1");
    }
}
